"""What the second output of an encoder stands for, where a loop of the notebook's own draws the code from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, Sequential, layers, losses, optimizers
from round_trip import send, shake

from grader.domain.measurement import Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.probe.fit_record import FitRecord
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import load_samples
from grader.rebuild.whole_submission import measure

pytestmark = pytest.mark.usefixtures("alone")

SAMPLE = DataChoice("sample")
CODE, STEPS, BATCH = 4, 300, 64

DEVIATION = {
    "deviation": lambda spread: spread,
    "variance": tf.sqrt,
    "log-variance": lambda spread: tf.exp(spread / 2),
    "log-deviation": tf.exp,
}


def trained(form: str, *, side_by_side: bool = False) -> tuple[Any, Any]:
    """Encoder and decoder after a short GradientTape loop on digits, drawing codes from this form of a spread."""
    images = load_samples("mnist", "hidden", SAMPLE).train[:].reshape(-1, 784)
    image = Input((784,))
    hidden = layers.Dense(64, "relu")(image)
    if side_by_side:
        encoder = Model(image, layers.Dense(2 * CODE)(hidden))
    else:
        head = "softplus" if form in ("deviation", "variance") else None
        encoder = Model(image, [layers.Dense(CODE)(hidden), layers.Dense(CODE, head)(hidden)])
    decoder = Sequential([Input((CODE,)), layers.Dense(64, "relu"), layers.Dense(784, "sigmoid")])
    variables = encoder.trainable_variables + decoder.trainable_variables
    optimizer = optimizers.Adam(3e-3)

    @tf.function
    def step(batch: Any) -> None:
        with tf.GradientTape() as tape:
            mean, spread = tf.split(encoder(batch), 2, axis=1) if side_by_side else encoder(batch)
            sigma = DEVIATION[form](spread)
            decoded = decoder(mean + sigma * tf.random.normal(tf.shape(mean)))
            entropy = 784 * tf.reduce_mean(losses.binary_crossentropy(batch, decoded))
            divergence = tf.reduce_sum((mean**2 + sigma**2 - 1) / 2 - tf.math.log(sigma + 1e-8), axis=1)
            loss = entropy + tf.reduce_mean(divergence)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        step(tf.constant(images[rng.integers(0, len(images), BATCH)]))
    return encoder, decoder


@pytest.mark.parametrize(
    ("form", "side_by_side"), [*((form, False) for form in DEVIATION), ("log-variance", True)], ids=str
)
def test_a_spread_is_read_as_what_the_loop_drew_from(form: str, side_by_side: bool, tmp_path: Path) -> None:
    """σ or σ² behind softplus, or a logarithm of either; two outputs, or one that the loop splits in two."""
    encoder, decoder = trained(form, side_by_side=side_by_side)
    evidence = send({"encoder": encoder, "decoder": decoder}, tmp_path, [FitRecord(encoder), FitRecord(decoder)])
    found = measure(evidence, MeasuringTask("variational", "hidden"), SAMPLE)
    assert set(found.models) == set(Role)
    assert all(model.made and model.shared_with_autoencoder for model in found.models.values())
    cost = found.values[Quantity.NEGATIVE_ELBO]
    assert cost.how.startswith(f"mean and {form} of ")
    digits = load_samples("mnist", "hidden", SAMPLE)
    mean_digit = np.broadcast_to(digits.train[:].mean(axis=0), digits.images.shape)
    assert cost.value < 784 * image_metrics.binary_cross_entropy(digits.images, mean_digit)
    assert found.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-5)


def heads_apart() -> tuple[Any, Any, Any]:
    """The encoder gives the mean alone; the model that a loop trained gives mean and log-variance."""
    image = Input((784,))
    hidden = layers.Dense(8, "relu")(image)
    mean, spread = layers.Dense(CODE)(hidden), layers.Dense(CODE)(hidden)
    return Model(image, mean), Model(image, [mean, spread]), Model(image, [mean, spread])


def drawing_apart() -> tuple[Any, Any, Any]:
    """The encoder gives the mean alone; the one that was trained draws the code as well."""
    image = Input((784,))
    hidden = layers.Dense(8, "relu")(image)
    mean, spread = layers.Dense(CODE)(hidden), layers.Dense(CODE)(hidden)
    return Model(image, mean), Model(image, [mean, spread, Drawn()([mean, spread])]), Model(image, [mean, spread])


def first_half() -> tuple[Any, Any, Any]:
    """The encoder gives the first half of what its last layer makes, and a loop took the second for the spread."""
    both = Sequential([Input((784,)), layers.Dense(8, "relu"), layers.Dense(2 * CODE)])
    image = Input((784,))
    mean, spread = layers.Lambda(lambda numbers: numbers[:, :CODE]), layers.Lambda(lambda numbers: numbers[:, CODE:])
    return Sequential([both, mean]), both, Model(image, [mean(both(image)), spread(both(image))])


class Drawn(layers.Layer):
    """A code of mean and log-variance."""

    def call(self, inputs: Any) -> Any:
        return inputs[0] + tf.exp(inputs[1] / 2) * tf.random.normal(tf.shape(inputs[0]))


@pytest.mark.parametrize("build", [heads_apart, drawing_apart, first_half])
def test_an_encoder_of_the_mean_alone_has_its_spread_beside_it(build: Any, tmp_path: Path) -> None:
    """KL is measured from the numbers that the loop drew from, wherever the notebook keeps them."""
    encoder, trained_one, heads = build()
    decoder = Sequential([Input((CODE,)), layers.Dense(784, "sigmoid")])
    autoencoder = Sequential([encoder, decoder])
    autoencoder(np.zeros((1, 784), np.float32))
    shake(trained_one, autoencoder)
    for weight in trained_one.weights:
        weight.assign(weight / 5)
    evidence = send(
        {"encoder": encoder, "trained": trained_one, "decoder": decoder, "autoencoder": autoencoder}, tmp_path
    )
    found = measure(evidence, MeasuringTask("variational", "hidden", NAMES), SAMPLE)
    digits = load_samples("mnist", "hidden", SAMPLE).images.reshape(-1, 784)
    mean, spread = (np.asarray(part) for part in heads(digits))
    forms = {"log-variance": spread, "log-deviation": 2 * spread}
    measured = next(form for form in forms if f"mean and {form}" in found.values[Quantity.KL_DIVERGENCE].how)
    expected = 0.5 * (mean**2 + np.exp(forms[measured]) - forms[measured] - 1).sum(axis=1).mean()
    assert found.value(Quantity.KL_DIVERGENCE) == pytest.approx(expected, rel=1e-4)


NAMES = tuple((role.value, role.value) for role in Role)
