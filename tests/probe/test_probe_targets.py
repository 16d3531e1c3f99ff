"""Whether a training's target is its input: the same numbers, in whatever shape."""

from __future__ import annotations

import numpy as np
import pytest

from grader.probe.fit_record import FitRecord
from grader.probe.training_data import describe_input

X = np.random.default_rng(0).random((70, 28, 28))


@pytest.mark.parametrize(
    ("x", "y", "same"),
    [
        (X, X, True),
        (X, X.copy(), True),
        (X, X.reshape(70, 784), True),
        (X.reshape(70, 784), X[..., None], True),
        (X, X + 0.1, False),
        (X, np.arange(70), False),
        (X, X.reshape(140, 392), False),
        (X, None, None),
    ],
)
def test_the_target_is_the_input_where_its_numbers_are(
    x: np.ndarray, y: np.ndarray | None, *, same: bool | None
) -> None:
    """Images in 28 by 28 and the same images flat are one target."""
    record = FitRecord(object())
    describe_input(record, x, y)
    assert record.same_target is same
