"""How a family judges one number: the trivial answers on its scale, and how far towards them credit reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grader.domain.facts import Baseline
from grader.domain.measurement import Quantity
from grader.domain.units import Unit

USUAL_SHARE: Final = 0.25
NO_CREDIT_SHARE: Final = 0.90

Values = dict[Quantity, float]
Baselines = dict[Quantity, dict[Baseline, float]]


@dataclass(frozen=True, slots=True)
class CreditReach:
    """The share of the way to a trivial number on which there is credit.

    Attributes:
        full: Full credit at least up to this share of the way.
        ends: No credit from this share of the way on.
    """

    full: float = USUAL_SHARE
    ends: float = NO_CREDIT_SHARE


USUAL: Final = CreditReach()


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one number is reported and judged.

    Attributes:
        unit: Unit of the number.
        above: Baselines that must not get credit and lie above a right answer (a loss); each gives one curve.
        below: The same below a right answer (an accuracy). Both are empty if the number only informs.
        fallback: Baselines above that replace those of `above` if these are so close to a right answer that honest
            variations would lose credit, or nearly so: fairness comes first, and other numbers must tell the two apart.
        stands_in_for: The number for which this one stands in when that one had to fall back. A model that is as good
            as the reference by that number itself (`Statistic.decisive`) needs no stand-in.
        reach: How far towards the trivial number credit reaches.
    """

    unit: Unit | str
    above: tuple[Baseline, ...] = ()
    below: tuple[Baseline, ...] = ()
    fallback: tuple[Baseline, ...] = ()
    stands_in_for: Quantity | None = None
    reach: CreditReach = USUAL


MSE: Final = Judgement(Unit.PIXEL_SQUARED, above=(Baseline.MEAN,))
MSE_INFORMS: Final = Judgement(Unit.PIXEL_SQUARED)
BCE: Final = Judgement(Unit.NAT_PER_PIXEL)
"""The default: the reconstruction error of images."""
