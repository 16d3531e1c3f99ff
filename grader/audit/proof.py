"""Decides by a second run on a secret view of the data whether a model learnt while the notebook ran.

Both runs are compared by one number, the share of the mean image's error that the model removes:
r = 1 - error / error of the mean image, each on hidden data of its own view. No view changes the mean image's error.
An honest training has the same r on both, up to its seed. A model trained elsewhere has an r below zero on the view:
convolutional autoencoders trained on plain images have -0.5 (Fashion-MNIST) and -0.1 (MNIST) on swapped quadrants, a
convolutional denoiser has -3.4 on inverted images; trained on the view, each reaches 0.6 to 0.75.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grader.audit.suspicion import updates
from grader.domain.cell_places import cell_name
from grader.domain.evidence import FitClaim
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.messages import Message, message
from grader.domain.run import RunRecord, RunStatus

LEARNT_NOTHING: Final = 0.15
"""A model with a smaller r on the plain data has learnt too little for this question."""

LEARNT_TO_NAME: Final = 0.3
"""Accuracy from which a classifier of ten classes has learnt something: chance gives 0.1."""

KEPT: Final = 0.7
"""Share of its r with which an audited model has passed: honest trainings keep 0.9 to 1.1 of it."""

LOST: Final = 0.3
"""Share up to which it has failed; a person decides between the two bounds."""

OTHER_BEHAVIOUR: Final = 4.0
"""Ratio of the numbers of updates at which two runs behave differently; early stopping changes less."""


class Proof(StrEnum):
    """What one run on a view shows.

    PASSED: It learnt on the view what it had learnt on the plain data.
    FAILED: It reconstructs nothing on the view.
    UNCLEAR: Its result lies between, or the run ended differently: a person has to look.
    NOTHING: There is nothing to prove: it learnt nothing on the plain data either.
    """

    PASSED = "passed"
    FAILED = "failed"
    UNCLEAR = "unclear"
    NOTHING = "nothing"


@dataclass(frozen=True)
class AuditTrial:
    """One run of a notebook and what its model reaches on hidden data of the same view.

    Attributes:
        run: What was seen from outside.
        fits: Trainings that the kernel claims.
        measurements: What zone M (the measuring process) found.
    """

    run: RunRecord
    fits: Sequence[FitClaim]
    measurements: Measurements


def learnt(measurements: Measurements) -> float | None:
    """Return r, the share of the mean image's error that the model removes; None if it was not measured.

    A denoiser is measured on noisy images, since it need not reconstruct clean ones.
    """
    trivial = measurements.value(Quantity.MEAN_IMAGE_MSE)
    error = measurements.value(Quantity.DENOISED_MSE)
    error = measurements.value(Quantity.RECONSTRUCTION_MSE) if error is None else error
    if trivial is None or error is None or trivial <= 0:
        return None
    return 1 - error / trivial


def classifies(measurements: Measurements) -> bool:
    """Return whether a classifier has learnt enough to ask where it was learnt."""
    accuracy = measurements.value(Quantity.ACCURACY)
    return accuracy is not None and accuracy >= LEARNT_TO_NAME


def verdict(plain: AuditTrial, viewed: AuditTrial) -> Proof:
    """Decide what the run on the view shows about the run on the plain data."""
    here, there = learnt(plain.measurements), learnt(viewed.measurements)
    if here is None or here < LEARNT_NOTHING:
        return Proof.NOTHING
    if there is not None and there >= KEPT * here:
        return Proof.PASSED if _names_as_well(plain, viewed) else Proof.UNCLEAR
    cut_short = viewed.run.status in (RunStatus.TIMED_OUT, RunStatus.UNAVAILABLE)
    return Proof.FAILED if there is not None and there <= LOST * here and not cut_short else Proof.UNCLEAR


def other_behaviour(plain: AuditTrial, viewed: AuditTrial) -> Message | None:
    """Say how the notebook behaved differently on the view, None if it did not."""
    failed_here, failed_there = _failed_cells(plain.run), _failed_cells(viewed.run)
    if failed_here != failed_there:
        index = min(failed_here ^ failed_there)
        places = {**plain.run.places, **viewed.run.places}
        return message("{cell} ended otherwise on the view than on the plain data.", cell=cell_name(index, places))
    if plain.run.status is not viewed.run.status:
        return message("One of the two runs did not end as the other did (completed, out of time, ended by itself).")
    if bool(plain.fits) != bool(viewed.fits):
        return message("Models were trained on the one data set and not on the other.")
    here, there = updates(plain.fits), updates(viewed.fits)
    if here and there and not 1 / OTHER_BEHAVIOUR <= there / here <= OTHER_BEHAVIOUR:
        return message(
            "The trainings made {here} updates on the plain data and {there} on the view.", here=here, there=there
        )
    if not _names_as_well(plain, viewed):
        accuracy = [one.measurements.value(Quantity.ACCURACY) or 0.0 for one in (plain, viewed)]
        return message(
            "The classifier is right on {here} % of the plain images and on {there} % of those of the view.",
            here=f"{100 * accuracy[0]:.0f}",
            there=f"{100 * accuracy[1]:.0f}",
        )
    if (Role.AUTOENCODER in plain.measurements.models) != (Role.AUTOENCODER in viewed.measurements.models):
        return message("An autoencoder was found after one of the two runs only.")
    return None


def _names_as_well(plain: AuditTrial, viewed: AuditTrial) -> bool:
    """Return whether a classifier on top of the encoder, if there is one, is as accurate on the view."""
    if not classifies(plain.measurements):
        return True
    here, there = (one.measurements.value(Quantity.ACCURACY) for one in (plain, viewed))
    return here is not None and there is not None and there >= KEPT * here


def _failed_cells(run: RunRecord) -> frozenset[int]:
    return frozenset(error.cell_index for error in run.errors)
