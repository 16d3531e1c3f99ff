"""What people decide about grades: appended to the machine's results, never written over them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DecisionKind(StrEnum):
    """What a decision is about.

    POINTS: the points of one check or open question of one hand-in.
    TOTAL: the points of one hand-in as a whole, whatever its checks add up to.
    ACCEPT: the reasons for which a hand-in waited, besides its checks, are settled: its points stand.
    EXTEND: another due date for one student.
    EXCUSE: the assignment does not count for one student.
    """

    POINTS = "points"
    TOTAL = "total"
    ACCEPT = "accept"
    EXTEND = "extend"
    EXCUSE = "excuse"

    @property
    def of_one_file(self) -> bool:
        """It is about one hand-in, and says nothing about another one of the same student."""
        return self in {DecisionKind.POINTS, DecisionKind.TOTAL, DecisionKind.ACCEPT}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; of those with the same `topic` the latest counts, and all of them stay on record.

    Attributes:
        kind: What it is about.
        assignment: Assignment id.
        student: Whom it concerns.
        author: Who decided.
        reason: Why, in words that the student reads; may be "" for the points of an open question.
        at: When, with a time zone.
        sha256: Digest of the hand-in, "" for what concerns all of the student's.
        item: Id of the check or question; of ACCEPT the digest of the reasons that were accepted.
        points: What the student has from now on: never a difference.
        until: The student's own due date, of EXTEND alone.
        withdrawn: Takes back what was decided before: the machine's result counts again.

    Raises:
        ValueError: The points are not finite, the author is empty, or a time has no zone.
    """

    kind: DecisionKind
    assignment: str
    student: str
    author: str
    reason: str
    at: datetime
    sha256: str = ""
    item: str = ""
    points: float = 0.0
    until: datetime | None = None
    withdrawn: bool = False

    def __post_init__(self) -> None:
        if not math.isfinite(self.points):
            raise ValueError(f"the points decided are {self.points}; they must be a finite number")
        if not self.author.strip():
            raise ValueError("a decision needs an author")
        if any(moment is not None and moment.utcoffset() is None for moment in (self.at, self.until)):
            raise ValueError("the times of a decision need a time zone")
        if (self.kind is DecisionKind.EXTEND and not self.withdrawn) != (self.until is not None):
            raise ValueError("an extension, and nothing else, says until when")

    @property
    def topic(self) -> tuple[str, str, str, str]:
        """What it decides: a later decision of the same topic takes its place."""
        item = "" if self.kind is DecisionKind.ACCEPT else self.item
        return (self.kind.value, self.student, self.sha256 if self.kind.of_one_file else "", item)
