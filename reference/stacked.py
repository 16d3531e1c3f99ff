"""Stacked autoencoder on Fashion-MNIST (course, week 13, second session).

    image 28×28 → Flatten 784 → Dense 100 → Dense 30 = code → Dense 100 → Dense 784 → Reshape 28×28

| layer | output | parameters |
|---|---|---|
| Flatten | 784 | 0 |
| Dense, relu | 100 | 784·100 + 100 = 78,500 |
| Dense, relu (the code) | 30 | 100·30 + 30 = 3,030 |
| Dense, relu | 100 | 30·100 + 100 = 3,100 |
| Dense | 784 | 100·784 + 784 = 79,184 |
| Reshape | 28×28 | 0 |

Encoder 81,530 + decoder 82,284 = 163,814 parameters. The lecture's text says SELU and binary cross-entropy, its code
relu and mean squared error; both are right, and this module follows the code.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "stacked"
DATASET = "fashion_mnist"
CODE_SIZE = 30
EPOCHS = 20
BATCH_SIZE = 32
PUBLISHED = "163,814 parameters"

VALIDATION_IMAGES = 5_000


def build_encoder() -> keras.Model:
    """Image (28, 28) to code (30,)."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dense(CODE_SIZE, activation="relu"),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (30,) to image (28, 28): the encoder's mirror image."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.Dense(100, activation="relu"),
            layers.Dense(28 * 28),
            layers.Reshape((28, 28)),
        ],
        name="decoder",
    )


def build() -> Autoencoder:
    """Encoder, decoder, and the autoencoder that chains them: autoencoder(x) = decoder(encoder(x))."""
    encoder = build_encoder()
    decoder = build_decoder()
    autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model) -> None:
    """Nadam and the mean squared error, averaged over the 784 pixels and over the images of a batch."""
    autoencoder.compile(optimizer="nadam", loss="mse")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last 5,000 training images out for validation, as the lecture does."""
    return images[:-VALIDATION_IMAGES], images[-VALIDATION_IMAGES:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """An autoencoder learns without labels: the image is both the input and the target."""
    return images, images
