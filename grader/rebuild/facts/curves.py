"""Credit curves: computes the bounds for students from the runs of a reference; none is typed in by hand.

The full-credit bound is the looser of two (recipe: non-inferiority margins, FDA 2016; tolerance factors of Hahn and
Meeker, 1991), given here for a number that is better when smaller; for the opposite kind, signs are reversed:

    mean + k·s                      one-sided 95/95 tolerance bound of the reference's own runs
    mean + share·(trivial - mean)   a share of the way to the trivial predictor

Credit ends at mean + 0.90·(trivial - mean), where hardly anything was learnt. The share is a quarter (a tenth for
the angle between planes, see `families.plane`), or the smallest of 0.30, 0.35 … 0.75 that gives at least 99 % of the
honest variations full credit.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from grader.domain.facts import CreditCurve
from grader.rebuild.families.judgement import NO_CREDIT_SHARE, USUAL, USUAL_SHARE, CreditReach

SHARES = tuple(round(USUAL_SHARE + 0.05 * step, 2) for step in range(11))
HONEST_WITH_FULL_CREDIT = 0.99

_TOLERANCE_FACTORS = {3: 7.656, 4: 5.144, 5: 4.203, 6: 3.708, 7: 3.399, 8: 3.187, 9: 3.031, 10: 2.911, 15: 2.566,
                      20: 2.396, 30: 2.220}  # fmt: skip
_PREDICTION_QUANTILES = {3: 31.60, 4: 12.92, 5: 8.610, 6: 6.869, 7: 5.959, 8: 5.408, 9: 5.041, 10: 4.781, 15: 4.140,
                         20: 3.883, 30: 3.659}  # fmt: skip
"""Student's t at 0.9995 with n - 1 degrees of freedom."""

FEWEST_RUNS = min(_TOLERANCE_FACTORS)


DECISIVE: Final = CreditReach(0.25, 0.5)


def credit_curve(
    mean: float, deviation: float, runs: int, trivial: float, *, reach: CreditReach = USUAL
) -> CreditCurve:
    """Return the curve of the module docstring from the reference's runs.

    Raises:
        ValueError: Fewer than three runs.
    """
    way = trivial - mean
    towards_trivial = 1.0 if way >= 0 else -1.0
    tolerance = _factor(_TOLERANCE_FACTORS, runs) * deviation
    allowed = min(max(tolerance, reach.full * abs(way)), reach.ends * abs(way))
    return CreditCurve(
        full=mean + towards_trivial * allowed,
        none=mean + reach.ends * way,
        reference=mean,
        trivial=trivial,
        share=reach.full,
    )


def decisive_curve(own: Sequence[float], rival: float, rivals: Sequence[float]) -> CreditCurve | None:
    """Return the curve by which this number alone proves a model as good as the reference and better than any rival.

    If the two are so close that some honest variations lie beyond the rival, no curve is fair to all. This curve gives
    full credit up to a quarter of the way to the rival and none from half of the way on.

    Args:
        own: Runs of the reference; None is returned if one of them lies on the rival's side.
        rival: Mean of the answer that must not get credit.
        rivals: Its runs; None is returned if one of them would get credit, or if there are none.
    """
    mean = statistics.fmean(own)
    way = rival - mean
    none = mean + DECISIVE.ends * way
    if not rivals or any((one - none) * way <= 0 for one in rivals) or any((one - none) * way >= 0 for one in own):
        return None
    return CreditCurve(mean + DECISIVE.full * way, none, mean, rival, DECISIVE.full)


def fair_curve(
    spread: tuple[float, float, int], trivial: float, *, honest: Sequence[float], reach: CreditReach = USUAL
) -> CreditCurve:
    """Return the strictest curve that gives at least 99 % of the honest numbers full credit, else the laxest curve.

    Args:
        spread: Mean and deviation of the reference, and the runs behind them.
        trivial: The number of the trivial predictor.
        honest: Numbers of honest runs.
        reach: No curve is stricter than this.

    Raises:
        ValueError: Fewer than three runs.
    """
    for share in (reach.full, *(one for one in SHARES if reach.full < one < reach.ends)):
        curve = credit_curve(*spread, trivial, reach=replace(reach, full=share))
        if sum(curve.credit(value) == 1.0 for value in honest) >= HONEST_WITH_FULL_CREDIT * len(honest):
            break
    return curve


def separates(mean: float, deviation: float, runs: int, trivial: float, *, above: bool) -> bool:
    """Return whether the reference is better than a trivial predictor by more than its own spread.

    If it is not, no curve can tell a right answer from a trivial one, and a person has to decide.

    Args:
        mean: Mean of the reference.
        deviation: Standard deviation of the reference.
        runs: Number of runs behind both.
        trivial: The number of the trivial predictor.
        above: Whether the trivial number should be the larger one.

    Raises:
        ValueError: Fewer than three runs.
    """
    way = (trivial - mean) if above else (mean - trivial)
    return _factor(_TOLERANCE_FACTORS, runs) * deviation < NO_CREDIT_SHARE * way


def distance(value: float, mean: float, deviation: float) -> float:
    """Return (value - mean) / deviation; 0 if both are 0, infinite if only the deviation is."""
    if deviation > 0:
        return (value - mean) / deviation
    return 0.0 if value == mean else float("inf") * (1 if value > mean else -1)


def farthest_distance(runs: int) -> float:
    """Return how many deviations from the mean another run of the same model may lie.

    Two-sided 99.9 % prediction interval of a normal sample: t · √(1 + 1/n).

    Raises:
        ValueError: Fewer than three runs.
    """
    return float(_factor(_PREDICTION_QUANTILES, runs) * (1 + 1 / runs) ** 0.5)


def _factor(table: dict[int, float], runs: int) -> float:
    """Return the entry for this number of runs or the next smaller one, which is the more cautious bound."""
    usable = [n for n in table if n <= runs]
    if not usable:
        raise ValueError(f"{runs} runs are too few for a bound")
    return table[max(usable)]
