"""Decisions of people about grades: appended to the machine's results, never written over them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DecisionKind(StrEnum):
    """What a decision is about.

    POINTS: the points of one check or open question of one hand-in.
    TOTAL: the points of one hand-in as a whole, whatever its checks add up to.
    ACCEPT: the reasons for review, other than checks, are settled: the points of the hand-in count.
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
        """Whether it concerns one hand-in only and no other one of the same student."""
        return self in {DecisionKind.POINTS, DecisionKind.TOTAL, DecisionKind.ACCEPT}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; the latest with the same `topic` counts, and all of them are kept.

    Attributes:
        kind: What it is about.
        assignment: Assignment id.
        student: The student concerned.
        author: Who decided.
        reason: Why, in words that the student reads; may be "" for the points of an open question.
        at: When, with a time zone.
        sha256: Digest of the hand-in, "" for what concerns all of the student's.
        item: Id of the check or question; for ACCEPT, the digest of the accepted reasons.
        points: The student's points from now on, not a difference.
        until: The student's own due date, for EXTEND only.
        withdrawn: Whether it withdraws the earlier decision, so that the machine's result counts again.

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
        """What it decides; a later decision with the same topic replaces it."""
        item = "" if self.kind is DecisionKind.ACCEPT else self.item
        return (self.kind.value, self.student, self.sha256 if self.kind.of_one_file else "", item)
