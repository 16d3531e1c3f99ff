"""From the runs of a reference to the credit of a student: bounds that nobody typed in.

The full-credit bound is the looser of two (recipe: non-inferiority margins, FDA 2016; tolerance factors of Hahn and
Meeker, 1991), written for a number that is better when smaller; for one that is better when larger, signs turn round:

    mean + k·s                      one-sided 95/95 tolerance bound of the reference's own runs
    mean + share·(trivial - mean)   a share of the way to the trivial predictor

and credit ends at mean + 0.90·(trivial - mean), where hardly anything was learnt. The share is a quarter (a tenth for
the angle between planes, see `statistics`), or the smallest of 0.30, 0.35 … 0.75 with which at least 99 % of the honest
variations have full credit.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.domain.facts import CreditCurve

SHARES = tuple(round(0.25 + 0.05 * step, 2) for step in range(11))
NO_CREDIT_SHARE = 0.90
HONEST_WITH_FULL_CREDIT = 0.99

_TOLERANCE_FACTORS = {3: 7.656, 4: 5.144, 5: 4.203, 6: 3.708, 7: 3.399, 8: 3.187, 9: 3.031, 10: 2.911, 15: 2.566,
                      20: 2.396, 30: 2.220}  # fmt: skip
_PREDICTION_QUANTILES = {3: 31.60, 4: 12.92, 5: 8.610, 6: 6.869, 7: 5.959, 8: 5.408, 9: 5.041, 10: 4.781, 15: 4.140,
                         20: 3.883, 30: 3.659}  # fmt: skip
"""Student's t at 0.9995 with n - 1 degrees of freedom."""

FEWEST_RUNS = min(_TOLERANCE_FACTORS)


def credit_curve(mean: float, deviation: float, runs: int, trivial: float, *, share: float = SHARES[0]) -> CreditCurve:
    """Return the curve of the module docstring from the reference's runs.

    Raises:
        ValueError: Fewer than three runs.
    """
    way = trivial - mean
    towards_trivial = 1.0 if way >= 0 else -1.0
    tolerance = _factor(_TOLERANCE_FACTORS, runs) * deviation
    allowed = min(max(tolerance, share * abs(way)), NO_CREDIT_SHARE * abs(way))
    return CreditCurve(
        full=mean + towards_trivial * allowed,
        none=mean + NO_CREDIT_SHARE * way,
        reference=mean,
        trivial=trivial,
        share=share,
    )


def fair_curve(
    spread: tuple[float, float, int], trivial: float, *, honest: Sequence[float], least_share: float = SHARES[0]
) -> CreditCurve:
    """Return the strictest curve that gives at least 99 % of the honest numbers full credit, or the laxest there is.

    Args:
        spread: Mean and deviation of the reference, and the runs behind them.
        trivial: The number of the trivial predictor.
        honest: Numbers of honest runs.
        least_share: No curve is stricter than this share of the way.

    Raises:
        ValueError: Fewer than three runs.
    """
    for share in (least_share, *(one for one in SHARES if one > least_share)):
        curve = credit_curve(*spread, trivial, share=share)
        if sum(curve.credit(value) == 1.0 for value in honest) >= HONEST_WITH_FULL_CREDIT * len(honest):
            break
    return curve


def separates(mean: float, deviation: float, runs: int, trivial: float, *, above: bool) -> bool:
    """Say whether the reference is better than a trivial predictor by more than its own spread.

    Where it is not, no curve can tell a right answer from a trivial one, and a person has to.

    Args:
        mean: Of the reference.
        deviation: Of the reference.
        runs: Behind both.
        trivial: The number of the trivial predictor.
        above: The trivial number should be the larger one.

    Raises:
        ValueError: Fewer than three runs.
    """
    way = (trivial - mean) if above else (mean - trivial)
    return _factor(_TOLERANCE_FACTORS, runs) * deviation < NO_CREDIT_SHARE * way


def distance(value: float, mean: float, deviation: float) -> float:
    """Return (value - mean) / deviation; 0 where both are 0, infinite where only the deviation is."""
    if deviation > 0:
        return (value - mean) / deviation
    return 0.0 if value == mean else float("inf") * (1 if value > mean else -1)


def farthest_distance(runs: int) -> float:
    """Return how many deviations from the mean one more run of the same model may be.

    Two-sided 99.9 % prediction interval of a normal sample: t · √(1 + 1/n).

    Raises:
        ValueError: Fewer than three runs.
    """
    return float(_factor(_PREDICTION_QUANTILES, runs) * (1 + 1 / runs) ** 0.5)


def _factor(table: dict[int, float], runs: int) -> float:
    """Return the entry for as many runs or fewer: between two entries the stricter claim is not made."""
    usable = [n for n in table if n <= runs]
    if not usable:
        raise ValueError(f"{runs} runs are too few for a bound")
    return table[max(usable)]
