"""Whether an encoder reads sequences of any length: by what its layers do, not by the input that it declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import Input, Model, layers
from round_trip import receive, send

from grader.domain.measurement import Quantity
from grader.rebuild.quantities.lengths import length_measurements

pytestmark = pytest.mark.usefixtures("alone")

IMAGES = np.random.default_rng(0).random((6, 8, 5), dtype=np.float32)

OPEN = {
    "LSTM": lambda x: layers.LSTM(3)(layers.LSTM(4, return_sequences=True)(x)),
    "GRU both ways": lambda x: layers.Bidirectional(layers.GRU(3))(x),
    "a convolution over time": lambda x: layers.GlobalAveragePooling1D()(layers.Conv1D(4, 3)(x)),
    "a Dense at each step": lambda x: layers.LSTM(3)(layers.TimeDistributed(layers.Dense(4))(x)),
    "attention": lambda x: layers.GlobalMaxPooling1D()(layers.MultiHeadAttention(2, 3)(x, x)),
    "states": lambda x: layers.Concatenate()(layers.LSTM(3, return_state=True)(x)[1:]),
    "nested models": lambda x: Model(y := Input((None, 5)), layers.LSTM(3)(y))(x),
}  # fmt: skip
FIXED = {
    "Flatten": lambda x: layers.Dense(3)(layers.Flatten()(x)),
    "Flatten after an LSTM": lambda x: layers.Dense(3)(layers.Flatten()(layers.LSTM(4, return_sequences=True)(x))),
    "Reshape to the same": lambda x: layers.LSTM(3)(layers.Reshape((8, 5))(x)),
    "Reshape": lambda x: layers.Dense(3)(layers.Reshape((40,))(x)),
    "other columns": lambda x: layers.LSTM(3)(layers.Permute((2, 1))(x)),
}  # fmt: skip


def _runs(make: Any, length: int | None, folder: Path) -> float:
    source = Input((length, 5))
    evidence = send({"encoder": Model(source, make(source))}, folder)
    model, arrays = receive(evidence, "encoder")
    (measured,) = length_measurements(model, evidence, arrays, IMAGES)
    assert measured.name is Quantity.ANY_LENGTH
    return measured.value


@pytest.mark.parametrize("length", [8, None])
@pytest.mark.parametrize("name", OPEN)
def test_layers_that_take_any_length_take_it_whatever_is_declared(
    name: str, length: int | None, tmp_path: Path
) -> None:
    """`Input((28, 28))` in front of an LSTM is spelling."""
    assert _runs(OPEN[name], length, tmp_path) == 1


@pytest.mark.parametrize("name", FIXED)
def test_layers_that_know_the_length_do_not(name: str, tmp_path: Path) -> None:
    """Their arrays or their target shape hold it."""
    assert _runs(FIXED[name], 8, tmp_path) == 0


def test_an_input_that_declares_any_length_is_tried_all_the_same(tmp_path: Path) -> None:
    """A Reshape behind it writes the length in."""
    assert _runs(FIXED["Reshape to the same"], None, tmp_path) == 0


@pytest.mark.parametrize("takes", [(40,), (8, 5, 1), (5, 8)])
def test_of_what_takes_no_rows_nothing_is_said(takes: tuple[int, ...], tmp_path: Path) -> None:
    """The check judges the shape then."""
    source = Input(takes)
    evidence = send({"encoder": Model(source, layers.Dense(3)(layers.Flatten()(source)))}, tmp_path)
    model, arrays = receive(evidence, "encoder")
    assert length_measurements(model, evidence, arrays, IMAGES) == []
