"""Denoising dense autoencoder on MNIST (course, week 13, first session).

    noisy image 784 → Dense 32 = code → Dense 784, compared with the clean image

| layer | output | parameters |
|---|---|---|
| Dense, relu (the code) | 32 | 784·32 + 32 = 25,120 |
| Dense, sigmoid | 784 | 32·784 + 784 = 25,872 |

50,992 parameters, the layers of `simple-dense`. What makes it a denoiser is the data that it is fitted on:

    input  = clip(image + 0.5·N(0, 1), 0, 1)
    target = image

What the lecture warns of: a code at least as large as the image (the *overcomplete* case) lets the network learn the
identity function, a perfect copy that has found no pattern. Noise on the input rules this out, because a copy of the
input is then a bad answer: on MNIST it has a mean squared error of 0.116, far more than the mean image (0.067).
A second recipe does the same without additions: set 30 to 50 % of the inputs to zero (`zero_pixels`).

What to look out for:

* **Noise goes on the input alone.** noisy → noisy learns the noise; clean → clean is no denoiser; clean → noisy learns
  to blur.
* **Clip after adding.** Without it pixels leave [0, 1], and test noise has to be made in the same way.
* Draw fresh noise for each image. One noise pattern for all images is a constant, which a bias removes.
* Adadelta's default rate was 1.0 when this was written and is 0.001 in Keras 3 (see `simple_dense_mse`).
* Judge it by clean images against what it makes of noisy ones, never by noisy against noisy.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "denoising-dense"
DATASET = "mnist"
CODE_SIZE = 32
EPOCHS = 50
EPOCHS_MEANT_FOR = 55_000  # Adadelta needs thousands of updates; fewer images, more epochs
BATCH_SIZE = 256
PUBLISHED = ""

IMAGE_SIZE = 784
NOISE_FACTOR = 0.5
LEARNING_RATE = 1.0
JUDGED_BY = "denoising"


def build() -> Autoencoder:
    """Encoder, decoder, and the autoencoder that chains them: autoencoder(x) = decoder(encoder(x))."""
    encoder = keras.Sequential(
        [keras.Input(shape=(IMAGE_SIZE,)), layers.Dense(CODE_SIZE, activation="relu")], name="encoder"
    )
    decoder = keras.Sequential(
        [keras.Input(shape=(CODE_SIZE,)), layers.Dense(IMAGE_SIZE, activation="sigmoid")], name="decoder"
    )
    autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model) -> None:
    """Adadelta at the rate of its paper (1.0) and the mean squared error over pixels and images."""
    autoencoder.compile(optimizer=keras.optimizers.Adadelta(learning_rate=LEARNING_RATE), loss="mse")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def add_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return clip(images + 0.5·N(0, 1), 0, 1), the same shape and float32; each pixel has noise of its own."""
    noise = rng.normal(size=images.shape)
    return np.clip(images + NOISE_FACTOR * noise, 0.0, 1.0).astype(np.float32)


def zero_pixels(images: np.ndarray, rng: np.random.Generator, *, share: float = 0.3) -> np.ndarray:
    """Return the images with `share` (the lecture: 0.3 to 0.5) of their pixels, drawn at random, set to zero."""
    kept = rng.random(images.shape) >= share
    return (images * kept).astype(np.float32)


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:
    """Noisy images as the input, the clean ones as the target, both as rows of 784 pixels."""
    clean = images.reshape(len(images), IMAGE_SIZE)
    return add_noise(clean, rng), clean


def control_inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Clean images on both sides: what a network learns that never saw noise."""
    clean = images.reshape(len(images), IMAGE_SIZE)
    return clean, clean
