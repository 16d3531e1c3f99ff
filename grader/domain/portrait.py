"""What a report draws besides the numbers. No check sees it, and no point rests on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.evidence import FitClaim

CURVES_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class CodePlane:
    """The codes of some samples, projected on the plane in which they vary most.

    Attributes:
        points: Two coordinates of each code.
        classes: The class of each sample; empty if samples have none.
        share: Part of the codes' variance that lies in the plane.
    """

    points: tuple[tuple[float, float], ...] = ()
    classes: tuple[int, ...] = ()
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class RowErrors:
    """Distribution of errors, for normal rows and for frauds.

    Attributes:
        edges: Bounds of the bins, one more than there are bins.
        normal: Share of the normal rows in each.
        fraud: Share of the frauds in each.
    """

    edges: tuple[float, ...] = ()
    normal: tuple[float, ...] = ()
    fraud: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Portrait:
    """What zone M (the measuring process) draws of one model, depending on its lesson.

    Attributes:
        plane: The codes in the plane.
        activity: Mean absolute value of each number of the code, the largest first.
        errors: Distribution of the errors of normal rows and frauds.
    """

    plane: CodePlane = CodePlane()
    activity: tuple[float, ...] = ()
    errors: RowErrors = RowErrors()


@dataclass(frozen=True, slots=True)
class LossCurve:
    """The loss of one training by epoch, as the notebook reported it: a claim.

    Attributes:
        name: What the model was called, or "".
        epochs: Number of epochs; the losses are spread evenly over them.
        losses: On the training data.
        validation: On the validation data, as many, or none.
    """

    name: str
    epochs: int
    losses: tuple[float, ...]
    validation: tuple[float, ...] = ()


def loss_curves(fits: Sequence[FitClaim]) -> tuple[LossCurve, ...]:
    """Return the curves of the longest reported trainings, in the order in which they ran."""
    recorded = [fit for fit in fits if len(fit.losses) > 1]
    longest = sorted(recorded, key=lambda fit: -len(fit.losses))[:CURVES_SHOWN]
    return tuple(
        LossCurve(
            fit.names[0] if fit.names else "",
            fit.epochs,
            fit.losses,
            fit.validation_losses if len(fit.validation_losses) == len(fit.losses) else (),
        )
        for fit in recorded
        if fit in longest
    )
