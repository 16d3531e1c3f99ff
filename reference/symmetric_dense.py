"""The symmetric dense autoencoder, on MNIST (course, week 13, first session).

    image 784 → Dense 100 → Dense 200 → Dense 30 = code → Dense 200 → Dense 100 → Dense 784
                  │           │                             │           │
                  │           └────────── mirror ───────────┘           │
                  └────────────────────── mirror ───────────────────────┘

The rule taught: the decoder has the encoder's layers in reverse order, and the output has the size of the input.
Nothing forces the mirror; it is a good first guess that leaves one list of sizes to choose instead of two.

| layer | output | parameters |
|---|---|---|
| Dense, relu | 100 | 784·100 + 100 = 78,500 |
| Dense, relu | 200 | 100·200 + 200 = 20,200 |
| Dense, relu (the code) | 30 | 200·30 + 30 = 6,030 |
| Dense, relu | 200 | 30·200 + 200 = 6,200 |
| Dense, relu | 100 | 200·100 + 100 = 20,100 |
| Dense, sigmoid | 784 | 100·784 + 784 = 79,184 |

Encoder 104,730 + decoder 105,484 = 210,214 parameters: 754 more in the decoder, because the weights of mirrored layers
are as many but the biases belong to the output side (784 + 100 + 200 against 100 + 200 + 30).

The lecture leaves activations, loss, optimizer and epochs free; this module takes those of `deep-dense`. Fashion-MNIST
does as well as MNIST. Two layers may be wider than their input (100 → 200): only the code must be narrow.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "symmetric-dense"
DATASET = "mnist"
DATASETS = ("mnist", "fashion_mnist")
CODE_SIZE = 30
EPOCHS = 20
BATCH_SIZE = 128
PUBLISHED = "210,214 parameters"

IMAGE_SIZE = 784


def build_encoder() -> keras.Model:
    """Image (784,) to code (30,), through 100 and 200 units."""
    return keras.Sequential(
        [
            keras.Input(shape=(IMAGE_SIZE,)),
            layers.Dense(100, activation="relu"),
            layers.Dense(200, activation="relu"),
            layers.Dense(CODE_SIZE, activation="relu"),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (30,) to image (784,), through the encoder's sizes in reverse order."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.Dense(200, activation="relu"),
            layers.Dense(100, activation="relu"),
            layers.Dense(IMAGE_SIZE, activation="sigmoid"),
        ],
        name="decoder",
    )


def build() -> Autoencoder:
    """Encoder, its mirror image, and the autoencoder that chains them."""
    encoder = build_encoder()
    decoder = build_decoder()
    autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model) -> None:
    """Adam and the binary cross-entropy, averaged over the 784 pixels and over the images of a batch."""
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1] as rows of 784 pixels, both the input and the target."""
    flat = images.reshape(len(images), IMAGE_SIZE)
    return flat, flat
