"""`denoising` and `noise_layer`: what the error of cleaned images earns, and where noise must stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from grader.checks.core.verdict import Verdict
from grader.checks.learning.noise_removal import check_denoising, check_noise_layer
from grader.domain.architecture import RESHAPE, Architecture, Layer
from grader.domain.facts import CreditCurve
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurement, Measurements, Quantity
from grader.domain.outdated import SlowOptimizer

from .builders import IMAGE, TIMED_OUT, dense_chain, facts_of, item, measured, models, plain, subject
from .family_subjects import DROPOUT, STATISTICS, changed, family, noisy, numbers
from .reading import Told, Whole, whole

AUTOENCODER: Final = "The autoencoder, called “autoencoder” in the notebook"


USUAL_RATIO: Final = "Error on images with noise, divided by that on clean ones: 0.50; the reference 0.50."

# denoising


def cleaned(error: float) -> Verdict:
    return check_denoising(changed(Quantity.DENOISED_MSE, error), item("denoising"))


def test_images_cleaned_like_the_reference_earn_everything() -> None:
    """The number, beside the reference's."""
    assert whole(cleaned(0.01)) == Whole(
        Outcome.PASSED,
        1,
        f"Error of the cleaned images (MSE): 0.0100; the reference 0.0100. {USUAL_RATIO}",
        [],
        [(Quantity.DENOISED_MSE, 0.01), (Quantity.NOISE_RATIO, 0.5)],
    )


@pytest.mark.parametrize(("error", "outcome", "share"), [(0.016, Outcome.PARTIAL, 0.5), (0.021, Outcome.FAILED, 0)])
def test_an_autoencoder_that_hands_noise_on_is_asked_where_its_noise_was(
    error: float, outcome: Outcome, share: float
) -> None:
    """Between the reference and the network that never saw noise, part of the points."""
    assert whole(cleaned(error)) == Whole(
        outcome,
        share,
        f"Error of the cleaned images (MSE): {error:.4f}; the reference 0.0100. {USUAL_RATIO}",
        [
            Told(
                AUTOENCODER,
                "Error of the cleaned images (MSE): at most 0.0120.",
                f"Error of the cleaned images (MSE): {error:.4f}.",
                "An autoencoder that never had to remove noise keeps much of it, or blurs the image below it.",
                (
                    "What is the input of `fit`, and what is its target? Which of the two has the noise, and is it as "
                    "strong as the assignment says? Does the loss still fall in the last epoch?"
                ),
            )
        ],
        [(Quantity.DENOISED_MSE, error), (Quantity.NOISE_RATIO, 0.5)],
    )


def test_an_autoencoder_that_prefers_clean_images_is_asked_what_it_was_trained_on() -> None:
    """A small code removes noise by itself; what never saw any is at its best without."""
    verdict = check_denoising(changed(Quantity.NOISE_RATIO, 1.0), item("denoising"))
    assert whole(verdict) == Whole(
        Outcome.PARTIAL,
        0.5,
        (
            "Error of the cleaned images (MSE): 0.0100; the reference 0.0100. Error on images with noise, divided by "
            "that on clean ones: 1.00; the reference 0.50."
        ),
        [
            Told(
                AUTOENCODER,
                "Error on images with noise, divided by that on clean ones: at most 0.75.",
                "Error on images with noise, divided by that on clean ones: 1.00.",
                (
                    "Who learnt from noisy images expects noise, and is at its best there. This autoencoder does "
                    "clearly better on clean images: it looks as if it had never met any noise."
                ),
                ("Which images does `fit` receive as its input, the noisy ones or the clean ones? And as its target?"),
            )
        ],
        [(Quantity.DENOISED_MSE, 0.01), (Quantity.NOISE_RATIO, 1.0)],
    )


@pytest.mark.parametrize(("error", "share"), [(0.0095, 1.0), (0.0105, 1.0), (0.0110, 0.5), (0.0115, 0.0)])
def test_who_cleans_as_well_as_the_reference_has_full_credit_whatever_the_ratio(error: float, share: float) -> None:
    """The ratio stands in for the error only where that alone does not show it."""
    decisive = CreditCurve(full=0.0105, none=0.0115, reference=0.01, trivial=0.012)
    near = {**STATISTICS, Quantity.DENOISED_MSE: replace(STATISTICS[Quantity.DENOISED_MSE], decisive=decisive)}
    found = numbers({Quantity.DENOISED_MSE: error, Quantity.NOISE_RATIO: 1.49})
    verdict = check_denoising(family(found, facts=facts_of(near)), item("denoising"))
    assert verdict.share == pytest.approx(share)


@pytest.mark.parametrize(
    ("before", "share"),
    [
        (plain("GaussianNoise", before=(784,), stddev=0.5), 1.0),
        (plain("Dropout", before=(784,), rate=0.3), 1.0),
        (plain("GaussianNoise", before=(784,), stddev=0.05), 0.0),
        (plain("Dropout", before=(784,), rate=0.0), 0.0),
    ],
)
def test_the_ratio_does_not_count_for_a_network_that_begins_with_noise(before: Layer, share: float) -> None:
    """It has met noise, and noise of its own kind makes another ratio; a weak noise layer proves nothing."""
    found = numbers({Quantity.DENOISED_MSE: 0.0115, Quantity.NOISE_RATIO: 1.4}, autoencoder=noisy(before))
    assert check_denoising(family(found), item("denoising")).share == share


