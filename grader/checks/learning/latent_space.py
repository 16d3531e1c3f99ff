"""`latent_distribution`, `elbo`, `prior_samples`: properties of a variational autoencoder that its loss hides."""

from __future__ import annotations

from typing import Final

from grader.checks.core.check import Check, Needs
from grader.checks.core.halves import EVERY_MODEL
from grader.checks.core.statistic import Aspect, Explanation, judged_by_facts
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.assignment import RubricItem
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import message

COLLAPSED: Final = Explanation(
    message(
        "The posterior has collapsed: the code says hardly anything about the image, and every reconstruction looks "
        "like the mean image."
    ),
    message(
        "Is the reconstruction loss a sum over the pixels or their mean? Beside the whole KL divergence, a mean over "
        "784 pixels makes the KL 784 times too dear."
    ),
)
WITHOUT_KL: Final = Explanation(
    message(
        "Nothing holds the codes near N(0, I): the latent space has holes, and what is drawn from it does not look "
        "like the data."
    ),
    message("Does the KL divergence enter the loss that `fit` minimises, and with which weight?"),
)
_NOTHING: Final = message(
    "We found no layer that draws a code from a mean and a log-variance, or no decoder, and could not measure them."
)

_KL: Final = Aspect(Quantity.KL_DIVERGENCE, Role.ENCODER, too_large=WITHOUT_KL, too_small=COLLAPSED)
_ACTIVE: Final = Aspect(Quantity.ACTIVE_UNITS, Role.ENCODER, too_small=COLLAPSED)
_SIGMA: Final = Aspect(Quantity.MEDIAN_SIGMA, Role.ENCODER, too_small=WITHOUT_KL)
_ELBO: Final = Aspect(
    Quantity.NEGATIVE_ELBO,
    Role.AUTOENCODER,
    too_large=Explanation(
        message("The ELBO is what a variational autoencoder maximises: reconstruction and KL divergence together."),
        message("Which of its two parts is far from the reference's? Was the loss still falling in the last epoch?"),
    ),
)
_PRIOR: Final = Aspect(
    Quantity.PRIOR_DISTANCE,
    Role.DECODER,
    too_large=Explanation(
        message("Codes drawn from N(0, I) should decode to images that look like the data."),
        message(
            "Decode some codes drawn from N(0, I) and look at them. Do the codes of real images lie in the same place?"
        ),
    ),
)


def check_latent_distribution(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The codes have a distribution near N(0, I) that still distinguishes images.

    KL divergence between collapse (0) and a network without KL, active units, and median σ, on hidden images.
    """
    return judged_by_facts(subject, (_KL, _ACTIVE, _SIGMA), nothing=_NOTHING)


def check_elbo(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """The evidence lower bound of hidden images is as good as the reference's; no credit for a collapsed code's."""
    return judged_by_facts(subject, (_ELBO,), nothing=_NOTHING)


def check_prior_samples(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Decoded codes drawn from N(0, I) are as close to real images as the reference's; none for those without KL."""
    return judged_by_facts(subject, (_PRIOR,), nothing=_NOTHING)


_NEEDS: Final = Needs((EVERY_MODEL,), trained=True, learnt=True)

CHECKS: Final = (
    Check("latent_distribution", check_latent_distribution, _NEEDS),
    Check("elbo", check_elbo, _NEEDS),
    Check("prior_samples", check_prior_samples, _NEEDS),
)
