"""A layer of the student's own that draws a code is claimed as what it is; any other is opened or reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf
from keras import Input, Model, layers, ops

from grader.domain.evidence import Evidence, NodeClaim, OperationClaim
from grader.extraction.claims import collect
from grader.probe.export import Exporter
from grader.probe.flattening import SAMPLING_MODULE
from grader.probe.hooks import FitTracker

pytestmark = pytest.mark.usefixtures("alone")


def exported(model: Any, folder: Path) -> Evidence:
    Exporter({"encoder": model}, folder / "claims", FitTracker([]), []).export()
    return collect(folder, folder / "vetted")


def calls(evidence: Evidence) -> list[tuple[OperationClaim, NodeClaim]]:
    """The calls of the one model, each with its layer, in order."""
    (model,) = evidence.models
    assert model.problem == ""
    return [(evidence.operations[node.operation], node) for node in model.nodes]


def kinds(evidence: Evidence) -> list[str]:
    return [operation.class_name for operation, _ in calls(evidence)]


class WithKerasRandom(layers.Layer):
    """As today's examples of Keras have it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seed = keras.random.SeedGenerator(7)

    def call(self, inputs: Any) -> Any:
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed)
        return mean + ops.exp(0.5 * log_variance) * noise


class WithTensorFlow(layers.Layer):
    """As older examples have it."""

    def call(self, inputs: Any) -> Any:
        mean, log_variance = inputs
        noise = tf.random.normal(shape=(tf.shape(mean)[0], tf.shape(mean)[1]))
        return mean + tf.exp(0.5 * log_variance) * noise


class MeanOutsideTraining(layers.Layer):
    """As the course's own: a code is drawn in training only, and the KL is added to the loss."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mean, log_variance = inputs
        self.add_loss(0.5 * ops.mean(ops.square(mean) + ops.exp(log_variance) - log_variance - 1))
        if not training:
            return mean
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean))


class TwoArguments(layers.Layer):
    """Given mean and log-variance one by one."""

    def call(self, mean: Any, log_variance: Any) -> Any:
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean))


def drawn(pair: Any) -> Any:
    """For a `Lambda`."""
    mean, log_variance = pair
    return mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))


DRAWING: dict[str, Callable[[Any, Any], Any]] = {
    "keras.random": lambda mean, log_variance: WithKerasRandom()([mean, log_variance]),
    "tf.random": lambda mean, log_variance: WithTensorFlow()([mean, log_variance]),
    "tf.random in a tuple": lambda mean, log_variance: WithTensorFlow()((mean, log_variance)),
    "mean outside training": lambda mean, log_variance: MeanOutsideTraining()([mean, log_variance]),
    "two arguments": lambda mean, log_variance: TwoArguments()(mean, log_variance),
    "Lambda": lambda mean, log_variance: layers.Lambda(drawn, output_shape=(2,))([mean, log_variance]),
}


def encoder(draw: Callable[[Any, Any], Any]) -> Model:
    image = Input((6,))
    hidden = layers.Dense(4, activation="relu")(image)
    mean, log_variance = layers.Dense(2, name="mean")(hidden), layers.Dense(2, name="log_variance")(hidden)
    return Model(image, draw(mean, log_variance))


@pytest.mark.parametrize("style", DRAWING)
def test_a_layer_that_draws_a_code_is_claimed_as_that(style: str, tmp_path: Path) -> None:
    """By one name of ours, with no settings and no arrays, and with mean and log-variance as its inputs in order."""
    evidence = exported(encoder(DRAWING[style]), tmp_path)
    assert kinds(evidence) == ["Dense", "Dense", "Dense", "Sampling"]
    nodes = {operation.config["name"]: node for operation, node in calls(evidence)[:3]}
    operation, node = calls(evidence)[3]
    assert (operation.module, operation.config, operation.variables) == (SAMPLING_MODULE, {}, ())
    tensors = [nodes["mean"].outputs[0], nodes["log_variance"].outputs[0]]
    given = [{"tensor": tensor} for tensor in tensors]
    assert node.arguments["args"] in ([{"list": given}], given)
    assert evidence.models[0].outputs == node.outputs


class Plus(layers.Layer):
    """Two tensors of one shape, and nothing drawn."""

    def call(self, inputs: Any) -> Any:
        first, second = inputs
        return first + second


def test_a_layer_of_two_inputs_that_draws_nothing_is_opened(tmp_path: Path) -> None:
    """What can be traced is reported as what it does."""
    evidence = exported(encoder(lambda mean, log_variance: Plus()([mean, log_variance])), tmp_path)
    assert kinds(evidence) == ["Dense", "Dense", "Dense", "Add"]
    assert all(operation.module.startswith("keras.src.") for operation, _ in calls(evidence))


class MeanAlone(layers.Layer):
    """Hands the mean on and draws nothing, in training neither."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return inputs[0]


