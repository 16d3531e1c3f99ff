"""`latent_distribution`, `elbo` and `prior_samples`: a collapsed code, a code without KL, and a right one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from grader.checks.core.verdict import CheckFunction, Verdict
from grader.checks.learning.latent_space import check_elbo, check_latent_distribution, check_prior_samples
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity

from .builders import item, without
from .family_subjects import changed, family, numbers
from .reading import Told, Whole, whole

ENCODER: Final = "The encoder, called “encoder” in the notebook"
COLLAPSED: Final = (
    (
        "The posterior has collapsed: the code says hardly anything about the image, and every reconstruction looks "
        "like the mean image."
    ),
    (
        "Is the reconstruction loss a sum over the pixels or their mean? Beside the whole KL divergence, a mean over "
        "784 pixels makes the KL 784 times too dear."
    ),
)
WITHOUT_KL: Final = (
    (
        "Nothing holds the codes near N(0, I): the latent space has holes, and what is drawn from it does not look "
        "like the data."
    ),
    "Does the KL divergence enter the loss that `fit` minimises, and with which weight?",
)


def code(changes: Mapping[Quantity, float] | None = None) -> Verdict:
    return check_latent_distribution(family(numbers(changes)), item("latent_distribution"))


def test_a_code_near_the_prior_that_tells_images_apart_passes() -> None:
    """All three numbers beside the reference's."""
    assert whole(code()) == Whole(
        Outcome.PASSED,
        1,
        (
            "KL divergence (nats an image): 16.00; the reference 16.00. "
            "Numbers of the code that are used: 10; the reference 10. "
            "Median σ of the code: 0.250; the reference 0.250."
        ),
        [],
        [(Quantity.KL_DIVERGENCE, 16), (Quantity.ACTIVE_UNITS, 10), (Quantity.MEDIAN_SIGMA, 0.25)],
    )


def test_a_collapsed_code_fails_and_is_told_as_collapsed() -> None:
    """KL 0, no number used, σ = 1 (which nobody blames): the mean over pixels beside the whole KL."""
    verdict = whole(code({Quantity.KL_DIVERGENCE: 0, Quantity.ACTIVE_UNITS: 0, Quantity.MEDIAN_SIGMA: 1}))
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0)
    assert verdict.findings == [
        Told(
            ENCODER,
            "KL divergence (nats an image): at least 12.00.",
            "KL divergence (nats an image): 0.00.",
            *COLLAPSED,
        ),
        Told(
            ENCODER,
            "Numbers of the code that are used: at least 7.",
            "Numbers of the code that are used: 0.",
            *COLLAPSED,
        ),
    ]


def test_a_code_without_kl_fails_and_is_told_as_such() -> None:
    """KL of hundreds of nats, σ near 0: an ordinary autoencoder in disguise."""
    verdict = whole(code({Quantity.KL_DIVERGENCE: 470, Quantity.MEDIAN_SIGMA: 0.002}))
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0)
    assert verdict.findings == [
        Told(
            ENCODER,
            "KL divergence (nats an image): at most 100.00.",
            "KL divergence (nats an image): 470.00.",
            *WITHOUT_KL,
        ),
        Told(ENCODER, "Median σ of the code: at least 0.180.", "Median σ of the code: 0.002.", *WITHOUT_KL),
    ]


@pytest.mark.parametrize(
    ("quantity", "value", "expected", "advice"),
    [
        (Quantity.KL_DIVERGENCE, 200, "KL divergence (nats an image): at most 100.00.", WITHOUT_KL),
        (Quantity.KL_DIVERGENCE, 7, "KL divergence (nats an image): at least 12.00.", COLLAPSED),
        (Quantity.ACTIVE_UNITS, 4, "Numbers of the code that are used: at least 7.", COLLAPSED),
        (Quantity.MEDIAN_SIGMA, 0.1, "Median σ of the code: at least 0.180.", WITHOUT_KL),
    ],
    ids=["too large", "too small", "few units", "narrow"],
)
def test_half_way_to_either_side_earns_half_and_hears_of_that_side(
    quantity: Quantity, value: float, expected: str, advice: tuple[str, str]
) -> None:
    """A KL that is too small and one that is too large are different mistakes."""
    verdict = whole(code({quantity: value}))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, 0.5)
    assert [(reported.expected, reported.why, reported.hint) for reported in verdict.findings] == [(expected, *advice)]


