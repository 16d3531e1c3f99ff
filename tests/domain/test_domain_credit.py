"""From a number to credit: curves that fall to either side, and the strictest of several."""

from __future__ import annotations

import pytest

from grader.domain.facts import CalibratedData, CreditCurve, Statistic
from grader.domain.measurement import Quantity

LOSS = CreditCurve(full=0.04, none=0.09, reference=0.02, trivial=0.10)
"""Smaller is better."""

PRECISION = CreditCurve(full=0.6, none=0.2, reference=0.8, trivial=0.0)
"""Larger is better."""


@pytest.mark.parametrize(
    ("value", "credit"),
    [(-1.0, 1.0), (0.02, 1.0), (0.04, 1.0), (0.05, 0.8), (0.065, 0.5), (0.085, 0.1), (0.09, 0.0), (7.0, 0.0)],
)
def test_a_loss_loses_credit_as_it_grows(value: float, credit: float) -> None:
    """1 up to 0.04, 0 from 0.09, and (0.09 - value) / 0.05 between them."""
    assert LOSS.credit(value) == pytest.approx(credit)


@pytest.mark.parametrize(
    ("value", "credit"), [(1.0, 1.0), (0.6, 1.0), (0.5, 0.75), (0.4, 0.5), (0.3, 0.25), (0.2, 0.0), (-1.0, 0.0)]
)
def test_a_precision_loses_credit_as_it_falls(value: float, credit: float) -> None:
    """1 down to 0.6, 0 from 0.2, and (value - 0.2) / 0.4 between them."""
    assert PRECISION.credit(value) == pytest.approx(credit)


@pytest.mark.parametrize(("value", "credit"), [(0.04, 1.0), (0.0400001, 0.0)])
def test_a_curve_without_a_slope_is_a_step(value: float, credit: float) -> None:
    """Where full credit reaches up to no credit, nothing is divided by zero."""
    assert CreditCurve(full=0.04, none=0.04, reference=0.02, trivial=0.10).credit(value) == credit


@pytest.mark.parametrize(
    ("curve", "value", "skill"),
    [
        (LOSS, 0.02, 1.0),
        (LOSS, 0.10, 0.0),
        (LOSS, 0.06, 0.5),
        (LOSS, 0.0, 1.25),
        (PRECISION, 0.8, 1.0),
        (PRECISION, 0.0, 0.0),
        (PRECISION, 0.2, 0.25),
        (PRECISION, 1.0, 1.25),
    ],
)
def test_skill_is_0_like_the_trivial_predictor_and_1_like_the_reference(
    curve: CreditCurve, value: float, skill: float
) -> None:
    """(trivial - value) / (trivial - reference), whichever of the two is the larger one."""
    assert curve.skill(value) == pytest.approx(skill)


def divergence(*curves: CreditCurve) -> Statistic:
    return Statistic(unit="nat/image", runs=10, mean=20.0, deviation=0.5, curves=curves)


TOO_SMALL = CreditCurve(full=15.0, none=5.0, reference=20.0, trivial=0.0)
TOO_LARGE = CreditCurve(full=40.0, none=100.0, reference=20.0, trivial=110.0)


@pytest.mark.parametrize(
    ("value", "credit"), [(0.0, 0.0), (10.0, 0.5), (15.0, 1.0), (20.0, 1.0), (40.0, 1.0), (70.0, 0.5), (200.0, 0.0)]
)
def test_the_strictest_curve_judges(value: float, credit: float) -> None:
    """A KL divergence can be too small and too large: one curve stands on each side of the reference."""
    assert divergence(TOO_SMALL, TOO_LARGE).credit(value) == pytest.approx(credit)


def test_two_curves_on_one_side_do_not_add_up() -> None:
    """0.5 by one and 0.8 by the other is 0.5, neither 0.65 nor 0.4."""
    other = CreditCurve(full=30.0, none=230.0, reference=20.0, trivial=250.0)
    assert other.credit(70.0) == pytest.approx(0.8)
    assert divergence(TOO_LARGE, other).credit(70.0) == divergence(other, TOO_LARGE).credit(70.0) == 0.5


@pytest.mark.parametrize("value", [-1e9, 0.0, 1e9])
def test_a_number_that_no_curve_judges_takes_nothing(value: float) -> None:
    """It only informs."""
    assert divergence().credit(value) == 1.0


def test_the_reconstruction_is_one_of_the_statistics_or_none() -> None:
    """Where a reference has no reconstruction error there is none, and no error."""
    found = divergence()
    data = CalibratedData("sample", "", "", 1, {Quantity.RECONSTRUCTION_MSE: found})
    assert data.reconstruction is found
    assert CalibratedData("sample", "", "", 1, {Quantity.KL_DIVERGENCE: found}).reconstruction is None
