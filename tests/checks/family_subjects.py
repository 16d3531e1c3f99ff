"""Hand-written subjects of the families that the reconstruction error is blind for, in round numbers.

Each curve gives half of the points for the number in its comment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from grader.checks.core.subject import Subject
from grader.domain.architecture import Architecture, Layer
from grader.domain.facts import CreditCurve, ReferenceFacts
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.run import RunRecord

from .builders import (
    CALIBRATED,
    COMPLETED,
    chain,
    dense,
    encoder_half,
    facts_of,
    known,
    measured,
    models,
    plain,
    subject,
)

STATISTICS: Final = {
    Quantity.DENOISED_MSE: known(0.01, CreditCurve(full=0.012, none=0.02, reference=0.01, trivial=0.021)),  # 0.016
    Quantity.NOISE_RATIO: known(0.5, CreditCurve(full=0.75, none=1.25, reference=0.5, trivial=1.5)),  # 1
    Quantity.SPARSENESS: known(20, CreditCurve(full=14, none=4, reference=20, trivial=2)),  # 9
    Quantity.CODE_ACTIVITY: known(0.05, CreditCurve(full=0.1, none=0.3, reference=0.05, trivial=0.35)),  # 0.2
    Quantity.ACTIVE_SHARE: known(0.1, CreditCurve(full=0.2, none=0.6, reference=0.1, trivial=0.7)),  # 0.4
    Quantity.KL_DIVERGENCE: known(
        16,
        CreditCurve(full=100, none=300, reference=16, trivial=400),  # 200
        CreditCurve(full=12, none=2, reference=16, trivial=0),  # 7
    ),
    Quantity.ACTIVE_UNITS: known(10, CreditCurve(full=7, none=1, reference=10, trivial=0)),  # 4
    Quantity.MEDIAN_SIGMA: known(0.25, CreditCurve(full=0.18, none=0.02, reference=0.25, trivial=0.002)),  # 0.1
    Quantity.NEGATIVE_ELBO: known(240, CreditCurve(full=260, none=300, reference=240, trivial=310)),  # 280
    Quantity.PRIOR_DISTANCE: known(5, CreditCurve(full=6, none=8, reference=5, trivial=8.5)),  # 7
    Quantity.PLANE_ANGLE: known(1.5, CreditCurve(full=15, none=55, reference=1.5, trivial=57.3)),  # 35
    Quantity.ENCODER_SIMILARITY: known(0.98, CreditCurve(full=0.75, none=0.05, reference=0.98, trivial=0)),  # 0.4
    Quantity.ACCURACY: known(0.8, CreditCurve(full=0.75, none=0.55, reference=0.8, trivial=0.53)),  # 0.65
    Quantity.AVERAGE_PRECISION: known(0.8, CreditCurve(full=0.5, none=0.1, reference=0.8, trivial=0.002)),  # 0.3
}
"""What the references reach, and what judges it."""

RIGHT_NUMBERS: Final[Mapping[Quantity, float]] = {
    **{name: statistic.mean for name, statistic in STATISTICS.items()},
    Quantity.OUTSIDE_RANGE: 0.0,
    Quantity.PROBABILITIES: 1.0,
    Quantity.FEATURES: 29.0,
    Quantity.LABEL_AMONG_FEATURES: 0.0,
    Quantity.COMPARED_MODELS: 3.0,
    Quantity.COMPARISON_AGREEMENT: 1.0,
    Quantity.STAGES_HELD: 2.0,
    Quantity.STAGES_TRAINED: 2.0,
}

FACTS: Final[ReferenceFacts] = facts_of({**CALIBRATED.statistics, **STATISTICS})


def numbers(changes: Mapping[Quantity, float] | None = None, autoencoder: Architecture | None = None) -> Measurements:
    """A right submission of every family at once, with these numbers or this autoencoder instead."""
    return measured(models(autoencoder), RIGHT_NUMBERS | (changes or {}))


def family(
    measurements: Measurements | None = None, *, run: RunRecord = COMPLETED, facts: ReferenceFacts = FACTS
) -> Subject:
    """The same as a subject of the checks."""
    return subject(run, numbers() if measurements is None else measurements, facts)


def changed(name: Quantity, value: float, *, run: RunRecord = COMPLETED) -> Subject:
    """A submission that is right in all but one number."""
    return family(numbers({name: value}), run=run)


def noisy(*before: Layer, after: tuple[Layer, ...] = ()) -> Architecture:
    """Layers between the image and the first Dense, and others after it."""
    entry = before[0].input_shape if before else (784,)
    return chain([*before, dense(30, before=(784,)), *after, dense(784, "linear", before=(30,))], entry=entry)


DROPOUT: Final = plain("Dropout", before=(784,), rate=0.5)


def recurrent(length: int | None = None) -> Subject:
    """A submission whose encoder reads sequences of `length` steps of 28 numbers; None for any."""
    encoder = replace(encoder_half(), input_shape=(length, 28))
    found = models(encoder=encoder)
    found[Role.AUTOENCODER] = replace(found[Role.AUTOENCODER], architecture=replace(encoder, output_shape=(28, 28)))
    return family(measured(found, RIGHT_NUMBERS))
