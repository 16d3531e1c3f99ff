"""What a report draws beside the numbers. No check sees it, and no point rests on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.evidence import FitClaim

CURVES_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class CodePlane:
    """The codes of some samples in the plane in which they spread most.

    Attributes:
        points: Two coordinates of each code.
        classes: The class of each sample; empty where samples have none.
        share: Part of the codes' variance that lies in the plane.
    """

    points: tuple[tuple[float, float], ...] = ()
    classes: tuple[int, ...] = ()
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class RowErrors:
    """How often errors of a size occur, of normal rows and of frauds.

    Attributes:
        edges: Bounds of the sizes, one more than there are counts.
        normal: Share of the normal rows in each.
        fraud: Share of the frauds in each.
    """

    edges: tuple[float, ...] = ()
    normal: tuple[float, ...] = ()
    fraud: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Portrait:
    """What zone M drew of one model, as far as its lesson asks for it.

    Attributes:
        plane: Where codes lie.
        activity: Mean size of each number of the code, the largest first.
        errors: Of normal rows and frauds.
    """

    plane: CodePlane = CodePlane()
    activity: tuple[float, ...] = ()
    errors: RowErrors = RowErrors()


@dataclass(frozen=True, slots=True)
class LossCurve:
    """How the loss of one training fell, as the notebook told it: a claim.

    Attributes:
        name: What the model was called, or "".
        epochs: How many there were; the losses are spread evenly over them.
        losses: On what was trained on.
        validation: On what was held out, as many, or none.
    """

    name: str
    epochs: int
    losses: tuple[float, ...]
    validation: tuple[float, ...] = ()


def loss_curves(fits: Sequence[FitClaim]) -> tuple[LossCurve, ...]:
    """Return the curves of the longest trainings that were told of, in the order in which they were run."""
    told = [fit for fit in fits if len(fit.losses) > 1]
    longest = sorted(told, key=lambda fit: -len(fit.losses))[:CURVES_SHOWN]
    return tuple(
        LossCurve(
            fit.names[0] if fit.names else "",
            fit.epochs,
            fit.losses,
            fit.validation_losses if len(fit.validation_losses) == len(fit.losses) else (),
        )
        for fit in told
        if fit in longest
    )
