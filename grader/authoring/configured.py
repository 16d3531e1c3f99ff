"""An assignment with the changes of a course: the content of its own file, overridden by `course.toml`.

Nothing is copied: later improvements of our assignments reach every course.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from grader.authoring.assignment_catalogue import assignment_ids, facts_file, load_assignment
from grader.authoring.course_settings import (
    FILE_NAME,
    UNUSABLE,
    AssignmentSettings,
    CourseTable,
    read_course_table,
)
from grader.authoring.errors import AuthoringError, Problem, nearest
from grader.authoring.schema import TomlTable
from grader.authoring.specification import digest_of, rubric_hash, scale_of
from grader.authoring.toml_source import TomlSource
from grader.domain.assignment import Assignment, DuePolicy, RubricItem
from grader.domain.course import Course
from grader.domain.messages import Message, message

_BY_NAME: Final = frozenset({"points"})
_BY_KEY: Final = frozenset({"limits", "title", "text"})
"""Settings whose keys may be given partly for all assignments and partly for one."""

EVERY: Final = "all"
"""The name for every assignment."""


@dataclass(frozen=True)
class CourseSettings:
    """`course.toml`, read.

    Attributes:
        source: The file with its places; None if there is none.
        table: What it says.
    """

    source: TomlSource | None
    table: CourseTable


def read_settings(folder: Path, course: Course | None = None) -> CourseSettings:
    """Read the settings of a course.

    Args:
        folder: Where `course.toml` stands.
        course: The instructor's own course, whose assignments may be named besides ours.

    Raises:
        AuthoringError: The file cannot be used, or names an assignment that does not exist.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return CourseSettings(None, CourseTable())
    source, table = read_course_table(path)
    known = [*assignment_ids(), *(() if course is None else assignment_ids(folder=course.assignments))]
    problems = [
        source.problem(
            ("assignments", name), _unknown(message("there is no assignment {name}", name=name), name, known)
        )
        for name in table.assignments
        if name not in (*known, EVERY)
    ]
    if problems:
        raise AuthoringError(UNUSABLE, problems)
    return CourseSettings(source, table)


def load_configured(assignment_id: str, *, course: Course | None = None, settings: Path | None = None) -> Assignment:
    """Load an assignment with the changes of its course.

    Args:
        assignment_id: Its id.
        course: The instructor's own course, if it belongs to one.
        settings: Folder of `course.toml`; the course's, or where the command is run, where nothing is said.

    Raises:
        AuthoringError: The assignment or the settings cannot be used; every mistake with file and line.
    """
    folder = settings or (Path() if course is None else course.folder)
    assignment = load_assignment(assignment_id, course=course)
    return configured(assignment, read_settings(folder, course), course)


def configured(assignment: Assignment, settings: CourseSettings, course: Course | None = None) -> Assignment:
    """Return the assignment with the settings applied.

    Raises:
        AuthoringError: They name a check, a text or a language that the assignment does not have.
    """
    if settings.source is None:
        return assignment
    stated = {
        name: settings.table.assignments[name]
        for name in (EVERY, assignment.assignment)
        if name in settings.table.assignments
    }
    problems = [
        problem for name, one in stated.items() for problem in _problems(assignment, name, one, settings.source)
    ]
    if problems:
        raise AuthoringError(UNUSABLE, problems)
    assignment = _changed(assignment, _merged(list(stated.values())))
    facts = digest_of(facts_file(assignment.reference, course).read_bytes())
    hashed = rubric_hash(assignment.rubric, assignment.reference, assignment.limits, facts, imports=assignment.imports)
    return replace(assignment, rubric_hash=hashed, language=settings.table.language or assignment.language)


# Private functions


def _merged(stated: Sequence[AssignmentSettings]) -> AssignmentSettings:
    """Merge several settings: later ones come first, and tables of names are merged."""
    merged: dict[str, object] = {}
    for one in stated:
        for name in one.model_fields_set:
            value, before = getattr(one, name), merged.get(name)
            if name in _BY_NAME and isinstance(before, dict):
                merged[name] = before | value
            elif isinstance(before, TomlTable) and isinstance(value, TomlTable) and name in _BY_KEY:
                merged[name] = type(value).model_validate(
                    _together(before.model_dump(exclude_unset=True), value.model_dump(exclude_unset=True))
                )
            else:
                merged[name] = value
    return AssignmentSettings.model_validate(merged)


def _together(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Merge two tables of tables or values; the second takes precedence."""
    return first | {
        key: {**first[key], **value} if isinstance(value, dict) and isinstance(first.get(key), dict) else value
        for key, value in second.items()
    }


def _changed(assignment: Assignment, stated: AssignmentSettings) -> Assignment:
    parts: dict[str, object] = {
        "due": _due(assignment.due, stated),
        "title": {**assignment.title, **({} if stated.title is None else stated.title.model_dump(exclude_none=True))},
        "rubric": tuple(_item(item, stated.points) for item in assignment.rubric),
        "texts": _texts(assignment.texts, stated),
        "compat": assignment.compat if stated.compat is None else stated.compat,
    }
    if stated.limits is not None:
        parts["limits"] = replace(assignment.limits, **stated.limits.model_dump(exclude_unset=True))
    if stated.scale is not None:
        scale = scale_of(stated.scale)
        parts |= {
            "scale_minimum": scale.minimum,
            "scale_maximum": scale.maximum,
            "scale_decimals": scale.decimals,
            "scale_letters": scale.letters,
        }
    return replace(assignment, **parts)  # type: ignore[arg-type]


def _due(due: DuePolicy | None, stated: AssignmentSettings) -> DuePolicy | None:
    """Return the due date with the late policy; the two may come from different places."""
    date = stated.due or (None if due is None else due.date)
    if date is None:
        return None
    if stated.late is None:
        return DuePolicy(date) if due is None else replace(due, date=date)
    late = stated.late
    return DuePolicy(date, late.grace_minutes, late.percent_per_day, late.percent_maximum, late.refuse_after_days)


def _item(item: RubricItem, points: Mapping[str, float]) -> RubricItem:
    return replace(item, points=points[item.check]) if item.check in points else item


def _texts(texts: Mapping[str, Mapping[str, str]], stated: AssignmentSettings) -> dict[str, dict[str, str]]:
    changes = stated.text.model_dump()
    return {language: {**known, **changes.get(language, {})} for language, known in texts.items()}


def _problems(assignment: Assignment, name: str, stated: AssignmentSettings, source: TomlSource) -> Iterator[Problem]:
    place = ("assignments", name)
    checks = [item.check for item in assignment.rubric]
    for check in () if name == EVERY else stated.points:  # not every assignment has every check
        if check not in checks:
            reason = message("{check} is not a check of this rubric", check=check)
            yield source.problem((*place, "points", check), _unknown(reason, check, checks))
    for language, texts in stated.text.model_dump().items():
        if texts and language not in assignment.languages:
            yield source.problem(
                (*place, "text", language), message("the assignment has no text in {language}.", language=language)
            )
            continue
        for key in () if name == EVERY else texts:
            if key not in assignment.texts[language]:
                reason = message("the notebook has no text {key}", key=key)
                yield source.problem(
                    (*place, "text", language, key), _unknown(reason, key, list(assignment.texts[language]))
                )


def _unknown(reason: Message, name: str, known: Sequence[str]) -> Message:
    closest = nearest(name, known)
    if closest is None:
        return message("{reason}; there are: {known}.", reason=reason, known=", ".join(sorted(known)))
    return message("{reason}; did you mean {nearest}?", reason=reason, nearest=closest)
