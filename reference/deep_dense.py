"""The deep dense autoencoder, on MNIST (course, week 13, first session).

    image 784 → Dense 128 → Dense 64 → Dense 32 = code → Dense 64 → Dense 128 → Dense 784

| layer | output | parameters |
|---|---|---|
| Dense, relu | 128 | 784·128 + 128 = 100,480 |
| Dense, relu | 64 | 128·64 + 64 = 8,256 |
| Dense, relu (the code) | 32 | 64·32 + 32 = 2,080 |
| Dense, relu | 64 | 32·64 + 64 = 2,112 |
| Dense, relu | 128 | 64·128 + 128 = 8,320 |
| Dense, sigmoid | 784 | 128·784 + 784 = 101,136 |

Encoder 110,816 + decoder 111,568 = 222,384 parameters. The code is as large as that of `simple-dense`; the gain comes
from depth alone.

What the lecture reports: a loss of about 0.08 after 100 epochs of 128 images a batch, against 0.09 for `simple-dense`.
The step looks small because 0.058 is the floor (see `simple_dense`): the distance to it shrinks by a third.

What to look out for:

* Depth takes time to pay off: after three epochs both networks stand at 0.11, and a comparison there shows nothing.
* A network with enough capacity could learn an arbitrary number for each training image: a table, not a pattern. The
  narrow code prevents it, and images that were not trained on reveal it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "deep-dense"
DATASET = "mnist"
CODE_SIZE = 32
EPOCHS = 100
BATCH_SIZE = 128
PUBLISHED = "222,384 parameters; loss ≈ 0.08"

IMAGE_SIZE = 784


def build_encoder() -> keras.Model:
    """Image (784,) to code (32,)."""
    return keras.Sequential(
        [
            keras.Input(shape=(IMAGE_SIZE,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(CODE_SIZE, activation="relu"),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (32,) to image (784,)."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(IMAGE_SIZE, activation="sigmoid"),
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
