"""Rules of `assignment.toml` that span several keys.

They read the raw content and skip whatever has the wrong type, which `grader.authoring.schema` tells: so one run tells
all mistakes of both kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.authoring.errors import Problem, nearest
from grader.authoring.toml_source import TomlSource
from grader.domain.messages import Message, message

LANGUAGES = ("es", "en")
"""Languages that every assignment has, the first one by default."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def assignment_problems(source: TomlSource) -> list[Problem]:
    """Return every rule that the file breaks between its keys."""
    return [*_id(source), *_checks(source), *_requirements(source), *text_problems(source)]


def text_problems(source: TomlSource) -> list[Problem]:
    """Return the texts that one language has and the other lacks, and the keys that a template could not name."""
    texts = {language: _table(_table(source.data.get("text")).get(language)) for language in LANGUAGES}
    problems = []
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        for key in texts[language]:
            place = ("text", language, key)
            if key not in texts[other]:
                problems.append(source.problem(place, message("has no text in {language}.", language=other)))
            if not _NAME.fullmatch(key):
                problems.append(source.problem(place, message("must be lower-case letters, digits and _.")))
    return problems


# ----------------------------------------------------------------------------------------------------------------------


def _id(source: TomlSource) -> Iterator[Problem]:
    assignment = source.data.get("id")
    if not isinstance(assignment, str):
        return
    if not _ID.fullmatch(assignment):
        yield source.problem(("id",), message("must be lower-case letters and digits, joined by hyphens."))
    folder = source.path.parent.name
    if assignment != folder:
        reason = message("is {found}, but its folder is called {folder}.", found=assignment, folder=folder)
        yield source.problem(("id",), reason)


def _checks(source: TomlSource) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for position, check in _rubric_checks(source):
        place = ("rubric", position, "check")
        if not _NAME.fullmatch(check):
            yield source.problem(place, message("must be lower-case letters, digits and _."))
        if check in first:
            line = source.line(("rubric", first[check], "check"))
            yield source.problem(place, message("this check is in the rubric already, at line {line}.", line=line))
        first.setdefault(check, position)


def _requirements(source: TomlSource) -> Iterator[Problem]:
    """Require known checks that stand earlier, which also rules out circles."""
    positions = {check: position for position, check in reversed(list(_rubric_checks(source)))}
    for position, item in _rubric_items(source):
        requires = item.get("requires")
        for wanted in requires if isinstance(requires, list) else []:
            place = ("rubric", position, "requires")
            if wanted not in positions:
                yield source.problem(place, _unknown_check(str(wanted), list(positions)))
            elif positions[wanted] >= position:
                yield source.problem(
                    place, message("{check} must stand before the check that requires it.", check=wanted)
                )


def _unknown_check(wanted: str, known: list[str]) -> Message:
    closest = nearest(wanted, known)
    if closest is None:
        return message("{check} is not a check of this rubric.", check=wanted)
    return message("{check} is not a check of this rubric; did you mean {nearest}?", check=wanted, nearest=closest)


def _rubric_checks(source: TomlSource) -> Iterator[tuple[int, str]]:
    for position, item in _rubric_items(source):
        check = item.get("check")
        if isinstance(check, str) and check:
            yield position, check


def _rubric_items(source: TomlSource) -> Iterator[tuple[int, dict[str, object]]]:
    rubric = source.data.get("rubric")
    for position, item in enumerate(rubric if isinstance(rubric, list) else []):
        if isinstance(item, dict):
            yield position, item


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
