"""An encoder that draws its code is rebuilt as one that gives the mean; forged drawings are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, Sequential, layers, ops
from round_trip import IMAGES, answers, receive, round_trip, send, shake
from test_rebuild_lies import call, claim, operation, rebuild, refusal

from grader.domain.evidence import NodeClaim
from grader.probe.flattening import SAMPLING_MODULE
from grader.probe.hooks import FitRecord
from grader.rebuild.network.canonical import canonical
from reference.sampling import Sampling as OfTheCourse

pytestmark = pytest.mark.usefixtures("alone")

FLAT = IMAGES.reshape(5, 784)[:, :6]


class Drawn(layers.Layer):
    """The student's own."""

    def call(self, inputs: Any) -> Any:
        mean, log_variance = inputs
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean))


class Older(layers.Layer):
    """The same with TensorFlow, and two arguments."""

    def call(self, mean: Any, log_variance: Any) -> Any:
        return mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))


def lambda_of(pair: Any) -> Any:
    """The same as a function."""
    return pair[0] + tf.exp(0.5 * pair[1]) * tf.random.normal(tf.shape(pair[0]))


STYLES: dict[str, Callable[[Any, Any], Any]] = {
    "own layer": lambda mean, log_variance: Drawn()([mean, log_variance]),
    "two arguments": lambda mean, log_variance: Older()(mean, log_variance),
    "Lambda": lambda mean, log_variance: layers.Lambda(lambda_of, output_shape=(2,))([mean, log_variance]),
    "the course's": lambda mean, log_variance: OfTheCourse()([mean, log_variance]),
}


def parts(draw: Callable[[Any, Any], Any]) -> tuple[Model, Model]:
    """Return an encoder and the model of its mean, which share their layers."""
    image = Input((6,))
    hidden = layers.Dense(4, activation="relu")(image)
    mean, log_variance = layers.Dense(2)(hidden), layers.Dense(2)(hidden)
    return Model(image, draw(mean, log_variance)), Model(image, mean)


