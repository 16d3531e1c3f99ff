"""Decides which trainings may end before their last epoch without changing any points, and which lost points remain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.checks.check_registry import CHECKS
from grader.checks.core.check import TrainingUse
from grader.domain.acceleration import Acceleration, EarlyEnd
from grader.domain.assignment import Assignment, RubricItem
from grader.domain.datasets import DataSize, datasets
from grader.domain.facts import ReferenceFacts, Statistic
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import Quantity

DEVIATIONS: Final = 6.0
SHARE_OF_GAP: Final = 1 / 3
"""How far inside full credit an estimate must be: a third of the way to the reference, at least six deviations."""

EPOCHS: Final = 3
"""A training that asks for more epochs than this multiple of the reference's runs in full."""

_LEAST_SAMPLES: Final = {DataSize.SAMPLE: 3 / 8, DataSize.FULL: 1 / 2}
"""Least share of the training images: a training on few images may lose by its last epoch what it had reached."""

_DECIDED: Final = frozenset({Outcome.PARTIAL, Outcome.FAILED})

_QUANTITIES: Final = {
    TrainingUse.RECONSTRUCTION: Quantity.RECONSTRUCTION_MSE,
    TrainingUse.DENOISING: Quantity.DENOISED_MSE,
}


def acceleration_of(assignment: Assignment, facts: ReferenceFacts, size: DataSize) -> Acceleration:
    """Return how the trainings of an assignment are accelerated on data of this size."""
    return Acceleration(_early_end(assignment, facts, size))


def lost_for_good(results: Sequence[CheckResult]) -> bool:
    """Return whether points are missing and no longer training could bring any of them.

    Each was lost by a check of the layers alone, such as the code's size, or by one that was not made because of it;
    everything that the training earns was earned.
    """
    lost = [one for one in results if one.points_awarded < one.points_possible]
    decided = [one for one in lost if one.outcome in _DECIDED and CHECKS[one.check].needs.by_layers]
    omitted = [one for one in lost if one.outcome is Outcome.SKIPPED]
    return bool(decided) and len(decided) + len(omitted) == len(lost)


def _early_end(assignment: Assignment, facts: ReferenceFacts, size: DataSize) -> EarlyEnd | None:
    used = _only_error(assignment.rubric)
    calibrated = facts.on(size)
    if used is None or calibrated is None or not facts.is_of_images or size not in set(_LEAST_SAMPLES):
        return None
    known = calibrated.statistics.get(_QUANTITIES[used])
    target = None if known is None else _target(known)
    if target is None:
        return None
    noisy_layer = any(item.check == "noise_layer" for item in assignment.rubric)
    return EarlyEnd(
        target=target,
        same_target=used is TrainingUse.RECONSTRUCTION or noisy_layer,
        noisy_layer=used is TrainingUse.DENOISING and noisy_layer,
        least_samples=int(_LEAST_SAMPLES[DataSize(size)] * datasets()[facts.dataset].training[DataSize(size)]),
        most_epochs=EPOCHS * calibrated.epochs,
        most_seconds=assignment.limits.cell_seconds,
    )


def _only_error(rubric: Sequence[RubricItem]) -> TrainingUse | None:
    """Return the one error that a rubric needs from the training, None if it needs more or nothing."""
    found = [check.needs.training for item in rubric if (check := CHECKS.get(item.check)) is not None]
    errors = [one for one in found if one is not TrainingUse.NONE]
    known = len(found) == len(rubric)
    return errors[0] if known and len(errors) == 1 and errors[0] in _QUANTITIES else None


def _target(known: Statistic) -> float | None:
    """Return the largest error that certainly has full credit, None if the reference itself barely reaches it."""
    curves = [curve for curve in known.curves if curve.trivial > curve.reference]
    if not curves or len(curves) < len(known.curves):
        return None
    full = min(curve.full for curve in curves)
    target = full - max(SHARE_OF_GAP * (full - known.mean), DEVIATIONS * known.deviation)
    return target if target > known.mean else None
