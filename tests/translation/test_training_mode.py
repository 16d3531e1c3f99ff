"""Models of one's own that Keras 3 trains as it predicts: what is reported about them, and that Keras does so."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from grader.domain.outdated import Translation
from grader.domain.submission import CodeCell, Notebook
from grader.locale import Translator
from grader.translation.old_code import read_old_code

HEAD = "import keras\nfrom keras import layers\n"
WITHOUT = """class AE(keras.Model):
    def __init__(self):
        super().__init__()
        self.noise = layers.GaussianNoise(0.5)
        self.out = layers.Dense(784)

    def call(self, x):
        return self.out(self.noise(x))
"""
GIVEN = """class AE(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def call(self, x):
        return self.decoder(self.encoder(x))
"""
SAMPLING = """class Sampling(layers.Layer):
    def call(self, inputs, training=None):
        return inputs[0]

code = Sampling()([mean, log_variance])
"""


def found(*cells: str) -> tuple[Translation, ...]:
    notebook = Notebook(tuple(CodeCell(2 * index, "", source) for index, source in enumerate(cells)))
    old = read_old_code(notebook)
    assert old.notebook is notebook
    return tuple(one for one in old.found if one.training)


def test_a_model_that_is_trained_as_it_predicts_is_told_with_its_place() -> None:
    """The layer that does nothing, and what to write."""
    (reported,) = found(HEAD, WITHOUT)
    assert (reported.cell_index, reported.line, reported.before, reported.applied) == (2, 7, "def call(self, x)", False)
    assert Translator("en").text(reported.why) == (
        "Keras 3 trains a model whose `call` takes no `training` as it predicts, with GaussianNoise idle. Write "
        "`def call(self, x, training=None):`."
    )


@pytest.mark.parametrize("made", ["noise = layers.Dropout(0.5)", SAMPLING])
def test_what_a_model_is_given_may_act_in_training_alone(made: str) -> None:
    """An encoder with Dropout, or with a layer of one's own that asks whether it trains."""
    assert [one.cell_index for one in found(HEAD, made, GIVEN)] == [4]


@pytest.mark.parametrize(
    "cells",
    [
        (HEAD, WITHOUT.replace("call(self, x)", "call(self, x, training=None)")),
        (HEAD, WITHOUT.replace("call(self, x)", "call(self, x, **options)")),
        (HEAD, WITHOUT.replace("keras.Model", "layers.Layer")),
        (HEAD, WITHOUT.replace("layers.GaussianNoise(0.5)", "layers.Flatten()")),
        (HEAD, WITHOUT + "\n    def train_step(self, data):\n        return {}\n"),
        (HEAD, GIVEN),
        (HEAD, "other = keras.Sequential([layers.Dropout(0.5)])", WITHOUT.replace("layers.GaussianNoise(0.5)", "abs")),
        ("import torch", WITHOUT.replace("keras.Model", "torch.nn.Module")),
    ],
    ids=["reported", "any", "layer", "no noise", "own step", "plain parts", "noise elsewhere", "torch"],
)
def test_other_models_are_left_alone(cells: tuple[str, ...]) -> None:
    """Models with a `training` argument, that train themselves, or that hold nothing that acts in training alone."""
    assert found(*cells) == ()


@pytest.mark.parametrize("knows", [False, True])
def test_keras_tells_a_layer_inside_only_where_call_asks(knows: bool) -> None:
    """Real Keras, one step of `fit`; where this changes, what is reported must go."""
    reported: list[Any] = []

    class Spy(keras.layers.Layer):
        def call(self, inputs: Any, training: bool | None = None) -> Any:
            reported.append(training)
            return inputs

    class Plain(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inside = keras.Sequential([Spy(), keras.layers.Dense(2)])

        def call(self, inputs: Any) -> Any:
            return self.inside(inputs)

    class Asking(Plain):
        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return self.inside(inputs)

    model = Asking() if knows else Plain()
    data = np.ones((4, 2), "float32")
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(data, data, verbose=0)
    assert reported[-1] is (True if knows else None)
