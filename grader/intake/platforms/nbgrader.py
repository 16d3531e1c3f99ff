"""nbgrader: `submitted/<student>/<assignment>/t.ipynb`, with the time in a `timestamp.txt` beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from grader.intake.folder_levels import Division, FolderLevel, divided, is_below
from grader.intake.listing import FileKind, Item
from grader.intake.naming import student_name
from grader.intake.owners import Owner
from grader.intake.platforms.platform import Contents, Platform
from grader.intake.platforms.platform_times import moment

_SUBMITTED: Final = "submitted"
"""The folder in which nbgrader keeps collected files."""

_OTHER_STEPS: Final = frozenset(
    {"autograded", "downloaded", "feedback", "release", "solution", "source", "source_with_tests"}
)
"""Folders of a course whose files no student handed in."""

_TIMESTAMP: Final = "timestamp.txt"
_LONGEST_TIMESTAMP: Final = 200

_DEPTH: Final = 3
"""Names below `submitted` that lead to a file: student, assignment, file."""


class Nbgrader(Platform):
    """Folders of a course, or its folder `submitted` alone."""

    name = "nbgrader"
    own_files = frozenset({_TIMESTAMP})

    def divide(self, level: FolderLevel, contents: Contents) -> Division | None:
        """Return the owners of files below `submitted`; other steps of the course have none."""
        given_itself = level.above[-1:] == (_SUBMITTED,)
        if not given_itself and _SUBMITTED not in level.folders:
            return None
        if any(
            item.kind is FileKind.NOTEBOOK for item in level.files
        ):  # a student's own folder: a course has none there
            return None
        submitted = level if given_itself else level.child(_SUBMITTED)
        if not any(len(item.parts) - submitted.depth >= _DEPTH for item in submitted.items):
            return None
        owners = _owners(submitted, contents)
        division = divided(submitted, lambda item: owners.get(item.parts[: submitted.depth + 2]))
        if not given_itself:
            _add_other_steps(division, level)
        return division


PLATFORM: Final = Nbgrader()


# Private functions


def _owners(submitted: FolderLevel, contents: Contents) -> dict[tuple[str, ...], Owner]:
    """Return owners by the names that lead to the assignment's folder, or to a file beside such folders."""
    depth = submitted.depth
    stamps = [item for item in submitted.items if len(item.parts) == depth + _DEPTH and item.filename == _TIMESTAMP]
    times = {item.parts[: depth + 2]: time for item, time in _stamps(stamps, contents).items()}
    owners = {}
    for item in submitted.items:
        if is_below(item, submitted):
            key = item.parts[: depth + 2]
            task = key[-1] if len(item.parts) >= depth + _DEPTH else ""
            owners[key] = Owner(student_name(key[depth]), submitted_at=times.get(key), task=task)
    return owners


def _add_other_steps(division: Division, course: FolderLevel) -> None:
    """Skip nbgrader's other steps, which are no hand-ins; other files beside `submitted` may be one."""
    for name, inside in course.folders.items():
        if name in _OTHER_STEPS:
            division.empty.append("/".join((*course.above[len(course.above) - course.depth :], name)))
        elif name != _SUBMITTED:
            division.unnamed += [item for item in inside if item.is_hand_in]
            division.rest += [item for item in inside if not item.is_hand_in]
    for item in course.files:
        (division.unnamed if item.is_hand_in else division.rest).append(item)


def _stamps(files: Iterable[Item], contents: Contents) -> dict[Item, datetime]:
    """Return the time in each of these files, if it is valid."""
    return {item: time for item, path in contents.paths(files).items() if (time := _stamped(path))}


def _stamped(path: Path) -> datetime | None:
    try:
        with path.open("rb") as file:
            return moment(file.read(_LONGEST_TIMESTAMP).decode("utf-8", errors="replace"))
    except OSError:
        return None  # then nobody knows, and nothing is deducted