@pytest.mark.parametrize("style", STYLES)
def test_an_encoder_that_draws_is_rebuilt_with_both_branches(style: str, tmp_path: Path) -> None:
    """6·4 + 4, twice 4·2 + 2, and a layer `Sampling` of two inputs; what comes out is the mean."""
    encoder, mean = parts(STYLES[style])
    shake(encoder)
    rebuilt, form = round_trip(encoder, tmp_path)
    assert [(layer.kind, layer.inputs, layer.output_shape, layer.parameters) for layer in form.layers] == [
        ("Dense", (-1,), (4,), 28),
        ("Dense", (0,), (2,), 10),
        ("Dense", (0,), (2,), 10),
        ("Sampling", (1, 2), (2,), 0),
    ]
    assert form.layers[3].attributes == ()
    assert form.parameters == rebuilt.parameters == 48 == encoder.count_params()
    np.testing.assert_allclose(answers(rebuilt.model, FLAT), answers(mean, FLAT), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(answers(rebuilt.model, FLAT), answers(rebuilt.model, FLAT))


def test_the_whole_autoencoder_goes_through_the_mean(tmp_path: Path) -> None:
    """decoder(mean(x)), with the drawing in the middle of its form."""
    encoder, mean = parts(STYLES["own layer"])
    decoder = Sequential([Input((2,)), layers.Dense(6)])
    autoencoder = Sequential([encoder, decoder])
    shake(autoencoder)
    evidence = send({"autoencoder": autoencoder, "encoder": encoder, "decoder": decoder}, tmp_path)
    rebuilt, arrays = receive(evidence, "autoencoder")
    form = canonical(rebuilt, arrays)
    assert [layer.kind for layer in form.layers] == ["Dense", "Dense", "Dense", "Sampling", "Dense"]
    assert form.parameters == 48 + 18
    np.testing.assert_allclose(
        answers(rebuilt.model, FLAT), answers(decoder, answers(mean, FLAT)), rtol=1e-5, atol=1e-5
    )


# Codes drawn in a `call`, in every way that the notebooks have it

K = tf.keras.backend


def by_sizes(mean: Any, log_variance: Any) -> Any:
    batch, size = K.shape(mean)[0], K.int_shape(mean)[1]
    return mean + K.exp(log_variance / 2) * K.random_normal(shape=(batch, size), mean=0.0, stddev=1.0)


DRAWN: dict[str, Callable[[Any, Any], Any]] = {
    "tf.shape": lambda m, v: m + tf.exp(0.5 * v) * tf.random.normal(tf.shape(m)),
    "noise first": lambda m, v: tf.random.normal(shape=m.shape) * tf.exp(v * 0.5) + m,
    "tf.keras.backend": by_sizes,
    "keras.random": lambda m, v: m + tf.sqrt(tf.exp(v)) * keras.random.normal(ops.shape(m)),
    "functions": lambda m, v: tf.add(m, tf.multiply(tf.exp(v / 2), tf.random.normal([tf.shape(m)[0], 2]))),
    "by its parameters": lambda m, v: tf.random.normal(tf.shape(m), mean=m, stddev=tf.exp(0.5 * v)),
    "minus": lambda m, v: m - tf.exp(0.5 * v) * tf.random.normal(tf.shape(m)),
    "times a half": lambda m, v: m + tf.exp(v * 0.5 + 0.0) * tf.random.normal(tf.shape(m)) / 1.0,
}
"""Of a mean and a log-variance."""

SPREAD: dict[str, tuple[Callable[[Any, Any], Any], Callable[[np.ndarray], np.ndarray]]] = {
    "sigma": (lambda m, s: m + s * tf.random.normal(tf.shape(m)), np.abs),
    "softplus": (lambda m, s: m + tf.nn.softplus(s) * tf.random.normal(tf.shape(m)), lambda s: np.log1p(np.exp(s))),
    "variance": (lambda m, s: m + tf.sqrt(tf.exp(s)) * tf.random.normal(tf.shape(m), stddev=0.1), lambda s: np.exp(s / 2) / 10),
    "clipped": (lambda m, s: m + tf.exp(tf.clip_by_value(s, -0.1, 0.1) / 2) * K.random_normal(K.shape(m)), lambda s: np.exp(np.clip(s, -0.1, 0.1) / 2)),
}  # fmt: skip
"""Other forms, and the standard deviation that they mean."""


class Subclass(Model):
    """A variational autoencoder whose `call` draws the code."""

    def __init__(self, draw: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.draw, self.hidden = draw, layers.Dense(4, activation="relu")
        self.mean, self.spread, self.image = layers.Dense(2), layers.Dense(2), layers.Dense(6)

    def call(self, inputs: Any) -> Any:
        hidden = self.hidden(inputs)
        return self.image(self.draw(self.mean(hidden), self.spread(hidden)))


def subclass(draw: Callable[[Any, Any], Any], folder: Path) -> tuple[Subclass, Any, Any]:
    model = Subclass(draw)
    model(FLAT)
    shake(model)
    evidence = send({"model": model}, folder, [FitRecord(model, input_shape=(6,))])
    rebuilt, arrays = receive(evidence, "model")
    return model, rebuilt, canonical(rebuilt, arrays)


@pytest.mark.parametrize("way", DRAWN)
def test_a_call_that_draws_is_rebuilt_with_its_mean_and_log_variance(way: str, tmp_path: Path) -> None:
    """The code is the mean, and the two tensors are those that the student's own layers make."""
    model, rebuilt, form = subclass(DRAWN[way], tmp_path)
    assert "Sampling" in [layer.kind for layer in form.layers]
    assert rebuilt.parameters == model.count_params() == 28 + 10 + 10 + 18
    hidden = model.hidden(FLAT)
    mean, log_variance = (np.asarray(part) for part in rebuilt.moments(FLAT))
    np.testing.assert_allclose(mean, model.mean(hidden), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log_variance, model.spread(hidden), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(answers(rebuilt.model, FLAT), model.image(mean), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("way", SPREAD)
def test_a_spread_in_another_form_becomes_a_log_variance(way: str, tmp_path: Path) -> None:
    """So that the KL is that of the distribution which is drawn from."""
    draw, deviation = SPREAD[way]
    model, rebuilt, _ = subclass(draw, tmp_path)
    hidden = model.hidden(FLAT)
    mean, log_variance = (np.asarray(part) for part in rebuilt.moments(FLAT))
    np.testing.assert_allclose(mean, model.mean(hidden), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.exp(log_variance / 2), deviation(np.asarray(model.spread(hidden))), rtol=1e-4)


class Latent(layers.Layer):
    """Both heads, their KL and the drawing in one layer, which gives the mean outside training."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.spread = layers.Dense(2), layers.Dense(2)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mean, log_variance = self.mean(inputs), self.spread(inputs)
        self.add_loss(ops.mean(ops.square(mean) + ops.exp(log_variance) - log_variance - 1) / 2)
        return mean + ops.exp(log_variance / 2) * keras.random.normal(ops.shape(mean)) if training else mean


class Encoder(Model):
    """Draws in training only; mean and spread come from one Dense, split."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.both = layers.Dense(4, activation="relu"), layers.Dense(4)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mean, spread = tf.split(self.both(self.hidden(inputs)), 2, axis=-1)
        return mean + tf.nn.softplus(spread) * tf.random.normal(tf.shape(mean)) if training else mean


class Whole(Model):
    """Hands `training` on to its halves."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.decoder(self.encoder(inputs, training=training))


def of_several_layers(image: Any) -> Any:
    """One Lambda makes σ, another ε; `Multiply` and `Add` make the code of them."""
    hidden = layers.Dense(4, activation="relu")(image)
    mean, log_variance = layers.Dense(2)(hidden), layers.Dense(2)(hidden)
    sigma = layers.Lambda(lambda tensor: K.exp(0.5 * tensor))(log_variance)
    noise = layers.Lambda(lambda tensor: K.random_normal(shape=(K.shape(tensor)[0], 2)))(mean)
    return layers.Add()([mean, layers.Multiply()([sigma, noise])])


def of_the_image(image: Any) -> Any:
    return Latent()(layers.Dense(4, activation="relu")(image))


@pytest.mark.parametrize("drawn", [of_several_layers, of_the_image])
def test_a_code_drawn_by_several_layers_or_in_training_alone_is_drawn(
    drawn: Callable[[Any], Any], tmp_path: Path
) -> None:
    """The measuring process has to know the distribution, wherever and whenever it is drawn from."""
    image = Input((6,))
    encoder = Model(image, drawn(image))
    autoencoder = Sequential([encoder, Sequential([Input((2,)), layers.Dense(6)])])
    shake(autoencoder)
    evidence = send({"encoder": encoder, "autoencoder": autoencoder}, tmp_path)
    for name in ("encoder", "autoencoder"):
        rebuilt, arrays = receive(evidence, name)
        kinds = [(layer.kind, layer.output_shape) for layer in canonical(rebuilt, arrays).layers][:4]
        assert kinds == [("Dense", (4,)), ("Dense", (2,)), ("Dense", (2,)), ("Sampling", (2,))]
        mean, log_variance = (np.asarray(part) for part in rebuilt.moments(FLAT))
        assert mean.shape == log_variance.shape == (5, 2)
        assert np.abs(mean - log_variance).max() > 0.01


def test_subclasses_that_draw_in_training_are_rebuilt_with_the_mean(tmp_path: Path) -> None:
    """The code is the mean, as outside training, and the variance is known all the same."""
    encoder, decoder = Encoder(), Sequential([Input((2,)), layers.Dense(6)])
    whole = Whole(encoder, decoder)
    whole(FLAT)
    shake(whole)
    evidence = send({"encoder": encoder, "whole": whole}, tmp_path, [FitRecord(whole, input_shape=(6,))])
    both = np.asarray(encoder.both(encoder.hidden(FLAT)))
    for name in ("encoder", "whole"):
        rebuilt, _ = receive(evidence, name)
        mean, log_variance = (np.asarray(part) for part in rebuilt.moments(FLAT))
        np.testing.assert_allclose(mean, both[:, :2], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(np.exp(log_variance / 2), np.log1p(np.exp(both[:, 2:])), rtol=1e-4)
        expected = encoder(FLAT) if name == "encoder" else whole(FLAT)
        np.testing.assert_allclose(answers(rebuilt.model, FLAT), expected, rtol=1e-5, atol=1e-5)


def test_the_order_of_mean_and_log_variance_is_that_of_the_formula(tmp_path: Path) -> None:
    """A layer that is given (log-variance, mean) does not have its code taken for the log-variance."""
    encoder, mean = parts(lambda mean, log_variance: Reversed()([log_variance, mean]))
    shake(encoder)
    rebuilt, form = round_trip(encoder, tmp_path)
    assert form.layers[3].kind == "Sampling"
    np.testing.assert_allclose(answers(rebuilt.model, FLAT), answers(mean, FLAT), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(rebuilt.moments(FLAT)[0], answers(mean, FLAT), rtol=1e-5, atol=1e-6)


class Reversed(layers.Layer):
    """The log-variance first."""

    def call(self, inputs: Any) -> Any:
        log_variance, mean = inputs
        return mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))


class OneTensor(layers.Layer):
    """Mean and log-variance side by side in one tensor."""

    def call(self, inputs: Any) -> Any:
        mean, log_variance = tf.split(inputs, 2, axis=-1)
        return mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))


def test_mean_and_log_variance_may_come_in_one_tensor(tmp_path: Path) -> None:
    """The first half of the numbers is the code."""
    model = Sequential([Input((6,)), layers.Dense(4), OneTensor()])
    shake(model)
    rebuilt, form = round_trip(model, tmp_path)
    assert [layer.kind for layer in form.layers] == ["Dense", "GetItem", "GetItem", "Sampling"]
    np.testing.assert_allclose(answers(rebuilt.model, FLAT), answers(model.layers[0], FLAT)[:, :2], rtol=1e-5)


def test_a_drawing_layer_is_one_layer_in_encoder_and_autoencoder(tmp_path: Path) -> None:
    """Its id says that the code of the one is the code of the other."""
    encoder, _ = parts(STYLES["two arguments"])
    autoencoder = Sequential([encoder, layers.Dense(6)])
    evidence = send({"autoencoder": autoencoder, "encoder": encoder}, tmp_path)
    forms = [canonical(*receive(evidence, name)) for name in ("autoencoder", "encoder")]
    assert forms[0].layers[3].kind == "Sampling"
    assert forms[0].layers[3].operation == forms[1].layers[3].operation


# Noise that is no code


class Always(layers.Layer):
    """Noise at any time."""

    def call(self, inputs: Any) -> Any:
        return inputs + 0.3 * tf.random.normal(tf.shape(inputs))


class InTraining(layers.Layer):
    """Noise in training, kept within the range of pixels."""

    def call(self, inputs: Any, training: Any = None) -> Any:
        if not training:
            return inputs
        return tf.clip_by_value(inputs + tf.random.normal(tf.shape(inputs), stddev=0.2), 0.0, 1.0)


class Dropped(layers.Layer):
    """Pixels that are left out in training."""

    def call(self, inputs: Any, training: Any = False) -> Any:
        return tf.nn.dropout(inputs, rate=0.25) if training else inputs


NOISES = {
    "always": (Always, "GaussianNoise", {"stddev": 0.3}),
    "in training": (InTraining, "GaussianNoise", {"stddev": 0.2}),
    "dropped": (Dropped, "Dropout", {"rate": 0.25}),
}


@pytest.mark.parametrize("name", NOISES)
def test_a_layer_of_noise_by_hand_is_told_as_that(name: str, tmp_path: Path) -> None:
    """With its strength, and without a trace in what the model answers."""
    make, kind, attributes = NOISES[name]
    model = Sequential([Input((6,)), make(), layers.Dense(6)])
    shake(model)
    rebuilt, form = round_trip(model, tmp_path)
    assert [layer.kind for layer in form.layers] == [kind, "Dense"]
    assert dict(form.layers[0].attributes) == attributes
    np.testing.assert_allclose(answers(rebuilt.model, FLAT), answers(model.layers[1], FLAT), rtol=1e-5, atol=1e-6)


class Plus(layers.Layer):
    """Two tensors, and nothing drawn."""

    def call(self, inputs: Any) -> Any:
        first, second = inputs
        return first + second


def test_a_layer_of_two_inputs_that_draws_nothing_is_what_it_computes(tmp_path: Path) -> None:
    """An addition of the student's own is no way to hide a tensor."""
    model, _ = parts(lambda mean, other: Plus()([mean, other]))
    shake(model)
    rebuilt, form = round_trip(model, tmp_path)
    assert [layer.kind for layer in form.layers] == ["Dense", "Dense", "Dense", "Add"]
    np.testing.assert_allclose(answers(rebuilt.model, FLAT), answers(model, FLAT), rtol=1e-5, atol=1e-6)


# Forged claims

SAMPLING = operation("o1", "Sampling", {}, (), module=SAMPLING_MODULE)
REASON = "`Sampling` of anything but a mean and a log-variance of one shape"


def test_the_honest_twin_of_the_forgeries_below_is_rebuilt() -> None:
    """Two tensors of one shape; so whatever is refused below is refused for what was changed."""
    made = rebuild(claim(call("o0", "t0"), call("o1", ["t1", "t0"], ["t2"]), outputs=["t2"]), operation(), SAMPLING)
    assert np.asarray(made.model(np.ones((1, 4), np.float32))).tolist() == [[5, 5, 5, 5]]
    assert made.parameters == 20


@pytest.mark.parametrize("tensors", [["t1"], ["t1", "t0", "t1"], ["t1"] * 16], ids=["one", "three", "sixteen"])
def test_a_forged_drawing_of_another_number_of_tensors_is_refused(tensors: list[str]) -> None:
    """In a list and one by one."""
    listed = call("o1", tensors, ["t2"])
    single = NodeClaim("o1", {"args": [{"tensor": name} for name in tensors], "kwargs": {}}, ("t2",))
    for node in (listed, single):
        forged = claim(call("o0", "t0"), node, outputs=["t2"])
        assert refusal(forged, operation(), SAMPLING) == REASON


def test_a_forged_drawing_of_two_shapes_is_refused() -> None:
    """A mean of four numbers and a log-variance of two are none."""
    pooled = operation("o2", "Reshape", {"target_shape": [2, 2]}, (), module="keras.src.layers.reshaping.reshape")
    forged = claim(call("o2", "t0", ["t1"]), call("o1", ["t0", "t1"], ["t2"]), outputs=["t2"])
    assert refusal(forged, pooled, SAMPLING) == REASON


@pytest.mark.parametrize(
    "given", [{"value": 1.0}, {"list": []}, {"variable": "v1"}], ids=["number", "nothing", "array"]
)
def test_a_forged_drawing_of_something_else_is_refused(given: dict[str, Any]) -> None:
    """Only tensors are a mean and a log-variance."""
    node = NodeClaim("o1", {"args": [{"tensor": "t0"}, given], "kwargs": {}}, ("t1",))
    assert refusal(claim(node), SAMPLING) == REASON


def test_a_forged_drawing_brings_in_no_parameters() -> None:
    """Arrays that it does not use would make a model as large as anyone likes."""
    forged = operation("o1", "Sampling", {}, ("v0",), module=SAMPLING_MODULE)
    refused = claim(call("o1", ["t0", "t0"]))
    assert refusal(refused, forged)


def test_a_module_that_only_begins_so_is_refused() -> None:
    """The name stands for one thing."""
    forged = operation("o1", "Sampling", {}, (), module=f"{SAMPLING_MODULE}.more")
    assert refusal(claim(call("o1", ["t0", "t0"])), forged) == "the layer `Sampling`"
