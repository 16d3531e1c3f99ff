"""Reads the time stamps that nbgrader lays beside what it collected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from grader.intake.listing import Item
from grader.intake.platforms.platform_times import moment

_LONGEST_TIMESTAMP: Final = 200


def read_stamps(files: Mapping[Item, Path]) -> dict[Item, datetime]:
    """Return what each of these files says, as far as it is a time."""
    return {item: time for item, path in files.items() if (time := _stamped(path))}


# Private functions


def _stamped(path: Path) -> datetime | None:
    try:
        with path.open("rb") as file:
            return moment(file.read(_LONGEST_TIMESTAMP).decode("utf-8", errors="replace"))
    except OSError:
        return None  # then nobody knows, and nothing is deducted
