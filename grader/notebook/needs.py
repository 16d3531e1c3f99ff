"""Which of the three models a check needs, whether they must have been trained, and what else it looks at.

Every check of the registry is in `NEEDS`, or in `OF_THE_NOTEBOOK` and so left to `grader check`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from grader.checks.structure.halves import OF_HALVES
from grader.domain.measurement import Role

Roles = frozenset[Role]

_ENCODER: Final[Roles] = frozenset({Role.ENCODER})
_DECODER: Final[Roles] = frozenset({Role.DECODER})
_AUTOENCODER: Final[Roles] = frozenset({Role.AUTOENCODER})
_HALVES: Final = _ENCODER | _DECODER
_EVERY: Final[Roles] = frozenset(Role)

_ANY_PART: Final = (_AUTOENCODER, _ENCODER, _DECODER)

NEEDS: Final[Mapping[str, tuple[Roles, ...]]] = {
    "models": (_EVERY,),
    "shapes": _ANY_PART,
    "code_size": _ANY_PART,
    "layers": _ANY_PART,
    "layer_kinds": _ANY_PART,
    "any_length": (_AUTOENCODER, _ENCODER),
    "mirror": (_AUTOENCODER, _HALVES),
    "composition": (_EVERY,),
    "bottleneck": (_AUTOENCODER,),
    "noise_layer": (_AUTOENCODER,),
    "output_range": (_AUTOENCODER,),
    "reconstruction": (_AUTOENCODER,),
    "denoising": (_AUTOENCODER,),
    "plane": (_AUTOENCODER,),
    "sparsity": (_AUTOENCODER | _ENCODER,),
    "latent_distribution": (_EVERY,),
    "elbo": (_EVERY,),
    "prior_samples": (_EVERY,),
    "arrays": (_EVERY,),
    "comparison": (_AUTOENCODER,),
    "stages": (_AUTOENCODER,),
    "classifier": (_AUTOENCODER,),
    "pretrained": (_AUTOENCODER | _ENCODER,),
    "accuracy": (_AUTOENCODER,),
}
"""By check: sets of models, any one of which is enough; the first is the usual one."""

OF_TRAINED: Final = frozenset({
    "output_range", "reconstruction", "denoising", "plane", "sparsity", "latent_distribution", "elbo", "prior_samples",
    "comparison", "stages", "pretrained", "accuracy",
})  # fmt: skip
"""Checks that say nothing before the training."""

OF_ALL_MODELS: Final = frozenset({"comparison", "stages", "classifier", "pretrained", "accuracy"})
"""Checks that look at other models of the notebook, too: asked for by their name, or with everything."""

OF_THE_NOTEBOOK: Final = frozenset({"runs", "imports", "features", "average_precision"})
"""Checks that no model in memory answers: they read the cells, or measure on rows of which none are public."""

OF_PARTS: Final = frozenset(OF_HALVES)
"""Checks that read the layers alone, so that a part of the autoencoder can be judged by itself."""


def can_be_judged(check: str, there: Collection[Role]) -> bool:
    """Say whether the models that are there are enough for a check."""
    return any(need.issubset(there) for need in NEEDS.get(check, ()))


def can_be_counted(check: str, there: Collection[Role]) -> bool:
    """Say whether a check can be asked of all that is there: `models` counts, whatever is still missing."""
    return can_be_judged(check, there) or (check == "models" and bool(there))


def missing(check: str, there: Collection[Role]) -> Roles:
    """Return the models that a check still needs."""
    needs = NEEDS.get(check, ())
    if not needs or can_be_judged(check, there):
        return frozenset()
    return needs[0].difference(there)
