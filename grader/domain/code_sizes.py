"""Bounds for a code whose size differs from the reference's, in assignments that leave the size free.

A code of 2 numbers cannot reach what a code of 10 does, however well it is trained, and a code of 32 spreads its
samples farther. So the facts also hold runs with some other sizes (`CODE_SIZES` of a reference). A size between two
calibrated ones gets the laxer bound of its two neighbours on each side; a size outside their range gets the bounds of
the nearest one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.domain.architecture import shape_size
from grader.domain.facts import CalibratedData, CreditCurve, ReferenceFacts, Statistic
from grader.domain.measurement import Measurements, Quantity, Role

Statistics = Mapping[Quantity, Statistic]


def calibrated_for(facts: ReferenceFacts, measurements: Measurements) -> CalibratedData | None:
    """Return what the reference reached on the data of these measurements, with a code as large as the measured one.

    Returns:
        None if the reference was never trained on these data.
    """
    calibrated = facts.on(measurements.data, measurements.dataset)
    size = measurements.value(Quantity.CODE_SIZE)
    if calibrated is None or not calibrated.by_code_size or size is None:
        return calibrated
    return replace(calibrated, statistics=statistics_for(calibrated, own_size(facts), round(size)))


def own_size(facts: ReferenceFacts) -> int:
    """Return how many numbers the code of the reference itself has.

    Raises:
        ValueError: The facts do not say.
    """
    encoder = facts.architectures.get(Role.ENCODER)
    size = None if encoder is None else shape_size(encoder.output_shape)
    if size is None:
        raise ValueError(f"the facts of {facts.reference} do not say how large its code is")
    return size


def statistics_for(calibrated: CalibratedData, own: int, size: int) -> Statistics:
    """Return the numbers to compare a code of `size` numbers with.

    Args:
        calibrated: Of the reference on one data set.
        own: Size of the reference's own code.
        size: Of the code that was measured.
    """
    known = {**calibrated.by_code_size, own: calibrated.statistics}
    below = max((one for one in known if one <= size), default=min(known))
    above = min((one for one in known if one >= size), default=max(known))
    if below == above:
        return known[below]
    nearer, farther = (below, above) if size / below <= above / size else (above, below)
    return {
        quantity: _laxer(statistic, known[farther][quantity]) if quantity in known[farther] else statistic
        for quantity, statistic in known[nearer].items()
    }


def _laxer(nearer: Statistic, farther: Statistic) -> Statistic:
    """Return the nearer statistic with the laxer of both bounds on each side; a side without a bound stays without."""
    theirs = {_is_above(curve): curve for curve in farther.curves}
    pairs = [(curve, theirs[_is_above(curve)]) for curve in nearer.curves if _is_above(curve) in theirs]
    return replace(nearer, curves=tuple(_laxer_curve(*pair) for pair in pairs), decisive=None)


def _laxer_curve(one: CreditCurve, other: CreditCurve) -> CreditCurve:
    return one if (one.full >= other.full) == _is_above(one) else other


def _is_above(curve: CreditCurve) -> bool:
    return curve.trivial >= curve.reference