# elbo


def test_a_bound_like_the_references_passes() -> None:
    """A better one as well."""
    for value in (240.0, 200.0):
        assert whole(check_elbo(changed(Quantity.NEGATIVE_ELBO, value), item("elbo"))) == Whole(
            Outcome.PASSED,
            1,
            f"Negative ELBO (nats an image): {value:.1f}; the reference 240.0.",
            [],
            [(Quantity.NEGATIVE_ELBO, value)],
        )


@pytest.mark.parametrize(("value", "outcome", "share"), [(280.0, Outcome.PARTIAL, 0.5), (310.0, Outcome.FAILED, 0)])
def test_a_bound_like_a_collapsed_models_earns_nothing(value: float, outcome: Outcome, share: float) -> None:
    """In between part of the points, with the question which of its two parts is far off."""
    verdict = whole(check_elbo(changed(Quantity.NEGATIVE_ELBO, value), item("elbo")))
    assert (verdict.outcome, verdict.share) == (outcome, share)
    assert verdict.findings == [
        Told(
            "The autoencoder, called “autoencoder” in the notebook",
            "Negative ELBO (nats an image): at most 260.0.",
            f"Negative ELBO (nats an image): {value:.1f}.",
            "The ELBO is what a variational autoencoder maximises: reconstruction and KL divergence together.",
            "Which of its two parts is far from the reference's? Was the loss still falling in the last epoch?",
        )
    ]


# prior_samples


def test_samples_that_look_like_the_data_pass() -> None:
    """The distance beside the reference's."""
    verdict = check_prior_samples(changed(Quantity.PRIOR_DISTANCE, 5.5), item("prior_samples"))
    assert whole(verdict) == Whole(
        Outcome.PASSED,
        1,
        "Distance of samples from the prior to the nearest real image: 5.50; the reference 5.00.",
        [],
        [(Quantity.PRIOR_DISTANCE, 5.5)],
    )


@pytest.mark.parametrize(("value", "outcome", "share"), [(7.0, Outcome.PARTIAL, 0.5), (8.5, Outcome.FAILED, 0)])
def test_samples_far_from_the_data_lose(value: float, outcome: Outcome, share: float) -> None:
    """None like a network without KL; the decoder is where to look."""
    verdict = whole(check_prior_samples(changed(Quantity.PRIOR_DISTANCE, value), item("prior_samples")))
    assert (verdict.outcome, verdict.share) == (outcome, share)
    assert verdict.findings == [
        Told(
            "The decoder, called “decoder” in the notebook",
            "Distance of samples from the prior to the nearest real image: at most 6.00.",
            f"Distance of samples from the prior to the nearest real image: {value:.2f}.",
            "Codes drawn from N(0, I) should decode to images that look like the data.",
            (
                "Decode some codes drawn from N(0, I) and look at them. Do the codes of real images lie in the same "
                "place?"
            ),
        )
    ]


@pytest.mark.parametrize("check", [check_latent_distribution, check_elbo, check_prior_samples])
def test_a_network_without_a_drawn_code_waits_for_a_person(check: CheckFunction) -> None:
    """Its layer that draws may be one that we do not know."""
    bare = without(
        numbers(),
        Quantity.KL_DIVERGENCE,
        Quantity.ACTIVE_UNITS,
        Quantity.MEDIAN_SIGMA,
        Quantity.NEGATIVE_ELBO,
        Quantity.PRIOR_DISTANCE,
    )
    assert whole(check(family(bare), item("elbo"))) == Whole(
        Outcome.UNGRADABLE,
        0,
        (
            "We found no layer that draws a code from a mean and a log-variance, or no decoder, and could not measure "
            "them."
        ),
        [],
        [],
    )
