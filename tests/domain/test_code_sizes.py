"""A code of another size than the reference's is compared with a reference whose code is as large."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.authoring.assignment_catalogue import load_facts
from grader.domain.code_sizes import calibrated_for, own_size, statistics_for
from grader.domain.facts import CalibratedData, CreditCurve, Statistic
from grader.domain.measurement import Measurement, Measurements, Quantity

ELBO, KL = Quantity.NEGATIVE_ELBO, Quantity.KL_DIVERGENCE


def calibrated() -> CalibratedData:
    """Numbers of an imagined reference with a code of 10, and of codes of 2 and of 32."""
    return CalibratedData(
        data="sample",
        data_hash="",
        source="",
        epochs=1,
        statistics={ELBO: above(120, 140, 200), KL: both(16, 12, 100)},
        by_code_size={
            2: {ELBO: above(170, 180, 205), KL: both(5, 4, 60)},
            32: {ELBO: above(115, 130, 200), KL: both(25, 20, 120)},
        },
    )


def above(mean: float, full: float, trivial: float) -> Statistic:
    """A number that is better when it is smaller."""
    return Statistic("nat/image", 3, mean, 1.0, curves=(CreditCurve(full, trivial, mean, trivial),))


def both(mean: float, low: float, high: float) -> Statistic:
    """A number that can be too small and too large."""
    curves = (CreditCurve(high, 2 * high, mean, 2 * high), CreditCurve(low, 0.0, mean, 0.0))
    return Statistic("nat/image", 3, mean, 1.0, curves=curves)


@pytest.mark.parametrize(("size", "mean"), [(2, 170), (10, 120), (32, 115), (1, 170), (500, 115)])
def test_a_calibrated_size_has_its_own_numbers_and_the_ends_serve_what_lies_beyond(size: int, mean: float) -> None:
    """A code of 2 is not measured by what one of 10 reaches."""
    assert statistics_for(calibrated(), 10, size)[ELBO].mean == mean


@pytest.mark.parametrize(("size", "mean"), [(4, 170), (5, 120), (16, 120), (20, 115)])
def test_between_two_sizes_the_nearer_one_is_named(size: int, mean: float) -> None:
    """Nearness is that of the ratio: 4 is as far from 2 as 5 from 10."""
    assert statistics_for(calibrated(), 10, size)[ELBO].mean == mean


@pytest.mark.parametrize(
    ("size", "elbo", "kl"), [(4, 180, (100, 4)), (6, 180, (100, 4)), (16, 140, (120, 12)), (20, 140, (120, 12))]
)
def test_between_two_sizes_each_side_has_the_laxer_bound(size: int, elbo: float, kl: tuple[float, float]) -> None:
    """No code loses a point because the next size that was calibrated is not its own."""
    found = statistics_for(calibrated(), 10, size)
    assert [curve.full for curve in found[ELBO].curves] == [elbo]
    assert tuple(curve.full for curve in found[KL].curves) == kl


def test_a_side_that_one_neighbour_leaves_open_stays_open() -> None:
    """Where no bound could be drawn for one of them, none is made up."""
    known = calibrated()
    open_side = replace(known.by_code_size[2][KL], curves=known.by_code_size[2][KL].curves[1:])
    found = statistics_for(replace(known, by_code_size={2: {KL: open_side}}), 10, 5)
    assert [curve.trivial for curve in found[KL].curves] == [0.0]


@pytest.mark.parametrize(("size", "mean"), [(2, 170), (10, 120)])
def test_the_measured_code_decides(size: int, mean: float) -> None:
    """The size is the rebuilt model's, as measured."""
    facts = load_facts("variational")
    known = replace(facts, calibrated={"sample": calibrated()})
    assert own_size(facts) == 10
    measured = Measurements(
        values={Quantity.CODE_SIZE: Measurement(Quantity.CODE_SIZE, float(size), "1", "")},
        data="sample",
        dataset="mnist",
    )
    found = calibrated_for(known, measured)
    assert found is not None
    assert found.statistics[ELBO].mean == mean


def test_a_reference_whose_size_is_fixed_is_compared_as_ever() -> None:
    """Its facts hold no other sizes."""
    facts = load_facts("simple-dense")
    measured = Measurements(
        values={Quantity.CODE_SIZE: Measurement(Quantity.CODE_SIZE, 2.0, "1", "")}, data="sample", dataset="mnist"
    )
    assert calibrated_for(facts, measured) == facts.on("sample", "mnist")
