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
from grader.probe.graph import SAMPLING_MODULE
from grader.rebuild.canonical import canonical
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
