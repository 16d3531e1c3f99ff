"""The simplest autoencoder with the mean squared error, on MNIST (course, week 13, first session).

    image 784 → Dense 32 = code → Dense 784

| layer | output | parameters |
|---|---|---|
| Dense, relu (the code) | 32 | 784·32 + 32 = 25,120 |
| Dense, relu | 784 | 32·784 + 784 = 25,872 |

50,992 parameters, like `simple-dense`; output activation, loss and optimizer differ, and so does the way in which the
decoder is made: the autoencoder is built first, in one piece, and the decoder model takes its last layer and calls it
on a new input. The layer, and with it the weights, are shared.

What to look out for:

* **Adadelta's rate.** When this lecture was written the optimizer's default learning rate was 1.0. In Keras 3 the
  default is 0.001, and `optimizer="adadelta"` raises no error: the loss hardly moves, and after 30 epochs the picture
  is grey noise. `compile_model` therefore states the old rate.
* **relu at the output** leaves pixels above 1 possible and can die: a pixel whose unit is below zero for all images has
  gradient 0 and stays black. It goes with the mean squared error; with binary cross-entropy it would be wrong.
* A mean squared error and a binary cross-entropy cannot be compared with each other, nor with `simple-dense`'s 0.09.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "simple-dense-mse"
DATASET = "mnist"
CODE_SIZE = 32
EPOCHS = 30
EPOCHS_MEANT_FOR = 55_000  # Adadelta needs thousands of updates; fewer images, more epochs
BATCH_SIZE = 256
PUBLISHED = ""

IMAGE_SIZE = 784
LEARNING_RATE = 1.0


def build() -> Autoencoder:
    """The autoencoder in one piece; encoder and decoder are cut out of it and share its layers."""
    image = keras.Input(shape=(IMAGE_SIZE,))
    code = layers.Dense(CODE_SIZE, activation="relu")(image)
    reconstruction = layers.Dense(IMAGE_SIZE, activation="relu")(code)
    autoencoder = keras.Model(image, reconstruction, name="autoencoder")

    encoder = keras.Model(image, code, name="encoder")

    any_code = keras.Input(shape=(CODE_SIZE,))
    decoder_layer = autoencoder.layers[-1]
    decoder = keras.Model(any_code, decoder_layer(any_code), name="decoder")
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model) -> None:
    """Adadelta at the rate of its paper (1.0) and the mean squared error over pixels and images."""
    autoencoder.compile(optimizer=keras.optimizers.Adadelta(learning_rate=LEARNING_RATE), loss="mse")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1] as rows of 784 pixels, both the input and the target."""
    flat = images.reshape(len(images), IMAGE_SIZE)
    return flat, flat
