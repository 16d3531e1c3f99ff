"""The layers of the course, each in a small model: rebuilt equal, with the right shape and parameters, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Model, Sequential, layers, ops
from round_trip import answers, round_trip, shake, summary

from grader.rebuild.network.allowlist import RefusedError

pytestmark = pytest.mark.usefixtures("alone")

IMAGE, FRAMES, VECTOR = (8, 8, 2), (6, 3), (8,)


@dataclass(frozen=True)
class Case:
    """A layer, what goes in, what comes out, and how many numbers it holds (counted by hand, as written)."""

    make: Callable[[], Any]
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    parameters: int = 0
    kind: str = ""


CASES = {
    "Conv2D same": Case(lambda: layers.Conv2D(4, 3, padding="same", activation="relu"), IMAGE, (8, 8, 4), 3 * 3 * 2 * 4 + 4),
    "Conv2D valid, strides": Case(lambda: layers.Conv2D(4, (3, 2), strides=2), IMAGE, (3, 4, 4), 3 * 2 * 2 * 4 + 4),
    "Conv2D dilated, no bias": Case(
        lambda: layers.Conv2D(4, 3, dilation_rate=2, use_bias=False), IMAGE, (4, 4, 4), 3 * 3 * 2 * 4
    ),
    "Conv2DTranspose valid": Case(
        lambda: layers.Conv2DTranspose(3, 3, strides=2, padding="valid"), IMAGE, (17, 17, 3), 3 * 3 * 2 * 3 + 3
    ),
    "Conv2DTranspose same": Case(
        lambda: layers.Conv2DTranspose(3, 3, strides=2, padding="same"), IMAGE, (16, 16, 3), 3 * 3 * 2 * 3 + 3
    ),
    "Conv2DTranspose output_padding": Case(
        lambda: layers.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=0), IMAGE, (15, 15, 3), 57
    ),
    "SeparableConv2D": Case(lambda: layers.SeparableConv2D(4, 3), IMAGE, (6, 6, 4), 3 * 3 * 2 + 2 * 4 + 4),
    "MaxPooling2D valid": Case(lambda: layers.MaxPooling2D(3), IMAGE, (2, 2, 2)),
    "MaxPooling2D same": Case(lambda: layers.MaxPooling2D(3, padding="same"), IMAGE, (3, 3, 2)),
    "AveragePooling2D": Case(lambda: layers.AveragePooling2D(2, strides=1), IMAGE, (7, 7, 2)),
    "GlobalAveragePooling2D": Case(lambda: layers.GlobalAveragePooling2D(), IMAGE, (2,)),
    "GlobalMaxPooling2D keepdims": Case(lambda: layers.GlobalMaxPooling2D(keepdims=True), IMAGE, (1, 1, 2)),
    "UpSampling2D": Case(lambda: layers.UpSampling2D((2, 3)), IMAGE, (16, 24, 2)),
    "UpSampling2D bilinear": Case(lambda: layers.UpSampling2D(2, interpolation="bilinear"), IMAGE, (16, 16, 2)),
    "ZeroPadding2D": Case(lambda: layers.ZeroPadding2D(((1, 2), (0, 1))), IMAGE, (11, 9, 2)),
    "Cropping2D": Case(lambda: layers.Cropping2D(((1, 2), (0, 1))), IMAGE, (5, 7, 2)),
    "Conv1D causal": Case(lambda: layers.Conv1D(4, 3, padding="causal"), FRAMES, (6, 4), 3 * 3 * 4 + 4),
    "Conv1DTranspose": Case(lambda: layers.Conv1DTranspose(4, 3, strides=2), FRAMES, (13, 4), 3 * 3 * 4 + 4),
    "MaxPooling1D": Case(lambda: layers.MaxPooling1D(2), FRAMES, (3, 3)),
    "UpSampling1D": Case(lambda: layers.UpSampling1D(2), FRAMES, (12, 3)),
    "GlobalAveragePooling1D": Case(lambda: layers.GlobalAveragePooling1D(), FRAMES, (3,)),
    "LSTM": Case(lambda: layers.LSTM(4), FRAMES, (4,), 4 * (3 * 4 + 4 * 4 + 4)),
    "LSTM sequences": Case(
        lambda: layers.LSTM(4, return_sequences=True, go_backwards=True, dropout=0.5, unit_forget_bias=False),
        FRAMES, (6, 4), 128,
    ),
    "GRU": Case(lambda: layers.GRU(4), FRAMES, (4,), 3 * (3 * 4 + 4 * 4 + 2 * 4)),
    "GRU reset before": Case(lambda: layers.GRU(4, reset_after=False), FRAMES, (4,), 3 * (3 * 4 + 4 * 4 + 4)),
    "SimpleRNN": Case(lambda: layers.SimpleRNN(4, activation="relu"), FRAMES, (4,), 3 * 4 + 4 * 4 + 4),
    "RepeatVector": Case(lambda: layers.RepeatVector(5), VECTOR, (5, 8)),
    "Permute": Case(lambda: layers.Permute((2, 1)), FRAMES, (3, 6)),
    "TimeDistributed Dense": Case(
        lambda: layers.TimeDistributed(layers.Dense(4, activation="relu")), FRAMES, (6, 4), 3 * 4 + 4, "Dense"
    ),
    "TimeDistributed Conv1D": Case(
        lambda: layers.TimeDistributed(layers.Conv1D(4, 3)), (5, 6, 3), (5, 4, 4), 3 * 3 * 4 + 4, "Conv1D"
    ),
    "BatchNormalization": Case(lambda: layers.BatchNormalization(), IMAGE, IMAGE, 4 * 2),
    "BatchNormalization bare": Case(lambda: layers.BatchNormalization(center=False, scale=False), VECTOR, VECTOR, 2 * 8),
    "LayerNormalization": Case(lambda: layers.LayerNormalization(epsilon=0.1), IMAGE, IMAGE, 2 * 2),
    "LayerNormalization over all": Case(
        lambda: layers.LayerNormalization(axis=(1, 2, 3)), IMAGE, IMAGE, 2 * 8 * 8 * 2
    ),
    "ReLU": Case(lambda: layers.ReLU(max_value=0.5, negative_slope=0.1, threshold=0.1), VECTOR, VECTOR),
    "LeakyReLU": Case(lambda: layers.LeakyReLU(negative_slope=0.3), VECTOR, VECTOR),
    "ELU": Case(lambda: layers.ELU(alpha=0.5), VECTOR, VECTOR),
    "PReLU": Case(lambda: layers.PReLU(shared_axes=[1, 2]), IMAGE, IMAGE, 2),
    "Softmax": Case(lambda: layers.Softmax(axis=1), FRAMES, FRAMES),
    "Bidirectional LSTM": Case(
        lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)), FRAMES, (6, 8), 2 * 128, "LSTM"
    ),
    "Bidirectional GRU": Case(
        lambda: layers.Bidirectional(layers.GRU(4), merge_mode="ave"), FRAMES, (4,), 2 * 3 * (3 * 4 + 4 * 4 + 2 * 4), "GRU"
    ),
    "Embedding": Case(lambda: layers.Embedding(9, 3), VECTOR, (8, 3), 9 * 3),
    "EinsumDense": Case(
        lambda: layers.EinsumDense("ab,bc->ac", output_shape=4, bias_axes="c", activation="relu"), VECTOR, (4,), 8 * 4 + 4
    ),
    "Rescaling": Case(lambda: layers.Rescaling(2.0, offset=-1.0), VECTOR, VECTOR),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_layer_of_the_course_is_rebuilt_equal(name: str, tmp_path: Path) -> None:
    """Outputs to 1e-5, and one layer in the canonical form with the shape and parameters counted by hand."""
    case = CASES[name]
    model = Sequential([Input(case.takes), case.make()])
    shake(model)
    rebuilt, architecture = round_trip(model, tmp_path)
    inputs = np.random.default_rng(5).normal(0, 1, (3, *case.takes)).astype(np.float32)
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), rtol=0, atol=1e-5)
    assert summary(architecture) == [(case.kind or name.split()[0], case.gives, case.parameters)]
    assert rebuilt.parameters == case.parameters == model.count_params()


@pytest.mark.parametrize("kind", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"])
def test_a_merging_layer_is_rebuilt_with_all_its_inputs(kind: str, tmp_path: Path) -> None:
    """Order of the inputs included: Subtract and Concatenate depend on it."""
    source = Input(VECTOR)
    first, second = layers.Dense(4)(source), layers.Dense(4)(source)
    model = Model(source, getattr(layers, kind)()([second, first]))
    shake(model)
    rebuilt, architecture = round_trip(model, tmp_path)
    inputs = np.random.default_rng(5).normal(0, 1, (3, *VECTOR)).astype(np.float32)
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), rtol=0, atol=1e-5)
    assert sorted(architecture.layers[2].inputs) == [0, 1]


@pytest.mark.parametrize(
    ("make", "takes", "reason"),
    [
        (lambda: layers.Discretization([0.5]), VECTOR, "the layer `Discretization`"),
        (
            lambda: layers.Bidirectional(layers.LSTM(3), backward_layer=layers.LSTM(3, "relu", go_backwards=True)),
            FRAMES, "`Bidirectional` around two layers that are not one recurrent layer and its twin",
        ),
        (lambda: layers.BatchNormalization(renorm=True), IMAGE, "BatchNormalization(renorm=True)"),
        (lambda: layers.LSTM(3, stateful=True), FRAMES, "LSTM(stateful=True)"),
        (lambda: layers.GRU(3, recurrent_activation=lambda x: x * 0.5), FRAMES, "GRU(recurrent_activation='(<lambda>)')"),
        (lambda: layers.TimeDistributed(OwnDense(4)), FRAMES, "`TimeDistributed` around the layer `Dense`"),
        (lambda: layers.Dense(3, activation=np_activation), VECTOR, "`the activation of Dense` cannot be traced"),
        (lambda: layers.Lambda(lambda x: keras.random.normal((8,)) + x), VECTOR, None),
    ],
    ids=["classes", "unlike twins", "renorm", "stateful", "gate", "own layer inside", "numpy", "random"],
)  # fmt: skip
def test_what_cannot_be_rebuilt_is_refused_by_name(
    make: Callable[[], Any], takes: tuple[int, ...], reason: str | None, tmp_path: Path
) -> None:
    """A refusal names the layer or the setting, so that a person knows what to look at."""
    batch = (2, *takes) if reason and "stateful" in reason else (None, *takes)
    model = Sequential([Input(batch_shape=batch), make()])
    if reason is None:  # a constant that was drawn once is no longer random: distinguished by running it twice
        rebuilt, _ = round_trip(model, tmp_path)
        zeros = np.zeros((1, 8), np.float32)
        np.testing.assert_array_equal(answers(rebuilt.model, zeros), answers(rebuilt.model, zeros))
        return
    with pytest.raises(RefusedError) as refusal:
        round_trip(model, tmp_path)
    assert str(refusal.value).startswith(reason)


class OwnDense(layers.Dense):
    """A student's own layer that calls itself as Keras's does."""


OwnDense.__name__ = "Dense"


def np_activation(x: Any) -> Any:
    return np.maximum(np.asarray(x), 0.1)


def test_settings_may_be_numpy_numbers(tmp_path: Path) -> None:
    """A slope that NumPy computed and a shape that is an array are settings like any other."""
    model = Sequential([Input(VECTOR), layers.LeakyReLU(np.float32(0.5)), layers.Reshape(np.array([2, 4]))])
    rebuilt, architecture = round_trip(model, tmp_path)
    inputs = np.random.default_rng(5).normal(0, 1, (3, *VECTOR)).astype(np.float32)
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), rtol=0, atol=1e-5)
    assert architecture.layers[0].attribute("negative_slope") == 0.5


def test_a_model_of_two_inputs_is_refused(tmp_path: Path) -> None:
    """No image goes in twice."""
    first, second = Input(VECTOR), Input(VECTOR)
    with pytest.raises(RefusedError, match="a model with 2 inputs and 1 outputs"):
        round_trip(Model([first, second], layers.Add()([first, second])), tmp_path)


def test_dense_over_frames_is_the_same_with_and_without_time_distributed(tmp_path: Path) -> None:
    """After an LSTM both act on the last axis."""

    def model(last: Any) -> Any:
        return Sequential([Input(FRAMES), layers.LSTM(4, return_sequences=True), last])

    _, plain = round_trip(model(layers.Dense(3)), tmp_path / "plain")
    _, wrapped = round_trip(model(layers.TimeDistributed(layers.Dense(3))), tmp_path / "wrapped")
    assert [(x.kind, x.attributes, x.output_shape) for x in plain.layers] == [
        (x.kind, x.attributes, x.output_shape) for x in wrapped.layers
    ]


def test_sequences_of_free_length_stay_free(tmp_path: Path) -> None:
    """`Input((None, 28))` takes any number of rows."""
    model = Sequential([Input((None, 28)), layers.LSTM(4, return_sequences=True), layers.Dense(28)])
    shake(model)
    rebuilt, architecture = round_trip(model, tmp_path)
    assert (architecture.input_shape, architecture.output_shape) == ((None, 28), (None, 28))
    for rows in (3, 28):
        frames = np.random.default_rng(1).random((2, rows, 28), dtype=np.float32)
        np.testing.assert_allclose(answers(rebuilt.model, frames), answers(model, frames), atol=1e-5)


# Activations


def named(name: str) -> Callable[[Any], Any]:
    """A function that squares and calls itself like one of Keras's."""

    def square(x: Any) -> Any:
        return x * x

    square.__name__ = name
    return square


