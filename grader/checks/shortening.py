"""Which trainings may end before their last epoch without touching a point: one table of what each check looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from grader.domain.acceleration import Acceleration, EarlyEnd
from grader.domain.assignment import Assignment, RubricItem
from grader.domain.datasets import DataSize, datasets
from grader.domain.facts import ReferenceFacts, Statistic
from grader.domain.measurement import Quantity

DEVIATIONS: Final = 6.0
SHARE_OF_GAP: Final = 1 / 3
"""How far inside full credit an estimate has to be: a third of the way to the reference, at least six deviations."""

EPOCHS: Final = 3
"""A training that asks for more epochs than so many times the reference's is run whole."""

_LEAST_SAMPLES: Final = {DataSize.SAMPLE: 3 / 8, DataSize.FULL: 1 / 2}
"""Share of the training images: who trains on few of them may spoil by the last epoch what the first ones reached."""


class Judges(StrEnum):
    """What a check looks at.

    STRUCTURE: the graph of the models, or how the notebook ran: the same after one epoch and after the last.
    RECONSTRUCTION: the error of reconstructions.
    DENOISING: the error of cleaned images.
    TRAINING: numbers that an estimate of one error says nothing about, several trainings, or the order of them.
    """

    STRUCTURE = "structure"
    RECONSTRUCTION = "reconstruction"
    DENOISING = "denoising"
    TRAINING = "training"


JUDGED: Final[Mapping[str, Judges]] = MappingProxyType(
    {
        "runs": Judges.STRUCTURE,
        "models": Judges.STRUCTURE,
        "shapes": Judges.STRUCTURE,
        "code_size": Judges.STRUCTURE,
        "layers": Judges.STRUCTURE,
        "layer_kinds": Judges.STRUCTURE,
        "mirror": Judges.STRUCTURE,
        "composition": Judges.STRUCTURE,
        "bottleneck": Judges.STRUCTURE,
        "any_length": Judges.STRUCTURE,
        "noise_layer": Judges.STRUCTURE,
        "imports": Judges.STRUCTURE,
        "arrays": Judges.TRAINING,  # of networks in NumPy, whose loops are never ended
        "output_range": Judges.TRAINING,
        "reconstruction": Judges.RECONSTRUCTION,
        "denoising": Judges.DENOISING,
        "sparsity": Judges.TRAINING,
        "latent_distribution": Judges.TRAINING,
        "elbo": Judges.TRAINING,
        "prior_samples": Judges.TRAINING,
        "plane": Judges.TRAINING,
        "features": Judges.TRAINING,
        "average_precision": Judges.TRAINING,
        "classifier": Judges.TRAINING,
        "pretrained": Judges.TRAINING,
        "accuracy": Judges.TRAINING,
        "comparison": Judges.TRAINING,
        "stages": Judges.TRAINING,
    }
)
"""What each check looks at. Trainings may end early where all checks of a rubric look at structure and at one error."""

_QUANTITIES: Final = {Judges.RECONSTRUCTION: Quantity.RECONSTRUCTION_MSE, Judges.DENOISING: Quantity.DENOISED_MSE}


def acceleration_of(assignment: Assignment, facts: ReferenceFacts, size: str) -> Acceleration:
    """Return how the trainings of an assignment are made faster on data of this size."""
    return Acceleration(_early_end(assignment, facts, size))


def _early_end(assignment: Assignment, facts: ReferenceFacts, size: str) -> EarlyEnd | None:
    judged = _only_error(assignment.rubric)
    calibrated = facts.on(size)
    if judged is None or calibrated is None or not facts.is_of_images or size not in set(_LEAST_SAMPLES):
        return None
    known = calibrated.statistics.get(_QUANTITIES[judged])
    target = None if known is None else _target(known)
    if target is None:
        return None
    noisy_layer = any(item.check == "noise_layer" for item in assignment.rubric)
    return EarlyEnd(
        target=target,
        same_target=judged is Judges.RECONSTRUCTION or noisy_layer,
        noisy_layer=judged is Judges.DENOISING and noisy_layer,
        least_samples=int(_LEAST_SAMPLES[DataSize(size)] * datasets()[facts.dataset].training[DataSize(size)]),
        most_epochs=EPOCHS * calibrated.epochs,
        most_seconds=assignment.limits.cell_seconds,
    )


def _only_error(rubric: Sequence[RubricItem]) -> Judges | None:
    """Return the one error that a rubric looks at besides structure, None where it looks at more or at none."""
    found = [JUDGED.get(item.check, Judges.TRAINING) for item in rubric]
    errors = [one for one in found if one is not Judges.STRUCTURE]
    return errors[0] if len(errors) == 1 and errors[0] in _QUANTITIES else None


def _target(known: Statistic) -> float | None:
    """Return the largest error that is surely full credit, None where the reference itself hardly reaches it."""
    curves = [curve for curve in known.curves if curve.trivial > curve.reference]
    if not curves or len(curves) < len(known.curves):
        return None
    full = min(curve.full for curve in curves)
    target = full - max(SHARE_OF_GAP * (full - known.mean), DEVIATIONS * known.deviation)
    return target if target > known.mean else None
