"""Each student's final result: the machine's points, the cost of lateness, people's decisions.

Every export reads only `final_grades`, so that a decision shows in all exports or in none. Grades are never changed:
lateness and decisions are applied on reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from grader.domain.assignment import Assignment, DuePolicy
from grader.domain.grade import Grade, GradeStatus, Lateness, scaled_grade
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message, verbatim
from grader.domain.people import marked_late
from grader.scoring import with_lateness


class FinalGradeState(StrEnum):
    """Whether a student has a grade."""

    FINAL = "FINAL"
    WAITING = "WAITING"
    EXCUSED = "EXCUSED"


@dataclass(frozen=True)
class StudentDecisions:
    """What people decided and know besides the machine's grades, by student.

    Attributes:
        adjusted: Points that a person gave in all, as they count.
        reasons: Why, in words for the student.
        extended: Until when a student may hand in without being late.
        excused: Who needs no grade.
        handed_in: Times of hand-in from a list, before those that the platform's files tell.
    """

    adjusted: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    extended: Mapping[str, datetime] = field(default_factory=dict)
    excused: frozenset[str] = frozenset()
    handed_in: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FinalGrade:
    """The result of one student.

    Attributes:
        student: As intake calls them.
        counted: The hand-in that counts; where none does yet, one of those that wait.
        others: Hand-ins that do not count.
        grade: The machine's, with what lateness costs under the student's own due date.
        submitted_at: When it was handed in, None if unknown.
        adjusted: Points that a person gave, None if nobody did.
        points: What counts in the end; None while the grade waits or the student is excused.
        state: See `FinalGradeState`.
        reason: Why a person gave other points, why it waits, or which of several hand-ins counts; None if there is
            nothing to say.
        marked_late: The platform says that it came late, though not when.
    """

    student: str
    counted: GradedSubmission
    others: tuple[GradedSubmission, ...]
    grade: Grade
    submitted_at: datetime | None
    adjusted: float | None
    points: float | None
    state: FinalGradeState
    reason: Message | None = None
    marked_late: bool = False

    @property
    def late(self) -> Lateness | None:
        """What lateness costs."""
        return self.grade.late

    def on_scale(self, maximum: float, decimals: int, minimum: float = 0.0) -> Decimal | None:
        """Return the points that count as a grade up to `maximum`, rounded half up; None if there is none.

        More points than possible, which a person may give, are the maximum.
        """
        if self.points is None or self.grade.points_possible <= 0:
            return None
        kept = max(0.0, min(self.points, self.grade.points_possible))
        final = replace(self.grade, points_awarded=kept, late=None, status=GradeStatus.FINAL)
        return scaled_grade(final, maximum, decimals, minimum=minimum)


def final_grades(
    assignment: Assignment, graded: Sequence[GradedSubmission], decisions: StudentDecisions
) -> list[FinalGrade]:
    """Return each student's result, in the order of their first appearance.

    Args:
        assignment: What was graded; its due date and late policy decide what lateness costs.
        graded: Every hand-in that may count.
        decisions: What people decided.
    """
    by_student: dict[str, list[GradedSubmission]] = {}
    for one in graded:
        by_student.setdefault(one.student, []).append(one)
    return [_standing(assignment, student, mine, decisions) for student, mine in by_student.items()]


# Private functions


def _standing(
    assignment: Assignment, student: str, hand_ins: Sequence[GradedSubmission], decisions: StudentDecisions
) -> FinalGrade:
    counted, others, reason = _which_counts(hand_ins)
    submitted_at = decisions.handed_in.get(student) or counted.submitted_at
    due = _due(assignment.due, decisions.extended.get(student))
    grade = with_lateness(counted.grade, due, submitted_at)
    adjusted = decisions.adjusted.get(student)
    state, points = FinalGradeState.FINAL, grade.points_counted
    is_open = grade.status is not GradeStatus.FINAL or (len(hand_ins) > 1 and not others)
    if student in decisions.excused:
        state = FinalGradeState.EXCUSED
    elif adjusted is not None:
        points = adjusted
        reason = verbatim(decisions.reasons.get(student, ""))
    elif is_open:
        state = FinalGradeState.WAITING
        reason = reason or next(iter(grade.reasons), None)
    return FinalGrade(
        student,
        counted,
        others,
        grade,
        submitted_at,
        adjusted,
        points if state is FinalGradeState.FINAL else None,
        state,
        reason,
        marked_late=submitted_at is None and any(marked_late(one.filename) for one in hand_ins),
    )


def _which_counts(
    hand_ins: Sequence[GradedSubmission],
) -> tuple[GradedSubmission, tuple[GradedSubmission, ...], Message | None]:
    """Return the hand-in that counts, the others, and a sentence; no others if a person must choose."""
    if len(hand_ins) == 1:
        return hand_ins[0], (), None
    times = [one.submitted_at for one in hand_ins]
    known = [time for time in times if time is not None]
    if len(set(known)) < len(hand_ins):
        files = ", ".join(one.filename for one in hand_ins)
        return (
            hand_ins[0],
            (),
            message("{count} hand-ins, and nobody said which counts: {files}", count=len(hand_ins), files=files),
        )
    last = max(hand_ins, key=lambda one: one.submitted_at or known[0])
    others = tuple(one for one in hand_ins if one is not last)
    return last, others, message("The last of {count} hand-ins counts: {file}", count=len(hand_ins), file=last.filename)


def _due(due: DuePolicy | None, until: datetime | None) -> DuePolicy | None:
    """Return the policy with a later date for a student with an extension; an earlier date changes nothing."""
    if due is None or until is None or until <= due.date:
        return due
    return replace(due, date=until)
