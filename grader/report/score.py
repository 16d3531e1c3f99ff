"""What a grade is worth in words and numbers, with the one rule that a provisional grade is never shown as final."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Grade, GradeStatus, Outcome, scaled_grade
from grader.report.wording import Wording

_NOISE_DECIMALS = 9
"""Sums of points are rounded here first, so that 0.1 + 0.2 falls on the same side as 0.3."""


@dataclass(frozen=True, slots=True)
class Score:
    """A grade in words.

    Attributes:
        final: False where a person must look first; then both texts are lower bounds and say so.
        points: `8.5 of 10 points`, or `at least 6 of 10 points`.
        scaled: The same on the assignment's scale: `4.3 of 5.0`, or `at least 3.0 of 5.0`.
        short: For a table's cell: `4.3`, or `at least 3.0`.
    """

    final: bool
    points: str
    scaled: str
    short: str


def score(grade: Grade, assignment: Assignment, wording: Wording) -> Score:
    """Put a grade into words; a lower bound is rounded down, a final grade to nearest (a half goes up)."""
    final = grade.status is GradeStatus.FINAL
    points, possible = wording.points(_shown_points(grade, final=final)), wording.points(grade.points_possible)
    scaled = wording.number(scaled_value(grade, assignment), assignment.scale_decimals)
    maximum = wording.number(assignment.scale_maximum, assignment.scale_decimals)
    if final:
        return Score(
            final=True,
            points=wording.t("{points} of {possible} points", points=points, possible=possible),
            scaled=wording.t("{value} of {maximum}", value=scaled, maximum=maximum),
            short=scaled,
        )
    return Score(
        final=False,
        points=wording.t("at least {points} of {possible} points", points=points, possible=possible),
        scaled=wording.t("at least {value} of {maximum}", value=scaled, maximum=maximum),
        short=wording.t("at least {value}", value=scaled),
    )


def scaled_value(grade: Grade, assignment: Assignment) -> float:
    """Return the grade on the assignment's scale, rounded as `score` says; 0 where nothing is possible."""
    if not grade.points_possible:
        return 0.0
    return float(scaled_grade(grade, assignment.scale_maximum, assignment.scale_decimals))


def check_points(result: CheckResult, wording: Wording) -> str:
    """Return `1.5 of 2`; a check that nobody could judge has no points yet, which is not the same as none."""
    possible = wording.points(result.points_possible)
    if result.outcome is Outcome.UNGRADABLE:
        return wording.t("open, of {possible}", possible=possible)
    return wording.t("{points} of {possible}", points=wording.points(result.points_awarded), possible=possible)


# Helpers


def _shown_points(grade: Grade, *, final: bool) -> float:
    exact = Decimal(repr(round(grade.points_awarded, _NOISE_DECIMALS)))
    return float(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP if final else ROUND_FLOOR))
