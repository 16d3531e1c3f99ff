"""Points lost on the sample because of few updates: such a grade waits for a person.

The sample has about a seventh of the training data, so the same epochs make a seventh of the updates, and an optimizer
that starts slowly, or a notebook of three epochs, has not learnt on it what it learns on the full data. How much of a
loss is due to that, nobody can tell without running it there. So this says only that a person has to look. It rests on
claims of the kernel (which trainings it made), and a false one gains nothing: the points stay lost until somebody gives
them back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from grader.checks.check_registry import CHECKS
from grader.domain.evidence import FitClaim
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import Measurements
from grader.domain.messages import Message, message


def is_of_learning(check: str) -> bool:
    """Tell whether the points of a check depend on how well something was learnt."""
    known = CHECKS.get(check)
    return known is not None and known.needs.learnt


def lost_for_few_updates(
    results: Sequence[CheckResult], measurements: Measurements, fits: Sequence[FitClaim]
) -> Message | None:
    """Say that a person must look at a grade made on the sample, or None where the sample cannot be to blame.

    It cannot where nothing was lost for what was learnt, where no model was measured, and where nothing was trained at
    all: that would be no better on more data.

    Args:
        results: Of all checks.
        measurements: What they rest on; made on the sample of data that have more.
        fits: Trainings that the kernel claims; that of a network in NumPy is seen by nobody.
    """
    lost = sum(one.points_possible - one.points_awarded for one in results if _is_lost(one))
    if not lost or not measurements.models or not (fits or measurements.claims.trained):
        return None
    updates = _updates(fits)
    points = f"{lost:.2f}".rstrip("0").rstrip(".")
    if updates is None:
        return message(
            "Run on the embedded sample, the notebook made about a seventh of the updates that it makes on the full "
            "data; the {points} points that it lost for what it learnt may be due to that alone. A person decides, or "
            "grade it again without --data-size sample.",
            points=points,
        )
    return message(
        "Run on the embedded sample, the notebook made {updates} updates, about a seventh of those that it makes on "
        "the full data; the {points} points that it lost for what it learnt may be due to that alone. A person "
        "decides, or grade it again without --data-size sample.",
        updates=updates,
        points=points,
    )


def _is_lost(result: CheckResult) -> bool:
    return is_of_learning(result.check) and result.outcome in (Outcome.PARTIAL, Outcome.FAILED)


def _updates(fits: Sequence[FitClaim]) -> int | None:
    """Add up the steps of all trainings; None where one of them does not tell."""
    if not fits or not all(fit.samples > 0 and fit.batch_size > 0 for fit in fits):
        return None
    return sum(fit.epochs * math.ceil(fit.samples / fit.batch_size) for fit in fits)
