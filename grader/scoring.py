"""Results of checks to a grade: arithmetic only, and exact.

Points are rounded half up to two decimals, result by result, and then added: the numbers of a report always add up to
its total. All sums are made of decimals as they are written, never of binary fractions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from grader.domain.grade import CheckResult, Grade, GradeStatus, Outcome
from grader.domain.messages import Message

POINT_DECIMALS: Final = 2
"""Decimals of points in a grade."""


def score(results: Sequence[CheckResult], *, reasons: Sequence[Message] = ()) -> Grade:
    """Add up the results of all checks.

    Args:
        results: One a check, in rubric order.
        reasons: Why a person must look, besides the checks that could not be graded.

    Returns:
        The grade with every result rounded; NEEDS_REVIEW where there is any reason, of a check or from `reasons`.

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
