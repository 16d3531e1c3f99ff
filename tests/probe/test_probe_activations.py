"""Activations are named by what they compute; layers are described in plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from grader.probe.settings import activation_name, describe, own_activation


@pytest.mark.parametrize(
    "name",
    ["relu", "sigmoid", "tanh", "selu", "elu", "softmax", "softplus", "softsign", "gelu", "exponential", "leaky_relu",
     "hard_sigmoid", "mish", "relu6", "log_softmax", "celu", "hard_tanh", "glu", "linear", "swish", "hard_swish"],
)  # fmt: skip
def test_keras_activations_have_their_own_names(name: str) -> None:
    """Each of the list, as a function of Keras and behind a lambda of the same effect."""
    function = getattr(keras.activations, name)
    assert activation_name(function) == name
    behind = activation_name(lambda x: function(x))
    assert behind == {"celu": "elu"}.get(name, name)  # celu is elu where alpha is 1


def raising(_: Any) -> Any:
    raise RuntimeError("not today")


def nearly_relu(x: Any) -> Any:
    return ops.where(x > 50, 50.0, ops.relu(x))


@pytest.mark.parametrize(
    "function",
    [
        raising, nearly_relu, lambda x: ops.relu(x) * 1.001, lambda x: x - ops.mean(x), lambda x: x[:, :5],
        lambda x: ops.relu(x) + keras.random.normal(ops.shape(x)) * 1e-3, lambda x: "relu", lambda x: x * 0, len,
        layers.PReLU(), layers.Dense(3), layers.ReLU(max_value=3), layers.LeakyReLU(negative_slope=0.01),
    ],
    ids=["raises", "capped at 50", "a little more", "centred", "cut", "noisy", "a text", "zero", "a length", "PReLU",
         "Dense", "capped at 3", "hardly leaking"],
)  # fmt: skip
def test_what_is_none_of_keras_has_no_name(function: Callable[[Any], Any]) -> None:
    """Better a call of its own than a wrong name."""
    assert activation_name(function) is None


def test_naming_never_builds_a_layer_for_our_grid() -> None:
    """A PReLU that was not built yet would keep the grid's shape and break the student's model."""
    slope = layers.PReLU()
    assert activation_name(slope) is None
    assert slope.built is False


def test_a_name_is_not_believed() -> None:
    """`def relu(x): return x * x` computes no relu, whatever Keras's own serialisation makes of it."""

    def relu(x: Any) -> Any:
        return x * x

    dense = layers.Dense(3, activation=relu)
    assert dense.get_config()["activation"] == "relu"
    assert describe(dense)["config"]["activation"] == "linear"
    assert own_activation(dense) is relu
    assert describe(layers.LSTM(3, activation=relu))["config"]["activation"] == "(relu)"
    assert own_activation(layers.LSTM(3, activation=relu)) is None


def test_settings_are_plain_data() -> None:
    """What JSON cannot hold becomes a note in brackets, and NumPy's numbers become numbers."""

    class Odd(layers.Layer):
        def get_config(self) -> dict[str, Any]:
            return {
                "half": np.float16(0.5), "count": np.int64(3), "many": np.arange(3), "nested": {"a": (1, {2: "x"})},
                "infinite": float("inf"), "object": object, "flag": np.True_, "tensor": ops.convert_to_tensor(2.0),
            }  # fmt: skip

    described = describe(Odd())
    assert described["class_name"] == "Odd"
    assert json.loads(json.dumps(described["config"], allow_nan=False)) == {
        "half": 0.5, "count": 3, "many": [0, 1, 2], "nested": {"a": [1, {"2": "x"}]}, "infinite": "(float inf)",
        "object": "(type <class 'object'>)", "flag": True, "tensor": 2.0,
    }  # fmt: skip


def test_a_layer_that_cannot_say_its_settings_has_none() -> None:
    """A student's own `get_config` that raises is no reason to lose the model."""

    class Silent(layers.Layer):
        def get_config(self) -> dict[str, Any]:
            raise ZeroDivisionError

    assert describe(Silent())["config"] == {}


def test_a_wrapper_describes_what_it_wraps_as_strictly() -> None:
    """True module and named activation of the inner layer as well."""

    class Dense(layers.Dense):
        pass

    inner = describe(layers.TimeDistributed(layers.Dense(3, activation=lambda x: ops.relu(x))))["config"]["layer"]
    assert (inner["class_name"], inner["module"], inner["config"]["activation"]) == (
        "Dense", "keras.src.layers.core.dense", "relu",
    )  # fmt: skip
    assert describe(layers.TimeDistributed(Dense(3)))["config"]["layer"]["module"] == __name__
