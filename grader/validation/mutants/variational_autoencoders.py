"""Wrong variational autoencoders."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.operators import Edit, Mutant, TrainingLength, instead

WHOLE: Final = TrainingLength.WHOLE


def _beta(value: str) -> Edit:
    return lambda draft: (
        draft.instead("beta = 1.0", f"beta = {value}") if draft.mentions("Sampling(beta=beta") else None
    )


MUTANTS: Final = (
    Mutant(
        "no-kl",
        message("no KL divergence in the loss"),
        _beta("0.0"),
        ("latent_distribution",),
        ("elbo", "prior_samples"),
        WHOLE,
    ),
    Mutant(
        "collapse",
        message("a KL divergence that weighs 1000 times too much"),
        _beta("1000.0"),
        ("latent_distribution", "elbo"),
        ("prior_samples",),
        WHOLE,
    ),
    Mutant(
        "no-sampling",
        message("the mean in the place of a draw"),
        instead("        if not training:\n            return mean", "        return mean"),
        ("latent_distribution",),
        ("elbo", "prior_samples", "composition"),
        WHOLE,
    ),
    Mutant(
        "mean-loss",
        message("the cross-entropy averaged over the pixels"),
        instead("return ops.sum(pixels,", "return ops.mean(pixels,"),
        ("latent_distribution", "elbo"),
        ("prior_samples",),
        WHOLE,
    ),
)
"""Losses and codes that a variational autoencoder does not have."""
