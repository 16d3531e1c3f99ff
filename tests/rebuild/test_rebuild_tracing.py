"""Layers that students write themselves, with raw TensorFlow in `call`, are rebuilt as what they compute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, Sequential, layers, ops
from round_trip import answers, receive, round_trip, send, shake

from grader.domain.architecture import Architecture
from grader.probe.hooks import FitRecord
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import RebuiltModel

pytestmark = pytest.mark.usefixtures("alone")

K = tf.keras.backend
NUMBERS = np.random.default_rng(1).random((5, 8), dtype=np.float32)


def function(call: Callable[[Any], Any]) -> Any:
    return layers.Lambda(call)


class Own(layers.Layer):
    """A dense layer by hand; `way` is how it multiplies and adds."""

    def __init__(self, units: int, way: Callable[[Any, Any, Any], Any]) -> None:
        super().__init__()
        self.units, self.way = units, way

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units))
        self.bias = self.add_weight(shape=(self.units,))
        self.built = True

    def call(self, inputs: Any) -> Any:
        return self.way(inputs, self.kernel, self.bias)


class Wrapped(Own):
    """The same as a `tf.function`."""

    @tf.function
    def call(self, inputs: Any) -> Any:
        return tf.nn.relu(tf.matmul(inputs, self.kernel) + self.bias)


DENSE: dict[str, Callable[[Any, Any, Any], Any]] = {
    "matmul and relu": lambda x, w, b: tf.nn.relu(tf.matmul(x, w) + b),
    "signs": lambda x, w, b: tf.maximum(x @ w + b, 0.0),
    "bias first": lambda x, w, b: tf.keras.activations.relu(b + tf.linalg.matmul(x, w)),
    "bias_add": lambda x, w, b: tf.nn.relu(tf.nn.bias_add(tf.tensordot(x, w, axes=1), b)),
    "tensordot over axes": lambda x, w, b: K.relu(tf.add(tf.tensordot(x, w, axes=[[-1], [0]]), b)),
    "einsum": lambda x, w, b: tf.nn.relu(tf.einsum("bi,ij->bj", x, w) + b),
    "cast weights": lambda x, w, b: tf.nn.relu(tf.matmul(tf.cast(x, w.dtype), tf.cast(w, x.dtype)) + tf.identity(b)),
    "converted": lambda x, w, b: tf.nn.relu(tf.matmul(tf.convert_to_tensor(x), tf.convert_to_tensor(w)) + b),
    "Keras's": lambda x, w, b: ops.relu(ops.add(ops.matmul(x, w), b)),
}


def reported(model: Any, folder: Path, shape: tuple[int, ...] = (8,)) -> tuple[RebuiltModel, Architecture]:
    """Take a model that may not know its input all the way."""
    evidence = send({"model": model}, folder, [FitRecord(model, input_shape=shape)])
    rebuilt, arrays = receive(evidence, "model")
    return rebuilt, canonical(rebuilt, arrays)


@pytest.mark.parametrize("way", [*DENSE, "tf.function"])
def test_a_dense_layer_by_hand_is_a_dense_layer(way: str, tmp_path: Path) -> None:
    """8·6 + 6 parameters, relu, equal outputs, however the product is written."""
    own = Wrapped(6, lambda *_: None) if way == "tf.function" else Own(6, DENSE[way])
    model = Sequential([Input((8,)), own, layers.Dense(8)])
    shake(model)
    rebuilt, form = round_trip(model, tmp_path)
    np.testing.assert_allclose(answers(rebuilt.model, NUMBERS), answers(model, NUMBERS), atol=1e-5)
    first = form.layers[0]
    assert (first.kind, first.activation, first.parameters, first.output_shape) == ("Dense", "relu", 54, (6,))
    assert len(form.layers) == 2
    assert rebuilt.parameters == model.count_params() == 54 + 56


class Tied(layers.Layer):
    """The transpose of another layer, with a bias of its own."""

    def __init__(self, other: Any, way: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.other, self.way = other, way

    def build(self, shape: Any) -> None:
        self.bias = self.add_weight(shape=(self.other.kernel.shape[0],))
        self.built = True

    def call(self, inputs: Any) -> Any:
        return tf.nn.sigmoid(self.way(inputs, self.other.kernel) + self.bias)


TIED: dict[str, Callable[[Any, Any], Any]] = {
    "transpose_b": lambda x, w: tf.matmul(x, w, transpose_b=True),
    "tf.transpose": lambda x, w: tf.matmul(x, tf.transpose(w)),
    "K.transpose": lambda x, w: tf.linalg.matmul(x, K.transpose(w)),
    "Keras's": lambda x, w: ops.matmul(x, ops.transpose(w)),
}


@pytest.mark.parametrize("way", TIED)
def test_tied_weights_count_once(way: str, tmp_path: Path) -> None:
    """8·3 + 3 in the encoder, and only a bias of 8 in the decoder."""
    code = layers.Dense(3, activation="relu")
    model = Sequential([Input((8,)), code, Tied(code, TIED[way])])
    shake(model)
    rebuilt, form = round_trip(model, tmp_path)
    np.testing.assert_allclose(answers(rebuilt.model, NUMBERS), answers(model, NUMBERS), atol=1e-5)
    assert [(layer.kind, layer.activation, layer.parameters) for layer in form.layers] == [
        ("Dense", "relu", 27), ("Dense", "sigmoid", 8),
    ]  # fmt: skip
    assert rebuilt.parameters == model.count_params() == 35


class OwnConvolution(layers.Layer):
    """A convolution and its bias by hand."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], 4))
        self.bias = self.add_weight(shape=(4,))
        self.built = True

    def call(self, inputs: Any) -> Any:
        return tf.nn.relu(tf.nn.conv2d(inputs, self.kernel, strides=[1, 2, 2, 1], padding="SAME") + self.bias)


