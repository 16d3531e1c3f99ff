"""Copies are recognised, rounded or with units in another order; two trainings are none."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.audit.weight_fingerprints import Fingerprints, same, sets_seed
from grader.domain.submission import CodeCell
from grader.rebuild.quantities import audited_training
from grader.rebuild.quantities.audited_training import fingerprint

Arrays = Sequence[np.ndarray]


def network(seed: int) -> Arrays:
    """Arrays with the spreads of a trained `simple-dense`."""
    rng = np.random.default_rng(seed)
    shapes, spreads = ((784, 32), (32,), (32, 784), (784,)), (0.12, 0.4, 0.3, 0.9)
    return [rng.normal(-0.02, spread, shape) for shape, spread in zip(shapes, spreads, strict=True)]


def print_of(arrays: Arrays) -> tuple[float, ...]:
    """As zone M makes it of a rebuilt model whose layers hold these arrays."""
    model: Any = SimpleNamespace(steps=[SimpleNamespace(arrays=[str(n) for n in range(len(arrays))])])
    return fingerprint(model, {str(n): array for n, array in enumerate(arrays)})


def in_another_order(arrays: Arrays) -> Arrays:
    order = np.random.default_rng(0).permutation(32)
    first, bias, second, last = arrays
    return [first[:, order], bias[order], second[order], last]


ONE = network(1)


@pytest.mark.parametrize(
    "copy",
    [
        ONE,
        [array.astype(np.float16) for array in ONE],
        [np.round(array, 3) for array in ONE],
        in_another_order(ONE),
        in_another_order([array.astype(np.float16) for array in ONE]),
    ],
    ids=["bytes", "float16", "three decimals", "units in another order", "both"],
)
def test_a_copy_has_the_same_fingerprint(copy: Arrays) -> None:
    """Rounding and renumbering hide nothing."""
    assert same(print_of(ONE), print_of(copy))


def test_two_trainings_never_have_the_same() -> None:
    """Of 200 networks with the same spreads, no two are taken for copies."""
    prints = [print_of(network(seed)) for seed in range(200)]
    assert not any(same(one, other) for at, one in enumerate(prints) for other in prints[:at])


def test_small_or_other_networks_are_not_compared() -> None:
    """Seventeen parameters are too few; other layers are other numbers."""
    small = [np.zeros((3, 2)), np.zeros(2)]
    assert sum(array.size for array in small) < audited_training.FEWEST_NUMBERS
    assert print_of(small) == ()
    assert not same((), ())
    assert not same(print_of(ONE), print_of(ONE[:2]))


def test_twins_are_other_students() -> None:
    """Whoever hands in twice is no twin, and neither is one without a fingerprint."""
    known = Fingerprints()
    known.note("ana", print_of(ONE))
    known.note("eva", print_of(ONE))
    known.note("leo", ())
    assert known.twins("ana", print_of(ONE)) == ("eva",)
    assert known.twins("luz", print_of(in_another_order(ONE))) == ("ana", "eva")
    assert known.twins("luz", print_of(network(2))) == ()
    assert known.twins("leo", ()) == ()


@pytest.mark.parametrize(
    ("source", "explains"),
    [
        ("keras.utils.set_random_seed(42)", True),
        ("rng = np.random.default_rng(0)", True),
        ("train_test_split(x, random_state=1)", True),
        ("autoencoder.fit(x, x)", False),
    ],
)
def test_a_seed_explains_equal_weights(source: str, *, explains: bool) -> None:
    """Two honest runs of the same code with the same seed end in the same numbers."""
    assert sets_seed([CodeCell(0, "", source)]) is explains
