"""What a second run shows: the share of the mean image's error that a model takes away, here and there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from checks import builders
from grading_samples import in_english

from grader.audit.proof import AuditTrial, Proof, learnt, other_behaviour, verdict
from grader.domain.evidence import FitClaim
from grader.domain.measurement import Measurements, Quantity
from grader.domain.run import CellError, RunRecord, RunStatus, StoppedBy

FIT = FitClaim("m", 20, 8_000, 128, True, 0.0, 1.0, completed=True)

HERE, MEAN = 0.0220, 0.087
"""`convolutional` on Fashion-MNIST, plain: 12,000 images (issue 13); r = 0.747."""


def numbers(error: float | None, mean: float = MEAN, more: Mapping[Quantity, float] | None = None) -> Measurements:
    found = builders.measured(numbers={Quantity.MEAN_IMAGE_MSE: mean, **(more or {})})
    if error is None:
        return builders.without(found, Quantity.RECONSTRUCTION_MSE)
    return replace(
        found, values={**found.values, **builders.values({Quantity.RECONSTRUCTION_MSE: error, **(more or {})})}
    )


def trial(
    error: float | None,
    mean: float = MEAN,
    *,
    run: RunRecord = builders.COMPLETED,
    fits: tuple[FitClaim, ...] = (FIT,),
) -> AuditTrial:
    return AuditTrial(run, fits, numbers(error, mean))


@pytest.mark.parametrize(
    ("here", "there", "mean", "expected"),
    [
        # trained on plain images, or on swapped ones, and shown swapped ones: the figures of issue 13
        (0.0220, 0.0224, 0.087, Proof.PASSED),
        (0.0220, 0.131, 0.087, Proof.FAILED),
        (0.0236, 0.0244, 0.065, Proof.PASSED),
        (0.0236, 0.072, 0.065, Proof.FAILED),
        # inverted
        (0.0220, 0.0277, 0.087, Proof.PASSED),
        (0.0220, 0.214, 0.087, Proof.FAILED),
        (0.0236, 0.0278, 0.065, Proof.PASSED),
        (0.0236, 0.356, 0.065, Proof.FAILED),
        # between: a person looks
        (0.0220, 0.0550, 0.087, Proof.UNCLEAR),
        # what has learnt nothing here has nothing to prove
        (0.0800, 0.0860, 0.087, Proof.NOTHING),
        (0.2000, 0.0200, 0.087, Proof.NOTHING),
    ],
)
def test_the_verdict_hangs_on_what_is_left_of_what_was_learnt(
    here: float, there: float, mean: float, expected: Proof
) -> None:
    """Seven tenths pass, three tenths fail, and what lies between is nobody's fault yet."""
    assert verdict(trial(here, mean), trial(there, mean)) is expected


def test_a_denoiser_is_judged_by_noisy_images() -> None:
    """Its error on clean ones may be larger than the mean image's, as that of the course's dense one is."""
    clean = {Quantity.RECONSTRUCTION_MSE: 0.0761, Quantity.MEAN_IMAGE_MSE: 0.0676}
    assert learnt(Measurements(values=builders.values({**clean, Quantity.DENOISED_MSE: 0.0328}))) == pytest.approx(
        1 - 0.0328 / 0.0676
    )
    assert learnt(Measurements(values=builders.values(clean))) == pytest.approx(1 - 0.0761 / 0.0676)
    assert learnt(Measurements()) is None


@pytest.mark.parametrize(
    "viewed",
    [
        trial(0.131, run=builders.TIMED_OUT),
        trial(0.131, run=RunRecord(RunStatus.UNAVAILABLE, StoppedBy.SANDBOX)),
        trial(None),
    ],
)
def test_a_run_that_did_not_end_or_left_no_number_decides_nothing(viewed: AuditTrial) -> None:
    """Our machine may be slow, and a notebook may fail on purpose: a person looks, and no point goes."""
    assert verdict(trial(HERE), viewed) is Proof.UNCLEAR


def test_what_was_learnt_before_the_time_was_up_counts() -> None:
    """An endless loop below the training is cut short in both runs, and proves nothing against it."""
    assert verdict(trial(HERE, run=builders.TIMED_OUT), trial(0.0224, run=builders.TIMED_OUT)) is Proof.PASSED


def test_a_classifier_must_be_as_good_on_the_view() -> None:
    """An honest autoencoder under a foreign classifier is nothing that a machine decides."""
    here = AuditTrial(builders.COMPLETED, (FIT,), numbers(HERE, more={Quantity.ACCURACY: 0.80}))
    good, bad = (
        AuditTrial(builders.COMPLETED, (FIT,), numbers(0.0224, more={Quantity.ACCURACY: x})) for x in (0.78, 0.12)
    )
    assert verdict(here, good) is Proof.PASSED
    assert verdict(here, bad) is Proof.UNCLEAR


def test_the_same_behaviour_is_no_reason() -> None:
    """Early stopping may halve or double the epochs; two runs of one notebook are never the same in every number."""
    assert other_behaviour(trial(HERE), trial(0.0224)) is None
    assert other_behaviour(trial(HERE), trial(0.0224, fits=(replace(FIT, epochs=8),))) is None
    failed = builders.raised(CellError(3, "ValueError", "here"))
    assert other_behaviour(trial(HERE, run=failed), trial(0.0224, run=failed)) is None


@pytest.mark.parametrize(
    ("viewed", "seen"),
    [
        (trial(0.0224, run=builders.raised(CellError(3, "ValueError", "there"))), "cell 4 of the notebook ended otherwise on the view than on the plain data."),
        (trial(0.0224, run=builders.killed(StoppedBy.OWN_EXIT)), "One of the two runs did not end as the other did (completed, out of time, ended by itself)."),
        (trial(0.0224, fits=()), "Models were trained on the one data set and not on the other."),
        (trial(0.0224, fits=(replace(FIT, epochs=200),)), "The trainings made 1260 updates on the plain data and 12600 on the view."),
        (AuditTrial(builders.COMPLETED, (FIT,), Measurements()), "An autoencoder was found after one of the two runs only."),
    ],
)  # fmt: skip
def test_another_behaviour_is_told(viewed: AuditTrial, seen: str) -> None:
    """By the notebook's own trace: its cells, its trainings, its models."""
    found = other_behaviour(trial(HERE), viewed)
    assert found is not None
    assert in_english(found) == seen


def test_a_classifier_that_forgets_on_the_view_is_told() -> None:
    """Also where the autoencoder below it has learnt nothing, so that its error says nothing; chance is no knowledge."""
    weak = 0.086
    here, good, bad, chance = (
        AuditTrial(builders.COMPLETED, (FIT,), numbers(weak, more={Quantity.ACCURACY: x}))
        for x in (0.80, 0.78, 0.12, 0.2)
    )
    found = other_behaviour(here, bad)
    assert found is not None
    assert in_english(found) == "The classifier is right on 80 % of the plain images and on 12 % of those of the view."
    assert other_behaviour(here, good) is None
    assert other_behaviour(chance, bad) is None