def test_image_functions_are_the_layers_of_that_name(tmp_path: Path) -> None:
    """A convolution, a resize, a pooling and a padding; 3·3·4 + 4 parameters."""
    model = Sequential([
        Input((8, 8, 1)), OwnConvolution(), function(lambda x: tf.image.resize(x, (8, 8), method="nearest")),
        function(lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID")), function(lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])),
        function(lambda x: tf.reshape(x, [tf.shape(x)[0], tf.reduce_prod(tf.shape(x)[1:])])),
    ])  # fmt: skip
    shake(model)
    rebuilt, form = round_trip(model, tmp_path)
    images = np.random.default_rng(2).random((3, 8, 8, 1), dtype=np.float32)
    np.testing.assert_allclose(answers(rebuilt.model, images), answers(model, images), atol=1e-5)
    assert [(layer.kind, layer.output_shape, layer.parameters) for layer in form.layers] == [
        ("Conv2D", (4, 4, 4), 40), ("UpSampling2D", (8, 8, 4), 0), ("MaxPooling2D", (4, 4, 4), 0),
        ("ZeroPadding2D", (6, 6, 4), 0), ("Reshape", (144,), 0),
    ]  # fmt: skip


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sizes": lambda x: tf.reshape(tf.reshape(x, (tf.shape(x)[0], 2, -1)), tf.stack([tf.shape(x)[0], 8])),
    "sizes of Keras": lambda x: K.batch_flatten(K.reshape(x, (-1, 2, K.int_shape(x)[1] // 2))),
    "get_shape": lambda x: tf.reshape(x, [-1, *x.get_shape().as_list()[1:], 1])[..., 0],
    "joined sizes": lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], [4, 2]], 0)),
    "moments": lambda x: (x - tf.reduce_mean(x, axis=1, keepdims=True)) / tf.math.reduce_std(x, axis=1, keepdims=True),
    "unit length": lambda x: tf.nn.l2_normalize(x, axis=-1) + K.l2_normalize(x, axis=-1),
    "range": lambda x: tf.clip_by_value(255.0 * x / tf.constant(2.0), 0.0, 100.0) - tf.cast(3, tf.float32),
    "conditions": lambda x: tf.where(x > 0.5, x, tf.zeros_like(x)) + tf.cast(x >= 0.2, tf.float32),
    "parts": lambda x: tf.concat(tf.split(x, 2, axis=-1)[::-1], axis=-1) + tf.concat(tf.split(x, [3, 5], 1), 1),
    "unstacked": lambda x: tf.stack(tf.unstack(x, axis=1), axis=1),
    "functions": lambda x: tf.exp(-tf.square(x)) * tf.sqrt(tf.abs(x)) + tf.math.log(x + 1.0) ** 2 + tf.pow(x, 3),
    "activations": lambda x: tf.nn.elu(x) + tf.nn.leaky_relu(x) + tf.nn.softmax(x) + tf.tanh(x) + tf.nn.softplus(x) + tf.nn.swish(x),
    "of Keras": lambda x: K.sigmoid(K.exp(K.clip(x, 0, 1))) * K.mean(x, axis=-1, keepdims=True) + K.sum(K.square(x), axis=-1, keepdims=True),
    "axes": lambda x: tf.squeeze(tf.transpose(tf.expand_dims(x, 1), [0, 2, 1]), axis=2),
    "repeated": lambda x: tf.tile(x, [1, 2]) + tf.repeat(x, 2, axis=1),
    "reductions": lambda x: tf.reduce_sum(x, 1, keepdims=True) * tf.reduce_max(x, axis=-1, keepdims=True) - tf.reduce_min(x, axis=[1], keepdims=True),
    "differences": lambda x: tf.math.squared_difference(x, 0.5) + tf.subtract(1.0, x) + tf.add_n([x, x]) + tf.divide(x, 2.0),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_tensorflow_are_rebuilt_equal(name: str, tmp_path: Path) -> None:
    """In a Lambda, on numbers of both signs where that makes a difference."""
    model = Sequential([Input((8,)), layers.Dense(8, kernel_initializer="identity"), function(FUNCTIONS[name])])
    rebuilt, _ = round_trip(model, tmp_path)
    shifted = NUMBERS - (0.5 if name in ("activations", "conditions", "axes") else 0.0)
    np.testing.assert_allclose(answers(rebuilt.model, shifted), answers(model, shifted), rtol=1e-5, atol=1e-5)