def test_noise_behind_the_first_layer_lets_the_ratio_count() -> None:
    """It drops units of the network: the images stay clean."""
    late = noisy(after=(plain("Dropout", before=(30,), rate=0.5),))
    found = numbers({Quantity.NOISE_RATIO: 1.4}, autoencoder=late)
    assert check_denoising(family(found), item("denoising")).share == 0


# noise_layer


def noise(architecture: Architecture) -> Verdict:
    return check_noise_layer(subject(measurements=measured(models(architecture))), item("noise_layer"))


FLATTEN: Final = plain(RESHAPE, before=IMAGE, after=(784,))
PENALTY: Final = plain("ActivityRegularization", before=(784,), l1=0.01)


@pytest.mark.parametrize(
    ("before", "reported"),
    [
        ((DROPOUT,), "Dropout(rate=0.5)"),
        ((plain("GaussianNoise", before=(784,), stddev=0.3),), "GaussianNoise(stddev=0.3)"),
        ((plain("GaussianDropout", before=(784,), rate=0.2),), "GaussianDropout(rate=0.2)"),
        ((plain("SpatialDropout2D", before=(784,), rate=1),), "SpatialDropout2D(rate=1)"),
        ((FLATTEN, DROPOUT), "Dropout(rate=0.5)"),
        ((plain("Dropout", before=IMAGE, rate=0.5), FLATTEN), "Dropout(rate=0.5)"),
        ((plain("Dropout", before=(784,), rate=0.0), DROPOUT), "Dropout(rate=0.5)"),
        ((PENALTY, DROPOUT), "Dropout(rate=0.5)"),
    ],
    ids=["dropout", "gaussian", "multiplied", "channels", "after flatten", "before flatten", "second", "penalty"],
)
def test_noise_before_the_first_layer_that_learns_passes(before: tuple[Layer, ...], reported: str) -> None:
    """Whatever kind of noise, and whatever stands before it that does not learn."""
    assert whole(noise(noisy(*before))) == Whole(Outcome.PASSED, 1, f"The noise comes first: {reported}.", [], [])


BEHIND: Final = plain("Dropout", before=(30,), rate=0.5)


@pytest.mark.parametrize(
    ("architecture", "actual"),
    [
        (noisy(), "The network has no noise layer."),
        (noisy(FLATTEN), "The network has no noise layer."),
        (noisy(after=(BEHIND,)), "Dropout(rate=0.5) stands after a layer that learns."),
        (noisy(FLATTEN, after=(BEHIND,)), "Dropout(rate=0.5) stands after a layer that learns."),
        (noisy(plain("Dropout", before=(784,), rate=0.0)), "Dropout(rate=0.0) makes no noise."),
        (noisy(plain("GaussianNoise", before=(784,), stddev=0)), "GaussianNoise(stddev=0) makes no noise."),
        (noisy(plain("Dropout", before=(784,), rate=0.0), after=(BEHIND,)), "Dropout(rate=0.0) makes no noise."),
    ],
    ids=["none", "flatten alone", "behind", "behind, flatten first", "rate 0", "stddev 0", "rate 0 and behind"],
)
def test_noise_that_is_not_there_or_not_first_fails(architecture: Architecture, actual: str) -> None:
    """The finding says where the noise is that was found."""
    assert whole(noise(architecture)) == Whole(
        Outcome.FAILED,
        0,
        "No noise before the first layer that learns.",
        [
            Told(
                AUTOENCODER,
                "A noise layer with a rate above 0 before the first layer with weights.",
                actual,
                (
                    "Noise on the image makes a denoiser. Behind the first layer it drops units of the network "
                    "instead: a regulariser, and another lesson."
                ),
                "Follow the image through `summary()`: what does it meet first?",
            )
        ],
        [],
    )


def test_noise_is_read_from_the_graph_whatever_ended_the_run() -> None:
    """More training changes no layer."""
    found = family(measured(models(dense_chain(30, 784))), run=TIMED_OUT)
    assert check_noise_layer(found, item("noise_layer")).outcome is Outcome.FAILED


def test_without_an_autoencoder_there_is_no_layer_to_look_for() -> None:
    """Skipped, or a person's where the notebook had no full chance."""
    nothing = Measurements(data="sample")
    assert whole(check_noise_layer(subject(measurements=nothing), item("noise_layer"))) == Whole(
        Outcome.SKIPPED, 0, "Not checked: no autoencoder was found.", [], []
    )
    assert check_noise_layer(subject(TIMED_OUT, nothing), item("noise_layer")).outcome is Outcome.UNGRADABLE


def test_a_model_that_hardly_moved_is_told_of_its_optimizer_and_not_of_noise_that_it_missed() -> None:
    """At a ratio of 1.00 a network has met noise and learnt nothing from it."""
    slow = SlowOptimizer(3, 1, "Adadelta", 0.001, 1.0)
    found = replace(changed(Quantity.DENOISED_MSE, 0.09), slow_optimizers=(slow,))
    numbers = {**found.measurements.values, Quantity.NOISE_RATIO: Measurement(Quantity.NOISE_RATIO, 1.0, "1", "")}
    found = replace(found, measurements=replace(found.measurements, values=numbers))
    reported = whole(check_denoising(found, item("denoising"))).findings
    assert {one.why for one in reported} == {
        "The model is hardly trained: as yet it does no better than one that ignores its input."
    }
    assert all(
        one.hint.startswith(
            "Cell 4 of the notebook, line 1: it trains with Adadelta at its default rate, which is 0.001"
        )
        for one in reported
    )
