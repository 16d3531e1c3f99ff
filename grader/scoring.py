"""Adds results of checks up to a grade: arithmetic only, and exact.

Points are rounded half up to two decimals, result by result, and then added, so that the numbers of a report add up to
its total. Sums use decimals as written, never binary fractions.

The cost of lateness is a separate line, subtracted at the very end; the points of the checks stay the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from grader.domain.assignment import DuePolicy
from grader.domain.grade import CheckResult, Grade, GradeStatus, Lateness, Outcome
from grader.domain.messages import Message

POINT_DECIMALS: Final = 2
"""Decimals of points in a grade."""

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_EVERYTHING: Final = 100.0


def score(results: Sequence[CheckResult], *, reasons: Sequence[Message] = ()) -> Grade:
    """Add up the results of all checks.

    Args:
        results: One per check, in rubric order.
        reasons: Why a person must look, besides the checks that could not be graded.

    Returns:
        The grade with every result rounded; NEEDS_REVIEW if there is any reason, of a check or from `reasons`.

    Raises:
        ValueError: Points of a result are not finite, negative, or more than possible.
    """
    for result in results:
        _require_sound(result)
    rounded = tuple(
        replace(result, points_awarded=_points(result.points_awarded), points_possible=_points(result.points_possible))
        for result in results
    )
    open_checks = (result.message for result in rounded if result.outcome is Outcome.UNGRADABLE)
    unsettled = tuple(dict.fromkeys((*reasons, *open_checks)))  # nine checks open for one cause are one reason
    return Grade(
        points_awarded=_sum(result.points_awarded for result in rounded),
        points_possible=_sum(result.points_possible for result in rounded),
        status=GradeStatus.NEEDS_REVIEW if unsettled else GradeStatus.FINAL,
        results=rounded,
        reasons=unsettled,
    )


def with_lateness(grade: Grade, due: DuePolicy | None, submitted_at: datetime | None) -> Grade:
    """Return the grade with the cost of lateness under `due`; status, points and results of the checks stay the same.

    Args:
        grade: What the checks earned; an earlier deduction in it is replaced.
        due: The assignment's rule, or None if it has none.
        submitted_at: When it was handed in, with a time zone, or None if unknown: then nothing is taken off.
    """
    if due is None or submitted_at is None:
        return replace(grade, late=None)
    return replace(grade, late=lateness(submitted_at, due, grade.points_awarded))


def lateness(submitted_at: datetime, due: DuePolicy, points_awarded: float) -> Lateness:
    """Return how late a submission was and what that costs.

    Within the grace period it is on time. After it, each day begun costs `late_percent_per_day` of the points earned,
    counted from the due date itself, up to `late_percent_maximum`; after `refuse_after_days` it costs everything. The
    points taken off are rounded half up to two decimals and never exceed those earned.

    Raises:
        ValueError: A time has no zone.
    """
    if submitted_at.utcoffset() is None or due.date.utcoffset() is None:
        raise ValueError(f"{submitted_at} and {due.date} cannot be compared without their time zones")
    delay = submitted_at - due.date
    if delay <= due.grace_minutes * _MINUTE:
        return Lateness(0, 0.0, 0.0)
    percent = _late_percent(delay, due)
    taken = _points(float(_written(points_awarded) * _written(percent) / 100))
    return Lateness(_begun(delay, _MINUTE), percent, min(taken, points_awarded))


def _late_percent(delay: timedelta, due: DuePolicy) -> float:
    if due.refuse_after_days is not None and delay > due.refuse_after_days * _DAY:
        return _EVERYTHING
    by_day = _begun(delay, _DAY) * _written(due.late_percent_per_day)
    return min(float(by_day), due.late_percent_maximum, _EVERYTHING)


def _begun(delay: timedelta, unit: timedelta) -> int:
    """Count the units of a delay, a begun one as a whole."""
    return -(-delay // unit)


def _require_sound(result: CheckResult) -> None:
    awarded, possible = result.points_awarded, result.points_possible
    if not (math.isfinite(awarded) and math.isfinite(possible) and 0 <= awarded <= possible):
        raise ValueError(f"check {result.check} awards {awarded} of {possible} points")


def _points(value: float) -> float:
    """Round half up as people do: 0.285 is 0.29, whatever its binary neighbour."""
    return float(_written(value).quantize(Decimal(1).scaleb(-POINT_DECIMALS), rounding=ROUND_HALF_UP))


def _sum(values: Iterable[float]) -> float:
    return float(sum((_written(value) for value in values), start=Decimal(0)))


def _written(value: float) -> Decimal:
    """Return the decimal that people read, not the binary fraction behind it."""
    return Decimal(str(value))
