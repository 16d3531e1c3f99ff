"""Errors that show in numbers which zone M (the measuring process) measured on hidden images, for any code size.

The bounds are far from what our references reach, and close to what the same networks reach with the error: a code of a
shape that we never calibrated may lie between, and is then not reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grader.checks.learning.code_sparsity import TOO_MANY
from grader.checks.learning.latent_space import COLLAPSED, WITHOUT_KL
from grader.domain.grade import Finding
from grader.domain.inspection import Remark
from grader.domain.measurement import Quantity
from grader.domain.messages import message, verbatim

NO_INFORMATION: Final = 0.1
"""KL divergence in nats per image: references 5.7 (two numbers) and 16.8 (ten), a collapsed code 0."""

NO_DIVERGENCE: Final = 0.01
"""Median σ: references 0.064 and 0.25, the same without the KL divergence 0.004 and 0.002."""

NOT_SPARSE: Final = 0.5
ACTIVE: Final = 0.3
"""Share of the code above 0.1 for an average image, and mean absolute value of the code: reference 0.13 and 0.05, the
same without its penalty 0.99 and 0.47. Both must be large: a KL penalty keeps sigmoids near a target, say 0.1."""


def measured_mistakes(name: str, family: str, quality: Mapping[Quantity, float]) -> tuple[Remark, ...]:
    """Return the errors that the numbers of one autoencoder show.

    Args:
        name: The notebook's name for it.
        family: Its family.
        quality: What was measured.
    """
    found: dict[str, Finding | None] = {}
    if family.startswith("variational"):
        found = {"collapsed_code": _collapsed(name, quality), "kl_missing": _without_kl(name, quality)}
    if family == "sparse":
        found = {"penalty_without_effect": _not_sparse(name, quality)}
    return tuple(Remark(kind, finding) for kind, finding in found.items() if finding is not None)


def _collapsed(name: str, quality: Mapping[Quantity, float]) -> Finding | None:
    kl = quality.get(Quantity.KL_DIVERGENCE)
    if kl is None or kl >= NO_INFORMATION:
        return None
    return Finding(
        where=message("The model “{name}”", name=verbatim(name)),
        expected=message("A code that says something about the image."),
        actual=message("KL divergence on hidden images: {kl:.2g} nats.", kl=kl),
        why=COLLAPSED.why,
        hint=COLLAPSED.hint,
    )


def _without_kl(name: str, quality: Mapping[Quantity, float]) -> Finding | None:
    sigma = quality.get(Quantity.MEDIAN_SIGMA)
    if sigma is None or sigma >= NO_DIVERGENCE:
        return None
    return Finding(
        where=message("The model “{name}”", name=verbatim(name)),
        expected=message("Codes with a spread that the KL divergence holds near 1."),
        actual=message("Median σ of the code: {sigma:.2g}.", sigma=sigma),
        why=WITHOUT_KL.why,
        hint=WITHOUT_KL.hint,
    )


def _not_sparse(name: str, quality: Mapping[Quantity, float]) -> Finding | None:
    share = quality.get(Quantity.ACTIVE_SHARE)
    if share is None or share <= NOT_SPARSE or quality.get(Quantity.CODE_ACTIVITY, 0.0) <= ACTIVE:
        return None
    return Finding(
        where=message("The model “{name}”", name=verbatim(name)),
        expected=message("A code of which few numbers are active for one image."),
        actual=message("On average {share:.0%} of its numbers are above 0.1.", share=share),
        why=message(
            "A code this active is that of the same network without any penalty: nothing makes it describe an image "
            "with few units."
        ),
        hint=TOO_MANY.hint,
    )