@pytest.mark.parametrize(
    ("activation", "reported"),
    [
        (named("relu"), [("Dense", "linear"), ("Multiply", "linear")]),
        (layers.LeakyReLU(negative_slope=0.3), [("Dense", "linear"), ("LeakyReLU", "linear")]),
        (layers.LeakyReLU(negative_slope=0.2), [("Dense", "leaky_relu")]),
        (layers.ReLU(max_value=0.5), [("Dense", "linear"), ("ReLU", "linear")]),
        (layers.ReLU(max_value=6), [("Dense", "relu6")]),
        (layers.ELU(alpha=0.5), [("Dense", "linear"), ("ELU", "linear")]),
        (layers.PReLU(), [("Dense", "linear"), ("PReLU", "linear")]),
        (lambda x: ops.relu(x) * 2, [("Dense", "relu"), ("Multiply", "linear")]),
        (lambda x: ops.minimum(ops.relu(x), 5.0), [("Dense", "relu"), ("Minimum", "linear")]),
        (lambda x: 1 / (1 + ops.exp(-x)), [("Dense", "sigmoid")]),
        (lambda x: x - ops.mean(x, axis=-1, keepdims=True),
         [("Dense", "linear"), ("Mean", "linear"), ("Subtract", "linear")]),
        (keras.activations.hard_tanh, [("Dense", "hard_tanh")]),
        ("relu6", [("Dense", "relu6")]),
        ("glu", [("Dense", "glu")]),
    ],
    ids=["function named relu", "LeakyReLU 0.3", "LeakyReLU 0.2", "ReLU capped", "ReLU 6", "ELU 0.5", "PReLU",
         "twice relu", "relu up to 5", "sigmoid by hand", "centred", "hard_tanh", "relu6", "glu"],
)  # fmt: skip
def test_an_activation_is_what_it_computes(activation: Any, reported: list[tuple[str, str]], tmp_path: Path) -> None:
    """Never what it is called: one that is none of Keras's becomes a call of its own behind a linear layer."""
    model = Sequential([Input(VECTOR), layers.Dense(4, activation=activation)])
    shake(model)
    model.layers[0].kernel.assign(model.layers[0].kernel * 20)
    rebuilt, architecture = round_trip(model, tmp_path)
    inputs = np.random.default_rng(5).normal(0, 1, (50, *VECTOR)).astype(np.float32)
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), rtol=1e-5, atol=1e-5)
    assert [(layer.kind, layer.activation) for layer in architecture.layers] == reported


