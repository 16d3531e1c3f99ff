"""A person's change of a grade."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A person's decision about one student, stored beside the machine's grade and never over it.

    Of several adjustments of one student the latest counts; all of them stay on record.

    Attributes:
        assignment: Assignment id.
        student: Whom it concerns.
        points: Points that the student has from now on: a total, not a difference.
        author: Who decided.
        reason: Why, in words that the student may read.
        at: When, with a time zone.

    Raises:
        ValueError: The points are not finite, author or reason is empty, or the time has no zone.
    """

    assignment: str
    student: str
    points: float
    author: str
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        if not math.isfinite(self.points):
            raise ValueError(f"the adjusted points are {self.points}; they must be a finite number")
        if not self.author.strip() or not self.reason.strip():
            raise ValueError("an adjustment needs an author and a reason")
        if self.at.utcoffset() is None:
            raise ValueError("the time of an adjustment needs a time zone")
