"""Divides what was given among its owners: decided once, from the outermost level in.

| the level holds | what it is |
|---|---|
| `submission_metadata.yml` beside `submission_…` folders | an export of Gradescope |
| a folder `submitted` (or it is that folder itself), and no notebook | a course of nbgrader |
| names in the form of Moodle or Canvas, half of all at least | a download of theirs |
| one folder and nothing else that could be a hand-in | looked at one level further in |
| folders and zips alone, each of which is one of the above | several downloads |
| anything else | a class: see `grader.intake.path_names` |

A file or folder at such a level has an owner, and everything below it, or in a zip, is that owner's, whatever its name
says: nobody's own folder is asked who else handed in, when, or what is to be passed over. Half of the names, and each
of several downloads: what one student chose to call a file does not decide for a class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from grader.intake.listing import Found, Item, Kind
from grader.intake.naming import student_name
from grader.intake.platforms.gradescope_export import EXPORT_FOLDER, METADATA_NAME, Gradescope
from grader.intake.platforms.names import NBGRADER_STEPS, NBGRADER_SUBMITTED, Owner, canvas_owners, moodle_owner

TIMESTAMP_NAME: Final = "timestamp.txt"
_WRAPPERS: Final = 20
"""Folders around everything that are looked through; further in, nobody keeps a class."""

_NBGRADER_DEPTH: Final = 3
"""Names below `submitted` that lead to a file: student, assignment, file."""

_LISTS: Final = frozenset({".csv", ".tsv", ".xls", ".xlsx", ".ods", ".toml", ".md"})
"""What an instructor keeps beside downloads, and nobody hands in for a notebook."""

_GRADESCOPE_SUBMISSION = re.compile(r"submission_\w+")


@dataclass(frozen=True, slots=True)
class Belonging:
    """A file and its owner.

    Attributes:
        item: The file.
        owner: Whose it is.
        counts: It may be a hand-in; a file of a kind that nobody asked for is one where a platform says so.
    """

    item: Item
    owner: Owner
    counts: bool


@dataclass(slots=True)
class Division:
    """What belongs to whom.

    Attributes:
        belongings: Files with an owner.
        unnamed: Hand-ins that only their place can name.
        rest: Files that are nobody's hand-in.
        empty: Folders without a hand-in, as shown.
        by_platform: A platform's own names decided.
    """

    belongings: list[Belonging] = field(default_factory=list)
    unnamed: list[Item] = field(default_factory=list)
    rest: list[Item] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    by_platform: bool = False

    def add(self, other: Division) -> None:
        """Take in what another level holds."""
        self.belongings += other.belongings
        self.unnamed += other.unnamed
        self.rest += other.rest
        self.empty += other.empty


@dataclass(frozen=True, slots=True)
class Sources:
    """How a level learns what stands in files; students' own files are never asked for.

    Attributes:
        gradescope: Reads the metadata of an export.
        stamps: Reads when each of these files of nbgrader says that something was handed in.
        look_into: Lists a zip as if it were a folder, or None where it cannot be read.
    """

    gradescope: Callable[[Item], Gradescope]
    stamps: Callable[[Iterable[Item]], Mapping[Item, datetime]]
    look_into: Callable[[Item], Found | None]


@dataclass(frozen=True, slots=True)
class Level:
    """One folder of what was given.

    Attributes:
        above: Names that lead to it, its own the last.
        files: What lies in it directly.
        folders: What lies below each folder in it, those without a file included.
        depth: Names from the given path down to it.
        inner: Names down to the folders below it.
    """

    above: tuple[str, ...]
    files: tuple[Item, ...]
    folders: Mapping[str, tuple[Item, ...]]
    depth: int
    inner: tuple[tuple[str, ...], ...] = ()

    def child(self, name: str) -> Level:
        """Return the level of a folder in this one."""
        inner = [parts for parts in self.inner if parts[self.depth] == name]
        return _level((*self.above, name), self.folders[name], inner, self.depth + 1)

    @property
    def items(self) -> list[Item]:
        """Everything here and below."""
        return [*self.files, *(item for inside in self.folders.values() for item in inside)]


def level_of(found: Found) -> Level:
    """Return the outermost level of what was found."""
    return _level(found.above, found.items, found.folders, 0)


def by_platform(level: Level, sources: Sources) -> tuple[Level, Division] | None:
    """Return what a platform's own names say, and at which level they say it; None where none says anything."""
    for _ in range(_WRAPPERS):
        for rule in (_gradescope, _nbgrader, _named):
            if (division := rule(level, sources)) is not None:
                return level, replace(division, by_platform=True)
        if len(level.folders) != 1 or any(item.is_hand_in for item in level.files):
            return None
        level = level.child(next(iter(level.folders)))
    return None