# Operators


class TiedDense(layers.Layer):
    """Decodes with the transposed kernel of the encoder (Géron, 2019), written for Keras 3."""

    def __init__(self, dense: Any) -> None:
        super().__init__()
        self.dense = dense

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.bias = self.add_weight(shape=(self.dense.kernel.shape[0],), initializer="zeros")
        self.built = True

    def call(self, code: Any) -> Any:
        return ops.matmul(code, ops.transpose(self.dense.kernel)) + self.bias


def tied(source: Any) -> Any:
    dense = layers.Dense(3, activation="relu")
    return TiedDense(dense)(dense(source))


class RawWeight(layers.Layer):
    """A matrix of its own, multiplied from the right."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.matrix = self.add_weight(shape=(shape[-1], 5), initializer="ones")
        self.built = True

    def call(self, x: Any) -> Any:
        return x @ self.matrix


OPERATORS: dict[str, tuple[Callable[[Any], Any], list[str], int]] = {
    "slice": (lambda x: layers.Dense(4)(x[:, :3]), ["GetItem", "Dense"], 3 * 4 + 4),
    "ellipsis and step": (lambda x: x[..., ::2], ["GetItem"], 0),
    "scale and shift": (lambda x: x * 0.5 + layers.Dense(8)(x), ["Rescaling", "Dense", "Add"], 72),
    "number first": (lambda x: 1.0 - x / 2, ["Rescaling", "Rescaling"], 0),
    "power and minus": (lambda x: -(x**2), ["Power", "Negative"], 0),
    "reshape": (lambda x: layers.Conv1D(2, 3)(ops.reshape(x, (-1, 8, 1))), ["Reshape", "Conv1D"], 3 * 2 + 2),
    "expand and squeeze": (lambda x: ops.squeeze(ops.expand_dims(x, 1), 1), ["Reshape"], 0),
    "concatenate": (lambda x: ops.concatenate([x, layers.Dense(2)(x)], axis=-1), ["Dense", "Concatenate"], 18),
    "stack": (lambda x: ops.stack([x, -x], axis=1), ["Negative", "Stack"], 0),
    "mean": (lambda x: x - ops.mean(x, axis=-1, keepdims=True), ["Mean", "Subtract"], 0),
    "clip": (lambda x: ops.clip(x, 0, 1), ["Clip"], 0),
    "softmax of another axis": (
        lambda x: ops.softmax(layers.RepeatVector(3)(x) * 2, axis=1), ["RepeatVector", "Multiply", "Softmax"], 0,
    ),
    "raw weight": (RawWeight(), ["Dense"], 40),
    "tied weights": (tied, ["Dense", "Dense"], 8 * 3 + 3 + 8),
    "add a constant array": (lambda x: x + np.arange(8, dtype=np.float32), ["Add"], 0),
    "where": (lambda x: ops.where(x > 0, x, ops.sign(x)), ["Greater", "Sign", "Where"], 0),
    "cast": (lambda x: x * ops.cast(x >= 0.5, "float32"), ["GreaterEqual", "Multiply"], 0),
    "compared": (lambda x: x * ops.cast(x < 0.5, "float32") + ops.cast(x <= 0.2, x.dtype), ["Less", "LessEqual", "Multiply", "Add"], 0),
    "split": (lambda x: ops.split(x, 2, axis=-1)[1] * ops.split(x, [4], axis=1)[0], ["GetItem", "GetItem", "Multiply"], 0),
    "others": (lambda x: ops.log_softmax(ops.rsqrt(ops.var(x, axis=1, keepdims=True)) * x), ["Var", "Rsqrt", "Multiply", "LogSoftmax"], 0),
    "sums of products": (lambda x: ops.einsum("bi,bj->bij", x, x), ["Einsum"], 0),
    "stop gradient": (lambda x: ops.stop_gradient(layers.Dense(2)(x)), ["Dense"], 18),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_between_layers_are_rebuilt_equal(name: str, tmp_path: Path) -> None:
    """`x * 0.5 + y` counts as much as `Add()([…])`; constants are no parameters, raw weights are."""
    make, kinds, parameters = OPERATORS[name]
    source = Input(VECTOR)
    model = Model(source, make(source))
    shake(model)
    rebuilt, architecture = round_trip(model, tmp_path)
    inputs = np.random.default_rng(5).normal(0, 1, (3, *VECTOR)).astype(np.float32)
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), rtol=0, atol=1e-5)
    assert [layer.kind for layer in architecture.layers] == kinds
    assert rebuilt.parameters == architecture.parameters == sum(x.parameters for x in architecture.layers) == parameters


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda x: ops.clip(x, 0, np.inf), "Clip(x_max='(float inf)')"),
        (lambda x: ops.minimum(x, np.inf), "a call argument of inf, which no claim can hold"),
        (lambda x: ops.median(x, axis=1, keepdims=True) * x, "the operator `Median`"),
        (lambda x: x * ops.cast(ops.cast(x, "int32"), "float32"), "Cast(dtype='int32')"),
    ],
    ids=["infinite setting", "infinite argument", "middle number", "cut-off numbers"],
)
def test_operators_off_the_list_are_refused_by_name(make: Callable[[Any], Any], reason: str, tmp_path: Path) -> None:
    """A person learns which operator it was."""
    source = Input(VECTOR)
    with pytest.raises(RefusedError) as refusal:
        round_trip(Model(source, make(source)), tmp_path)
    assert str(refusal.value).startswith(reason)