class Untraceable(layers.Layer):
    """Draws a code in a way that no symbolic tensor takes."""

    def call(self, inputs: Any) -> Any:
        mean, log_variance = inputs
        return mean + tf.map_fn(tf.exp, 0.5 * log_variance) * tf.random.normal(tf.shape(mean))


def test_a_layer_that_only_hands_the_mean_on_draws_nothing(tmp_path: Path) -> None:
    """So an autoencoder without noise is not taken for a variational one."""
    evidence = exported(encoder(lambda mean, other: MeanAlone()([mean, other])), tmp_path)
    assert kinds(evidence) == ["Dense", "Dense", "Dense"]


def test_a_layer_that_cannot_be_traced_is_known_by_what_it_draws(tmp_path: Path) -> None:
    """A thousand codes have the mean and the variance that it was given."""
    evidence = exported(encoder(lambda mean, other: Untraceable()([mean, other])), tmp_path)
    assert kinds(evidence) == ["Dense", "Dense", "Dense", "Sampling"]


class Weighted(layers.Layer):
    """Learns something, and cannot be traced."""

    def build(self, shapes: Any) -> None:
        self.weight = self.add_weight(shape=(1,))
        self.built = True

    def call(self, inputs: Any) -> Any:
        return tf.map_fn(tf.exp, inputs[0]) * self.weight + inputs[1]


class Three(layers.Layer):
    """Three inputs, and cannot be traced."""

    def call(self, inputs: Any) -> Any:
        return inputs[0] + tf.map_fn(tf.exp, inputs[1]) * inputs[2]


class Noisy(layers.Layer):
    """One input, and cannot be traced."""

    def call(self, inputs: Any) -> Any:
        return inputs + tf.random.uniform(tf.shape(inputs))


class Mixed(layers.Layer):
    """Two inputs of one shape, cannot be traced, and draws nothing."""

    def call(self, inputs: Any) -> Any:
        return inputs[0] * tf.map_fn(tf.exp, inputs[1])


class Unequal(layers.Layer):
    """Two inputs of two shapes, and cannot be traced."""

    def call(self, inputs: Any) -> Any:
        return inputs[0] + tf.random.normal(tf.shape(inputs[0])) * inputs[1]


OTHERS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "with weights": (lambda mean, other: Weighted()([mean, other]), "Weighted"),
    "three inputs": (lambda mean, other: Three()([mean, other, layers.Dense(2)(other)]), "Three"),
    "nothing drawn": (lambda mean, other: Mixed()([mean, other]), "Mixed"),
    "one input": (lambda mean, other: Noisy()(mean), "Noisy"),
    "two shapes": (lambda mean, other: Unequal()([mean, layers.Dense(1)(other)]), "Unequal"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_has_another_form_is_not_taken_for_drawing(other: str, tmp_path: Path) -> None:
    """The reason says that the layer cannot be traced, and a person looks."""
    build, name = OTHERS[other]
    (claim,) = exported(encoder(build), tmp_path).models
    assert claim.problem.startswith(f"`{name}.call` cannot be traced (")
    assert claim.nodes == ()


def test_a_layer_that_draws_twice_is_one_layer(tmp_path: Path) -> None:
    """Called twice, it has one id and two calls."""
    layer = WithKerasRandom()
    evidence = exported(
        encoder(lambda mean, other: layers.Add()([layer([mean, other]), layer([other, mean])])), tmp_path
    )
    assert kinds(evidence) == ["Dense", "Dense", "Dense", "Sampling", "Sampling", "Add"]
    assert len(evidence.operations) == 5
