"""The simplest autoencoder, on MNIST (course, week 13, first session).

    image 784 → Dense 32 = latent_vector → Dense 784 = decoder_output
    └──────── encoder ────────────────┘   └────── decoder ──────────┘

| layer | output | parameters |
|---|---|---|
| Dense, relu (`latent_vector`, the code) | 32 | 784·32 + 32 = 25,120 |
| Dense, sigmoid (`decoder_output`) | 784 | 32·784 + 784 = 25,872 |

Encoder 25,120 + decoder 25,872 = 50,992 parameters. 784 pixels become 32 numbers: the compression factor is
784 / 32 = 24.5.

What the lecture reports: a loss of about 0.09 on training and test images after 50 epochs of 128 images a batch.

What to look out for:

* The loss of a perfect copy is not 0. Binary cross-entropy of a grey pixel p against itself is its entropy,
  -p·log p - (1 - p)·log(1 - p), which is 0.058 on average over MNIST. A loss of 0.09 is 0.03 above the floor.
* Sigmoid at the output and binary cross-entropy belong together, and pixels must be in [0, 1]: divide by 255.
* The three models are one set of weights. `decoder(encoder(x))` *calls* the two models, so that fitting `autoencoder`
  trains `encoder` and `decoder`; layers built a second time would stay untrained.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "simple-dense"
DATASET = "mnist"
CODE_SIZE = 32
EPOCHS = 50
BATCH_SIZE = 128
PUBLISHED = "25,120 + 25,872 = 50,992 parameters; compression factor 24.5; loss ≈ 0.09 on train and test"

IMAGE_SIZE = 784
COMPRESSION_FACTOR = IMAGE_SIZE / CODE_SIZE


def build() -> Autoencoder:
    """Three functional models that share two Dense layers: autoencoder(x) = decoder(encoder(x))."""
    image = keras.Input(shape=(IMAGE_SIZE,), name="image")
    latent_vector = layers.Dense(CODE_SIZE, activation="relu", name="latent_vector")(image)
    encoder = keras.Model(image, latent_vector, name="encoder")

    code = keras.Input(shape=(CODE_SIZE,), name="code")
    decoder_output = layers.Dense(IMAGE_SIZE, activation="sigmoid", name="decoder_output")(code)
    decoder = keras.Model(code, decoder_output, name="decoder")

    autoencoder = keras.Model(image, decoder(encoder(image)), name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model) -> None:
    """Adam and the binary cross-entropy, averaged over the 784 pixels and over the images of a batch."""
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation.

    The lecture watches the test images while it trains; here they stay unseen until the end.
    """
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1] as rows of 784 pixels, both the input and the target."""
    flat = images.reshape(len(images), IMAGE_SIZE)
    return flat, flat
