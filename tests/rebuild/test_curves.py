"""Bounds from runs: the curve by hand in both directions, the fair share, and how far chance goes."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from grader.domain.facts import CreditCurve
from grader.rebuild.facts import curves
from grader.rebuild.facts.curves import (
    FEWEST_RUNS,
    SHARES,
    CreditReach,
    credit_curve,
    decisive_curve,
    distance,
    fair_curve,
    farthest_distance,
    separates,
)

# The curve


def test_the_margin_decides_where_runs_agree() -> None:
    """Mean 0.02, s 0.0001, 10 runs, mean image 0.10: 0.02 + 0.25·0.08 = 0.04 is looser than 0.02 + 2.911·0.0001."""
    assert credit_curve(0.02, 0.0001, 10, 0.10) == CreditCurve(
        full=pytest.approx(0.04), none=pytest.approx(0.092), reference=0.02, trivial=0.10, share=0.25
    )


def test_the_tolerance_bound_decides_where_runs_differ() -> None:
    """Mean 0.02, s 0.01, 10 runs: 0.02 + 2.911·0.01 = 0.04911 is looser than 0.04 (factor: Hahn and Meeker, 95/95)."""
    assert credit_curve(0.02, 0.01, 10, 0.10).full == pytest.approx(0.04911)


def test_signs_turn_round_where_larger_is_better() -> None:
    """Mean 0.8, trivial 0: 0.8 - 0.25·0.8 = 0.6 has full credit, 0.8 - 0.9·0.8 = 0.08 none."""
    assert credit_curve(0.8, 0.001, 10, 0.0) == CreditCurve(
        full=pytest.approx(0.6), none=pytest.approx(0.08), reference=0.8, trivial=0.0, share=0.25
    )


def test_the_tolerance_bound_lies_below_the_mean_where_larger_is_better() -> None:
    """Mean 0.8, s 0.1, 10 runs: 0.8 - 2.911·0.1 = 0.5089 is looser than 0.6."""
    curve = credit_curve(0.8, 0.1, 10, 0.0)
    assert (curve.full, curve.none) == (pytest.approx(0.5089), pytest.approx(0.08))
    assert [curve.credit(value) for value in (0.9, 0.51, 0.0799)] == [1.0, 1.0, 0.0]


def test_a_larger_share_gives_more_full_credit() -> None:
    """0.02 + 0.40·0.08 = 0.052, and the share is reported; the end of all credit stays."""
    curve = credit_curve(0.02, 0.0001, 10, 0.10, reach=CreditReach(0.40))
    assert (curve.full, curve.none, curve.share) == (pytest.approx(0.052), pytest.approx(0.092), 0.40)


@pytest.mark.parametrize(
    ("runs", "factor"), [(3, 7.656), (10, 2.911), (12, 2.911), (19, 2.566), (20, 2.396), (99, 2.220)]
)
def test_the_factor_is_that_of_as_many_runs_or_fewer(runs: int, factor: float) -> None:
    """Between two entries of the table the stricter claim is not made."""
    assert credit_curve(0.02, 0.005, runs, 0.10).full == pytest.approx(0.02 + max(factor * 0.005, 0.25 * 0.08))
    assert credit_curve(0.02, 0.005, runs, 0.03).full == pytest.approx(min(0.02 + factor * 0.005, 0.02 + 0.9 * 0.01))


@pytest.mark.parametrize(("trivial", "end"), [(0.10, 0.092), (-0.06, -0.052)], ids=["smaller", "larger"])
def test_full_credit_never_reaches_past_no_credit(trivial: float, end: float) -> None:
    """A reference that scatters wildly must not give full points for the mean image."""
    curve = credit_curve(0.02, 1.0, 3, trivial)
    assert curve.full == curve.none == pytest.approx(end)
    assert curve.credit(trivial) == 0.0


@pytest.mark.parametrize("runs", [0, 1, 2])
def test_two_runs_are_too_few(runs: int) -> None:
    """No bound can be computed from them; nor how far chance goes."""
    sentence = f"{runs} runs are too few for a bound"
    with pytest.raises(ValueError, match=sentence):
        credit_curve(0.02, 0.01, runs, 0.10)
    with pytest.raises(ValueError, match=sentence):
        fair_curve((0.02, 0.01, runs), 0.10, honest=[])
    with pytest.raises(ValueError, match=sentence):
        farthest_distance(runs)
    with pytest.raises(ValueError, match=sentence):
        separates(0.02, 0.01, runs, 0.10, above=True)
    assert FEWEST_RUNS == 3


# Whether a curve can tell a right answer from a trivial one


@pytest.mark.parametrize(
    ("deviation", "trivial", "above", "expected"),
    [
        (0.01, 1.0, True, False),
        (0.01, 1.05, True, True),
        (0.01, 1.0, False, False),
        (0.01, 0.95, False, True),
        (0.01, 0.95, True, False),
        (0.01, 1.05, False, False),
        (0.01, 1.0324, True, True),
        (0.01, 1.0323, True, False),
        (0.01, 0.9676, False, True),
        (0.01, 0.9677, False, False),
        (0.0, 1.0, True, False),
        (0.0, 1.0001, True, True),
    ],
)
def test_a_reference_is_apart_when_its_bound_ends_before_all_credit_does(
    deviation: float, trivial: float, above: bool, expected: bool
) -> None:
    """Mean 1, s 0.01, 10 runs: 2.911·0.01 < 0.9·way from a way of 0.03235 on, and on the right side only."""
    assert separates(1.0, deviation, 10, trivial, above=above) is expected


# The fair share


def test_shares_are_a_quarter_to_three_quarters() -> None:
    """In steps of 0.05, with no dust of binary fractions."""
    assert SHARES == (0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75)


@pytest.mark.parametrize(
    ("honest", "share"),
    [
        ([], 0.25),
        ([1.0, 1.5, 3.4], 0.25),
        ([1.0, 3.6], 0.30),
        ([1.0, 3.6, 5.4], 0.45),
        ([1.0, 8.4], 0.75),
        ([1.0, 8.6], 0.75),
        ([1.0, 99.0], 0.75),
    ],
)
def test_the_smallest_share_with_which_the_honest_keep_full_credit(honest: list[float], share: float) -> None:
    """Mean 1, trivial 11: a share of p gives full credit up to 1 + 10·p; where none is enough the laxest is taken."""
    curve = fair_curve((1.0, 0.01, 10), 11.0, honest=honest)
    assert curve == credit_curve(1.0, 0.01, 10, 11.0, reach=CreditReach(share))


@pytest.mark.parametrize(("honest", "share"), [([10.0, 7.4], 0.30), ([10.0, 5.6], 0.45), ([10.0, 0.0], 0.75)])
def test_the_same_where_larger_is_better(honest: list[float], share: float) -> None:
    """Mean 10, trivial 0: a share of p gives full credit down to 10 - 10·p."""
    assert fair_curve((10.0, 0.01, 10), 0.0, honest=honest).share == share


def test_one_of_a_hundred_may_fall_behind_and_two_may_not() -> None:
    """99 % is the border, and on it the curve is still strict."""
    assert fair_curve((1.0, 0.01, 10), 11.0, honest=[1.0] * 99 + [6.9]).share == 0.25
    assert fair_curve((1.0, 0.01, 10), 11.0, honest=[1.0] * 98 + [6.9] * 2).share == 0.60


def test_a_number_may_ask_for_more_room() -> None:
    """No curve is stricter than the least share, however near the honest runs are."""
    assert fair_curve((1.0, 0.01, 10), 11.0, honest=[1.0], reach=CreditReach(0.5)).share == 0.5
    assert fair_curve((1.0, 0.01, 10), 11.0, honest=[1.0], reach=CreditReach(0.1)).full == pytest.approx(2.0)
    assert fair_curve((1.0, 0.01, 10), 11.0, honest=[2.1], reach=CreditReach(0.1)).share == 0.25


def test_credit_may_end_earlier_than_usual() -> None:
    """Where chance comes far on the way to the trivial number; no share of full credit goes beyond that end."""
    curve = fair_curve((1.0, 0.01, 10), 11.0, honest=[1.0, 9.0], reach=CreditReach(0.1, 0.35))
    assert (curve.full, curve.none, curve.share) == (pytest.approx(4.0), pytest.approx(4.5), 0.30)


def test_a_number_decides_alone_on_the_references_side_of_the_middle() -> None:
    """Mean 1, a rival at 2: full credit up to 1.25, none from 1.5 on, whatever the spread."""
    curve = decisive_curve([1.0], 2.0, [1.9, 2.1])
    assert curve == CreditCurve(full=1.25, none=1.5, reference=1.0, trivial=2.0, share=0.25)
    assert [curve.credit(value) for value in (0.9, 1.25, 1.375, 1.5)] == [1.0, 1.0, 0.5, 0.0]


@pytest.mark.parametrize("rivals", [[], [1.9, 1.45], [1.5]], ids=["none", "one too near", "on the end"])
def test_a_number_decides_nothing_alone_where_a_rival_would_have_credit(rivals: list[float]) -> None:
    """Or where nobody knows how far rivals come."""
    assert decisive_curve([1.0], 2.0, rivals) is None


# How far chance goes


@pytest.mark.parametrize(
    ("value", "deviation", "expected"),
    [
        (13.0, 2.0, 1.5),
        (8.5, 0.5, -3.0),
        (10.0, 2.0, 0.0),
        (10.0, 0.0, 0.0),
        (10.1, 0.0, float("inf")),
        (9.9, 0.0, -float("inf")),
    ],
)
def test_distances_are_counted_in_deviations_and_have_a_sign(value: float, deviation: float, expected: float) -> None:
    """From a mean of 10; runs that agree to the last digit allow no other number."""
    assert distance(value, 10.0, deviation) == expected


@pytest.mark.parametrize(
    ("runs", "expected"), [(3, 36.4885), (5, 9.4318), (6, 7.4194), (10, 5.0144), (12, 4.9762), (30, 3.7195)]
)
def test_one_more_run_may_be_so_far_away(runs: int, expected: float) -> None:
    """t(0.9995, n - 1)·√(1 + 1/n): 8.610·√1.2 = 9.432 for five runs; 12 runs have the t of 10, with their own root."""
    assert farthest_distance(runs) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("runs", curves._PREDICTION_QUANTILES)
def test_the_quantiles_are_student_s(runs: int) -> None:
    """Every entry of the table, to the digits that it states."""
    stats = pytest.importorskip("scipy.stats")
    assert curves._PREDICTION_QUANTILES[runs] == pytest.approx(stats.t.ppf(0.9995, runs - 1), rel=5e-4)


@pytest.mark.parametrize("runs", curves._TOLERANCE_FACTORS)
def test_the_factors_are_those_of_a_one_sided_tolerance_bound(runs: int) -> None:
    """K = t'(0.95; n - 1, z₀.₉₅·√n) / √n, of the noncentral t distribution: 95 % of all runs, with 95 % confidence."""
    stats = pytest.importorskip("scipy.stats")
    shift = NormalDist().inv_cdf(0.95) * runs**0.5
    exact = stats.nct.ppf(0.95, runs - 1, shift) / runs**0.5
    assert curves._TOLERANCE_FACTORS[runs] == pytest.approx(exact, rel=5e-4)