class Autoencoder(Model):
    """A subclass as in older courses: its own reshapes, and a training argument that has no default."""

    def __init__(self) -> None:
        super().__init__()
        self.code, self.image, self.drop = layers.Dense(3), layers.Dense(16), layers.Dropout(0.5)

    def call(self, inputs: Any, training: bool) -> Any:
        flat = tf.reshape(inputs, (tf.shape(inputs)[0], -1))
        code = tf.nn.relu(self.code(self.drop(flat, training=training)))
        return tf.reshape(tf.sigmoid(self.image(code)), [-1, 4, 4])


def test_a_subclass_with_raw_tensorflow_is_its_layers(tmp_path: Path) -> None:
    """16·3 + 3 and 3·16 + 16 parameters, the activations in their layers, the noise included."""
    model = Autoencoder()
    images = np.random.default_rng(2).random((3, 4, 4), dtype=np.float32)
    model(images, training=False)
    shake(model)
    rebuilt, form = reported(model, tmp_path, (4, 4))
    np.testing.assert_allclose(answers(rebuilt.model, images), answers(model, images), atol=1e-5)
    assert [(layer.kind, layer.activation, layer.parameters) for layer in form.active_layers] == [
        ("Dense", "relu", 51), ("Dense", "sigmoid", 64),
    ]  # fmt: skip
    assert [layer.kind for layer in form.layers] == ["Reshape", "Dropout", "Dense", "Dense", "Reshape"]


REFUSED: dict[str, Callable[[Any], Any]] = {
    "map_fn": lambda x: tf.map_fn(lambda row: row * 2, x),
    "py_function": lambda x: tf.ensure_shape(tf.py_function(lambda row: row * 2, [x], tf.float32), (None, 8)),
    "fft": lambda x: tf.abs(tf.signal.rfft(x)),
    "uniform": lambda x: x + tf.random.uniform(tf.shape(x)),
    "noise alone": lambda x: tf.random.normal(tf.shape(x)) * x,
    "size as a number": lambda x: x / tf.cast(tf.shape(x)[0], tf.float32),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_exactly_is_refused(name: str, tmp_path: Path) -> None:
    """A person looks; nothing is measured that is not the student's model."""
    model = Sequential([Input((8,)), function(REFUSED[name])])
    with pytest.raises(RefusedError, match=r"^`Lambda.call` cannot be traced \("):
        round_trip(model, tmp_path)


def test_a_trace_leaves_nothing_behind(tmp_path: Path) -> None:
    """After an export, a good one or a refused one, the notebook's Keras and TensorFlow are what they were."""
    before = {name: vars(keras.KerasTensor).get(name) for name in ("shape", "dtype", "sparse", "get_shape")}
    add_loss, update_state = keras.layers.Layer.add_loss, keras.metrics.Mean.update_state
    called = type(tf.function(abs)).__call__
    for name in ("map_fn", "noise alone"):
        with pytest.raises(RefusedError):
            round_trip(Sequential([Input((8,)), function(REFUSED[name])]), tmp_path / name)
    round_trip(Sequential([Input((8,)), function(FUNCTIONS["sizes"])]), tmp_path / "sizes")
    assert {name: vars(keras.KerasTensor).get(name) for name in before} == before
    assert (keras.layers.Layer.add_loss, keras.metrics.Mean.update_state) == (add_loss, update_state)
    assert type(tf.function(abs)).__call__ is called
    with pytest.raises(ValueError, match="KerasTensor cannot be used as input to a TensorFlow function"):
        tf.reshape(Input((8,)), (-1, 4))


class Chameleon(layers.Layer):
    """Shows a wide way to whoever traces it, and hands the image on to whoever runs it."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], shape[-1]), initializer="zeros")
        self.built = True

    def call(self, inputs: Any) -> Any:
        return tf.matmul(inputs, self.kernel) if isinstance(inputs, keras.KerasTensor) else inputs


def test_a_call_that_lies_to_the_trace_spoils_its_own_model(tmp_path: Path) -> None:
    """What is measured is the traced graph with the arrays it names: zeros, whatever the notebook's model answers."""
    model = Sequential([Input((8,)), Chameleon()])
    np.testing.assert_array_equal(answers(model, NUMBERS), NUMBERS)
    rebuilt, form = round_trip(model, tmp_path)
    np.testing.assert_array_equal(answers(rebuilt.model, NUMBERS), np.zeros((5, 8)))
    assert [(layer.kind, layer.parameters) for layer in form.layers] == [("Dense", 64)]
