"""Rules of `assignment.toml` that span several keys.

They read the raw content and skip values of a wrong type, which `grader.authoring.schema` reports: so one run reports
all errors of both kinds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeGuard

from grader.authoring.errors import Problem, nearest
from grader.authoring.schema import ID_PATTERN, MOST_DECIMALS, NAME_PATTERN, OWN_DECIMALS
from grader.authoring.toml_source import KeyPath, TomlSource
from grader.domain.assignment import is_always_allowed
from grader.domain.languages import LANGUAGES
from grader.domain.messages import Message, message

IMPORTS_CHECK = "imports"
"""The check that `[imports]` is for."""

_ID = re.compile(ID_PATTERN)
_NAME = re.compile(NAME_PATTERN)
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def assignment_problems(source: TomlSource) -> list[Problem]:
    """Return every rule that the file breaks between its keys."""
    return [
        *_id(source),
        *_titles(source),
        *_checks(source),
        *_requirements(source),
        *_questions(source),
        *scale_problems(source, ("scale",)),
        *_imports(source),
        *text_problems(source),
    ]


def text_problems(source: TomlSource) -> list[Problem]:
    """Return the texts that only one language has, and the keys that a template could not name."""
    stated = _languages(source)
    texts = {language: _table(_table(source.data.get("text")).get(language)) for language in stated}
    problems = []
    for language in stated:
        for key in texts[language]:
            place = ("text", language, key)
            problems += [
                source.problem(place, message("has no text in {language}.", language=other))
                for other in stated
                if key not in texts[other]
            ]
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


def _languages(source: TomlSource) -> tuple[str, ...]:
    """Return the languages of the file: those of any title or text."""
    titles = [source.data.get("title"), *(item.get("title") for _, item in _rubric_items(source))]
    tables = [_table(one) for one in (source.data.get("text"), *titles)]
    return tuple(language for language in LANGUAGES if any(language in one for one in tables))


def _titles(source: TomlSource) -> Iterator[Problem]:
    """Require every title in every language of the file."""
    stated = _languages(source)
    places: list[tuple[KeyPath, object]] = [(("title",), source.data.get("title"))]
    places += [(("rubric", position, "title"), item.get("title")) for position, item in _rubric_items(source)]
    for place, title in places:
        if isinstance(title, dict):
            for language in stated or LANGUAGES[:1]:
                if language not in title:
                    yield source.problem((*place, language), message("this key is missing."))


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


def _questions(source: TomlSource) -> Iterator[Problem]:
    """Require names that no check and no other question has: both are in one table of points."""
    taken = {check for _, check in _rubric_checks(source)}
    questions = source.data.get("question")
    for position, item in enumerate(questions if isinstance(questions, list) else []):
        name = item.get("id") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            continue
        place = ("question", position, "id")
        if not _NAME.fullmatch(name):
            yield source.problem(place, message("must be lower-case letters, digits and _."))
        if name in taken:
            yield source.problem(place, message("{name} is a check or another question already.", name=name))
        taken.add(name)


def _requirements(source: TomlSource) -> Iterator[Problem]:
    """Require known checks that come earlier, which also excludes cycles."""
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


def scale_problems(source: TomlSource, place: KeyPath) -> Iterator[Problem]:
    """Yield every rule that a scale breaks, anywhere in the file."""
    scale = dict(source.data)
    for step in place:
        scale = _table(scale.get(str(step)))
    yield from _bounds(source, scale, place)
    yield from _letters(source, scale, place)


def _bounds(source: TomlSource, scale: dict[str, object], place: KeyPath) -> Iterator[Problem]:
    kind, maximum, decimals = scale.get("kind"), scale.get("maximum"), scale.get("decimals", OWN_DECIMALS)
    if kind is not None and maximum is not None:
        reason = message("a scale of a known kind has its own maximum; leave out one of the two.")
        yield source.problem((*place, "maximum"), reason)
    minimum = scale.get("minimum")
    if _is_number(minimum) and not (_is_number(maximum) and minimum < maximum):
        yield source.problem((*place, "minimum"), message("a minimum needs a maximum above it."))
    if _is_number(maximum) and isinstance(decimals, int) and 0 <= decimals <= MOST_DECIMALS:
        steps = Decimal(repr(maximum)).scaleb(decimals)
        if steps != steps.to_integral_value():
            reason = message("{maximum} needs more decimals than {decimals}.", maximum=maximum, decimals=decimals)
            yield source.problem((*place, "maximum"), reason)


def _letters(source: TomlSource, scale: dict[str, object], around: KeyPath) -> Iterator[Problem]:
    if "letters" not in scale:
        return
    place = (*around, "letters")
    if scale.get("kind") != "letters":
        yield source.problem(place, message("only a scale of the kind “letters” has letters."))
    first: dict[float, str] = {}
    for letter, percent in _table(scale["letters"]).items():
        if not letter.strip():
            yield source.problem(place, message("a letter must not be empty."))
        if not _is_number(percent):
            continue
        if percent in first:
            reason = message("begins where {letter} begins; a percentage earns one letter.", letter=first[percent])
            yield source.problem((*place, letter), reason)
        first.setdefault(percent, letter)
    if first and 0 not in first:
        yield source.problem(place, message("one letter must begin at 0, so that every grade has one."))


def _imports(source: TomlSource) -> Iterator[Problem]:
    positions = [position for position, check in _rubric_checks(source) if check == IMPORTS_CHECK]
    stated = source.data.get("imports")
    if stated is None:
        for position in positions:
            reason = message("this check needs a table [imports] that says what is allowed.")
            yield source.problem(("rubric", position, "check"), reason)
        return
    place = ("imports",)
    lists = [name for name in ("allow", "forbid") if name in _table(stated)]
    if isinstance(stated, dict) and len(lists) != 1:
        yield source.problem(place, message("needs either “allow” or “forbid”, and not both."))
    if not positions:
        yield source.problem(place, message("decides nothing: the rubric has no check “imports”."))
    for name in lists:
        yield from _modules(source, name, _table(stated)[name])


def _modules(source: TomlSource, name: str, modules: object) -> Iterator[Problem]:
    for position, module in enumerate(modules if isinstance(modules, list) else []):
        place = ("imports", name, position)
        if not isinstance(module, str) or not module.strip():
            continue
        if not _MODULE.fullmatch(module):
            yield source.problem(place, message("{module} is no name of a module.", module=repr(module)))
        elif name == "forbid" and is_always_allowed(module):
            yield source.problem(place, message("{module} is always allowed and cannot be forbidden.", module=module))


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


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
