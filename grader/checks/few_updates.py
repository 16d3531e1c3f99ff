"""Points lost on the sample because of few updates: such a grade waits for a person.

The sample has about a seventh of the training data, so the same epochs make a seventh of the updates. An optimizer that
starts slowly, or a notebook of three epochs, learns less on it than on the full data. How much of a loss this explains
can only be seen by a run on the full data, so this module just asks for a person. It rests on claims of the kernel
(which trainings it made), and a false one gains nothing: the points stay lost until a person gives them back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from grader.checks.check_registry import CHECKS
from grader.domain.evidence import FitClaim
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import Measurements, Quantity
from grader.domain.messages import Message, message


def is_of_learning(check: str) -> bool:
    """Return whether the points of a check depend on how well something was learnt."""
    known = CHECKS.get(check)
    return known is not None and known.needs.learnt


def lost_for_few_updates(
    results: Sequence[CheckResult], measurements: Measurements, fits: Sequence[FitClaim]
) -> Message | None:
    """Ask for a person if a grade made on the sample may have lost points by few updates, or return None.

    The sample is not to blame if no points for learning were lost, if no model was measured, or if nothing was trained
    at all: more data would not help then.

    Args:
        results: Results of all checks.
        measurements: Their measurements, made on the sample of data that have more.
        fits: Trainings that the kernel claims; the training of a network in NumPy is not among them.
    """
    lost = sum(one.points_possible - one.points_awarded for one in results if _is_lost(one))
    if not lost or not measurements.models:
        return None
    if not (fits or measurements.claims.trained or _has_learnt(measurements)):
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


def _has_learnt(measurements: Measurements) -> bool:
    """Return whether it is better than the mean image: it was trained then, if by a loop without an optimizer."""
    error = measurements.value(Quantity.RECONSTRUCTION_MSE)
    trivial = measurements.value(Quantity.MEAN_IMAGE_MSE)
    return error is not None and trivial is not None and error < trivial


def _is_lost(result: CheckResult) -> bool:
    return is_of_learning(result.check) and result.outcome in (Outcome.PARTIAL, Outcome.FAILED)


def _updates(fits: Sequence[FitClaim]) -> int | None:
    """Add up the steps of all trainings; None if one of them is unknown."""
    if not fits or not all(fit.samples > 0 and fit.batch_size > 0 for fit in fits):
        return None
    return sum(fit.epochs * math.ceil(fit.samples / fit.batch_size) for fit in fits)