def several_downloads(level: Level, sources: Sources) -> Division | None:
    """Return what is said by folders and zips each of which is a platform's download; None where one of them is not."""
    lists = [item for item in level.files if Path(item.filename).suffix.lower() in _LISTS]
    zips = [item for item in level.files if item.kind is Kind.ZIP]
    if len(lists) + len(zips) != len(level.files) or not (zips or level.folders):
        return None
    whole = Division(rest=lists, by_platform=True)
    for name in level.folders:
        found = by_platform(level.child(name), sources)
        if found is None:
            return None
        whole.add(found[1])
    for item in zips:
        inside = sources.look_into(item)
        found = None if inside is None else by_platform(level_of(inside), sources)
        if found is None:
            return None
        whole.add(found[1])
    return whole


# Private functions


def _level(above: tuple[str, ...], items: Iterable[Item], folders: Iterable[tuple[str, ...]], depth: int) -> Level:
    below = [parts for parts in folders if len(parts) > depth]
    grouped: dict[str, list[Item]] = {parts[depth]: [] for parts in below}
    files: list[Item] = []
    for item in items:
        if len(item.parts) == depth + 1:
            files.append(item)
        else:
            grouped.setdefault(item.parts[depth], []).append(item)
    return Level(
        above,
        tuple(files),
        {name: tuple(inside) for name, inside in grouped.items()},
        depth,
        tuple(parts for parts in below if len(parts) > depth + 1),
    )


def _everything(level: Level, owner: Callable[[Item], Owner | None]) -> Division:
    """Divide what lies here and below by a platform's word; hand-ins that it does not name keep their place's name."""
    division = Division()
    for item in level.items:
        if (whose := owner(item)) is not None:
            division.belongings.append(Belonging(item, whose, counts=True))
        else:
            (division.unnamed if item.is_hand_in else division.rest).append(item)
    return division


def _gradescope(level: Level, sources: Sources) -> Division | None:
    folders = [name for name in level.folders if _GRADESCOPE_SUBMISSION.fullmatch(name)]
    metadata = next((item for item in level.files if item.filename == METADATA_NAME), None)
    exported = re.fullmatch(EXPORT_FOLDER, level.above[-1] if level.above else "") is not None
    if metadata is None or not (folders or exported):
        return None
    said = sources.gradescope(metadata)
    owners = {name: said.owner(name) for name in folders}
    return _everything(level, lambda item: owners.get(item.parts[level.depth]) if _is_below(item, level) else None)


def _nbgrader(level: Level, sources: Sources) -> Division | None:
    given_itself = level.above[-1:] == (NBGRADER_SUBMITTED,)
    if not given_itself and NBGRADER_SUBMITTED not in level.folders:
        return None
    if any(item.kind is Kind.NOTEBOOK for item in level.files):  # somebody's own folder: a course has none there
        return None
    submitted = level if given_itself else level.child(NBGRADER_SUBMITTED)
    if not any(len(item.parts) - submitted.depth >= _NBGRADER_DEPTH for item in submitted.items):
        return None
    owners = _nbgrader_owners(submitted, sources)
    division = _everything(submitted, lambda item: owners.get(item.parts[: submitted.depth + 2]))
    if not given_itself:
        _add_other_steps(division, level)
    return division


def _nbgrader_owners(submitted: Level, sources: Sources) -> dict[tuple[str, ...], Owner]:
    """Return owners by the names that lead to the assignment's folder, or to a file beside such folders."""
    depth = submitted.depth
    stamps = [
        item
        for item in submitted.items
        if len(item.parts) == depth + _NBGRADER_DEPTH and item.filename == TIMESTAMP_NAME
    ]
    times = {item.parts[: depth + 2]: time for item, time in sources.stamps(stamps).items()}
    owners = {}
    for item in submitted.items:
        if _is_below(item, submitted):
            key = item.parts[: depth + 2]
            task = key[-1] if len(item.parts) >= depth + _NBGRADER_DEPTH else ""
            owners[key] = Owner(student_name(key[depth]), submitted_at=times.get(key), task=task)
    return owners


def _add_other_steps(division: Division, course: Level) -> None:
    """Pass over nbgrader's other steps, which nobody handed in; what else lies beside `submitted` may be a hand-in."""
    for name, inside in course.folders.items():
        if name in NBGRADER_STEPS:
            division.empty.append("/".join((*course.above[len(course.above) - course.depth :], name)))
        elif name != NBGRADER_SUBMITTED:
            division.unnamed += [item for item in inside if item.is_hand_in]
            division.rest += [item for item in inside if not item.is_hand_in]
    for item in course.files:
        (division.unnamed if item.is_hand_in else division.rest).append(item)


def _named(level: Level, _sources: Sources) -> Division | None:
    canvas = canvas_owners(item.filename for item in level.files)
    files = {item: moodle_owner((item.filename,)) or canvas.get(item.filename) for item in level.files}
    folders = {name: moodle_owner((name,)) for name in level.folders}
    named = sum(owner is not None for owner in (*files.values(), *folders.values()))
    others = sum(owner is None for owner in folders.values())
    others += sum(owner is None and item.is_hand_in for item, owner in files.items())
    if named == 0 or others > named:
        return None
    return _everything(
        level, lambda item: folders[item.parts[level.depth]] if _is_below(item, level) else files.get(item)
    )


def _is_below(item: Item, level: Level) -> bool:
    """Tell whether a file lies in a folder of this level."""
    return len(item.parts) > level.depth + 1
