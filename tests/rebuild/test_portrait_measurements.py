"""What zone M draws of a model for its report."""

from __future__ import annotations

import numpy as np
import pytest

from grader.domain.portrait import CodePlane, RowErrors
from grader.rebuild.quantities.portrait_measurements import (
    BINS,
    CODES_SHOWN,
    UNITS_SHOWN,
    code_activity,
    code_plane,
    row_errors,
)

RNG = np.random.default_rng(5)


def test_codes_of_two_numbers_stand_where_they_are() -> None:
    """Nothing is turned or moved."""
    codes = np.array([[0.0, 1.0], [2.5, -3.0], [1.0, 1.0]], np.float32)
    found = code_plane(codes, np.array([7, 1, 7]))
    assert found == CodePlane(((0.0, 1.0), (2.5, -3.0), (1.0, 1.0)), (7, 1, 7), 1.0)


def test_longer_codes_are_shown_in_the_plane_of_their_largest_spread() -> None:
    """Of 30 numbers two vary: their plane holds all but the noise, and distances stay."""
    codes = np.zeros((200, 30), np.float32)
    codes[:, 3], codes[:, 17] = RNG.normal(0, 5, 200), RNG.normal(0, 2, 200)
    codes += RNG.normal(0, 0.01, codes.shape).astype(np.float32)
    found = code_plane(codes, None)
    assert found.share > 0.99
    assert found.classes == ()
    shown = np.array(found.points)
    assert np.linalg.norm(shown[0] - shown[1]) == pytest.approx(np.linalg.norm(codes[0] - codes[1]), abs=0.1)


def test_the_plane_does_not_depend_on_the_sign_of_a_direction() -> None:
    """Twice the same, and a few hundred codes at most."""
    codes = RNG.normal(size=(1000, 8)).astype(np.float32)
    assert code_plane(codes, None) == code_plane(codes.copy(), None)
    assert len(code_plane(codes, np.zeros(1000, np.int64)).points) == CODES_SHOWN


@pytest.mark.parametrize("codes", [np.zeros((5, 4)), np.full((5, 4), np.nan), np.ones((5, 1)), np.ones((1, 4))])
def test_there_is_no_plane_of_codes_that_do_not_spread(codes: np.ndarray) -> None:
    """All the same, no numbers, one number, one code."""
    assert code_plane(codes.astype(np.float32), None) == CodePlane()


def test_activity_is_the_mean_size_of_each_number_the_largest_first() -> None:
    """Signs do not matter; as many as can be drawn."""
    assert code_activity(np.array([[-1.0, 0.0, 3.0], [1.0, 0.0, -1.0]], np.float32)) == (2.0, 1.0, 0.0)
    assert len(code_activity(np.ones((3, 1000), np.float32))) == UNITS_SHOWN
    assert code_activity(np.array([[np.inf, 1.0]], np.float32)) == ()


def test_errors_of_both_kinds_are_spread_over_the_same_sizes() -> None:
    """Shares add up to one each; frauds lie higher."""
    normal, fraud = RNG.lognormal(-3, 1, 500), RNG.lognormal(2, 1, 20)
    found = row_errors(np.concatenate([normal, fraud]), np.repeat([0, 1], [500, 20]))
    assert len(found.edges) == BINS + 1
    assert sum(found.normal) == pytest.approx(1, abs=0.01)
    assert sum(found.fraud) == pytest.approx(1, abs=0.01)
    middle = np.arange(BINS)
    assert np.dot(middle, found.fraud) > np.dot(middle, found.normal)


def test_nothing_is_spread_where_all_errors_are_the_same_or_no_numbers() -> None:
    """No bars of nothing."""
    assert row_errors(np.ones(4), np.array([0, 1, 0, 1])) == RowErrors()
    assert row_errors(np.array([1.0, np.nan]), np.array([0, 1])) == RowErrors()
