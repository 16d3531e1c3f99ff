"""Tables with the current state of every hand-in: a copy of grades and decisions, for lists and statistics.

A list of two thousand grades must not read two thousand documents. These rows are derived and may be deleted at any
time; they are made anew from the grades and decisions, which alone are the record.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Text

from grader.gradebook.tables import UtcDateTime


class StandingBase(DeclarativeBase):
    """Derived tables."""

    type_annotation_map = {str: Text, datetime: UtcDateTime}  # noqa: RUF012 - read once by SQLAlchemy


class StandingRow(StandingBase):
    """The state of one hand-in."""

    __tablename__ = "standing"
    __table_args__ = (
        Index("standing_by_assignment", "assignment", "status"),
        Index("standing_by_student", "student"),
    )

    submission_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    grading_id: Mapped[int]
    """The grading from which it was made."""
    decision_id: Mapped[int]
    """The student's latest decision known then, 0 for none."""
    rules: Mapped[str]
    """Digest of other dependencies: due date, scale, open questions."""
    assignment: Mapped[str]
    student: Mapped[str]
    name_key: Mapped[str]
    """The student's name without case and accents, for sorting and searching."""
    filename: Mapped[str]
    sha256: Mapped[str]
    status: Mapped[str]
    points_counted: Mapped[float]
    points_possible: Mapped[float]
    points_machine: Mapped[float]
    scaled: Mapped[float]
    """On the assignment's scale; a lower bound while it waits."""
    late_points: Mapped[float]
    waits: Mapped[int]
    """Number of checks and questions whose points a person has to give."""
    decided: Mapped[bool]
    """Whether a person gave any of its points."""
    reasons: Mapped[str]
    """Why it waits: JSON list of messages."""
    wall_seconds: Mapped[float]
    submitted_at: Mapped[datetime | None]
    graded_at: Mapped[datetime]


class StandingCheckRow(StandingBase):
    """The state of one check or open question of a hand-in."""

    __tablename__ = "standing_check"
    __table_args__ = (Index("standing_check_by_item", "assignment", "item", "outcome"),)

    submission_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    assignment: Mapped[str]
    item: Mapped[str]
    outcome: Mapped[str]
    points_awarded: Mapped[float]
    points_possible: Mapped[float]
    points_machine: Mapped[float]
    decided: Mapped[bool]


class StandingFindingRow(StandingBase):
    """One finding of a hand-in, for counting."""

    __tablename__ = "standing_finding"
    __table_args__ = (Index("standing_finding_by_key", "assignment", "item", "key"),)

    submission_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    assignment: Mapped[str]
    item: Mapped[str]
    key: Mapped[str]
    """What equal errors of different students have in common."""
    said: Mapped[str]
    """What was expected and what was found: JSON list of two messages."""
