"""What the second output of an encoder stands for, where a loop of the notebook's own draws the code from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, Sequential, layers, losses, optimizers
from round_trip import send

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
