"""How few units describe an image: counted by hand, and the same however the numbers of a code are written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import Input, Sequential, layers

from grader.rebuild.quantities.sparsity import sparseness

pytestmark = pytest.mark.usefixtures("alone")

UNITS, IMAGES = 20, 60
RNG = np.random.default_rng(5)
WAYS = RNG.normal(0, 1, (UNITS, 12)).astype(np.float32)


def decoder(scale: Any = 1.0, offset: Any = 0.0) -> Any:
    """A linear decoder that first undoes what was done to the code."""
    model = Sequential([Input((UNITS,)), layers.Dense(12)])
    matrix = (WAYS.T / np.asarray(scale, np.float32)).T
    model.set_weights([matrix, -np.broadcast_to(np.asarray(offset, np.float32), (UNITS,)) @ matrix])
    return model


def codes_with(active: int) -> np.ndarray:
    """Codes of which so many units are 1 for each image, others for each, and all others 0."""
    codes = np.zeros((IMAGES, UNITS), np.float32)
    for image in range(IMAGES):
        codes[image, (np.arange(active) * 3 + image * 7) % UNITS] = 1.0
    return codes


def orthogonal() -> Any:
    """A decoder in which every unit draws a pixel of its own."""
    model = Sequential([Input((UNITS,)), layers.Dense(UNITS, use_bias=False)])
    model.set_weights([np.eye(UNITS)])
    return model


@pytest.mark.parametrize(("active", "units"), [(1, 20.0), (4, 5.0), (5, 4.0)])
def test_equal_units_are_counted(active: int, units: float) -> None:
    """Of 20 units 1, 4 or 5 are on for each image, and all do as much."""
    assert sparseness(orthogonal(), codes_with(active)) == pytest.approx(units, rel=1e-5)


def test_a_dense_code_of_even_numbers_has_hardly_more_units_than_it_takes() -> None:
    """A third of the units, as every number that is drawn from a normal distribution: (E d²)² / E d⁴ = 1/3."""
    codes = RNG.normal(0, 1, (3000, UNITS)).astype(np.float32)
    assert sparseness(orthogonal(), codes) == pytest.approx(3, rel=0.15)


FORMS = {
    "small": (1e-3, 0.0),
    "large": (1e3, 0.0),
    "turned round": (-1.0, 0.0),
    "shifted": (1.0, 5.0),
    "all of it": (-1e-3, 0.5),
    "by unit": (np.geomspace(1e-3, 1e3, UNITS), 0.0),
    "by unit, shifted": (np.geomspace(1e-2, 1e2, UNITS)[::-1], np.linspace(-1, 1, UNITS)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("active", [2, None], ids=["sparse", "dense"])
def test_what_the_decoder_undoes_changes_nothing(form: str, active: int | None) -> None:
    """Multiplied, shifted, turned round, all units alike or each by itself: the network computes the same."""
    scale, offset = FORMS[form]
    codes = RNG.normal(0, 1, (IMAGES, UNITS)).astype(np.float32) if active is None else codes_with(active)
    changed = (codes * scale + offset).astype(np.float32)
    assert sparseness(decoder(scale, offset), changed) == pytest.approx(sparseness(decoder(), codes), rel=0.01)


def test_the_order_of_the_units_changes_nothing() -> None:
    """A permutation of them, and of the decoder's rows."""
    order, codes = RNG.permutation(UNITS), codes_with(3)
    shuffled = Sequential([Input((UNITS,)), layers.Dense(12)])
    shuffled.set_weights([WAYS[order], np.zeros(12)])
    assert sparseness(shuffled, codes[:, order]) == pytest.approx(sparseness(decoder(), codes), rel=1e-5)


def test_units_that_nobody_reads_describe_nothing() -> None:
    """Loud numbers that do not reach the image, beside few that do."""
    codes = codes_with(1)
    codes[:, 10:] = RNG.normal(0, 100, (IMAGES, 10))
    deaf = Sequential([Input((UNITS,)), layers.Dense(UNITS, use_bias=False)])
    deaf.set_weights([np.diag([1.0] * 10 + [0.0] * 10)])
    reported = codes[:, :10].any(axis=1)
    assert sparseness(deaf, codes[reported]) == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize("spread", [0.0, 1e-4])
def test_a_dead_code_is_no_sparse_one(spread: float) -> None:
    """One that says the same, or as good as the same, of every image describes none."""
    codes = np.full((IMAGES, UNITS), 0.5, np.float32) + RNG.normal(0, spread, (IMAGES, UNITS)).astype(np.float32)
    assert sparseness(orthogonal(), codes) == 1.0


def test_a_code_may_have_any_shape() -> None:
    """A grid of 2×10 numbers is 20 units."""
    grid = Sequential([Input((2, 10)), layers.Flatten(), layers.Dense(UNITS, use_bias=False)])
    grid.set_weights([np.eye(UNITS)])
    assert sparseness(grid, codes_with(4).reshape(IMAGES, 2, 10)) == pytest.approx(5, rel=1e-5)
