"""Finds the time stamps that nbgrader lays beside what it collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from grader.intake.finding import Item
from grader.intake.layouts import NBGRADER_SUBMITTED, nbgrader_folder
from grader.intake.moments import moment
from grader.intake.opening import fetch

TIMESTAMP_NAME: Final = "timestamp.txt"
_LONGEST_TIMESTAMP: Final = 200


def nbgrader_times(items: Sequence[Item], workspace: Path) -> Mapping[Item, datetime]:
    """Return when each file of an nbgrader course was handed in, as far as a time stamp lies beside it.

    Args:
        items: What was found in one given path.
        workspace: Where time stamps are unpacked that lie in a zip.

    Raises:
        IntakeError: A zip cannot be unpacked at all.
    """
    folders = {item: folder for item in items if (folder := nbgrader_folder(course_parts(item)))}
    stamps = {item: folder for item, folder in folders.items() if course_parts(item) == (*folder, TIMESTAMP_NAME)}
    fetched = fetch(stamps, workspace)
    times = {folder: time for item, folder in stamps.items() if (time := _stamped(fetched[item].path))}
    return {item: times[folder] for item, folder in folders.items() if folder in times}


def course_parts(item: Item) -> tuple[str, ...]:
    """Return the names from the course's folder down, also where the folder `submitted` itself was given."""
    return (NBGRADER_SUBMITTED, *item.parts) if item.above[-1:] == (NBGRADER_SUBMITTED,) else item.parts


# Private functions


def _stamped(path: Path) -> datetime | None:
    try:
        with path.open("rb") as file:
            return moment(file.read(_LONGEST_TIMESTAMP).decode("utf-8", errors="replace"))
    except OSError:
        return None  # then nobody knows, and nothing is deducted
