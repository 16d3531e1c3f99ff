"""Recurrent autoencoder on Fashion-MNIST (course, week 13, second session).

An image is read as a sequence: 28 time steps (its rows) of 28 numbers (the pixels of a row).

    28×28 → LSTM 100, each step → LSTM 30, last step = code
    30 → the code 28 times → LSTM 100, each step → Dense 28, each step

| layer | output | parameters |
|---|---|---|
| LSTM 100, return_sequences | steps×100 | 4·((28 + 100)·100 + 100) = 51,600 |
| LSTM 30 (the code) | 30 | 4·((100 + 30)·30 + 30) = 15,720 |
| RepeatVector 28 | 28×30 | 0 |
| LSTM 100, return_sequences | 28×100 | 4·((30 + 100)·100 + 100) = 52,400 |
| Dense | 28×28 | 100·28 + 28 = 2,828 |

Encoder 67,320 + decoder 55,228 = 122,548 parameters. The 4 stands for the four gates of an LSTM cell, each with weights
for the input, weights for its own last output, and biases.

What to look out for:

* The encoder accepts sequences of any length (its input is (None, 28)); the decoder always writes 28 steps.
* `return_sequences` decides everything. The encoder's last LSTM must *not* return the sequence: then only 30 numbers
  pass. The decoder's LSTM must: then each step is written. An encoder that returns its sequence has no bottleneck.
* RepeatVector must repeat the *code*. Fed with the input instead, the decoder only copies.
* Dense on a sequence works on each step with the same weights; `TimeDistributed(Dense(28))` is the same thing.
* The lecture gives no output activation: it is linear, clip it to [0, 1] before showing it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "recurrent"
DATASET = "fashion_mnist"
CODE_SIZE = 30
EPOCHS = 10
BATCH_SIZE = 32
PUBLISHED = "122,548 parameters"

STEPS = 28
PIXELS_PER_STEP = 28


def build_encoder() -> keras.Model:
    """Sequence (any length, 28) to code (30,): what the second LSTM knows after the last step."""
    return keras.Sequential(
        [
            keras.Input(shape=(None, PIXELS_PER_STEP)),
            layers.LSTM(100, return_sequences=True),
            layers.LSTM(CODE_SIZE),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (30,) to image (28, 28): the code is given to every step anew."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.RepeatVector(STEPS),
            layers.LSTM(100, return_sequences=True),
            layers.Dense(PIXELS_PER_STEP),
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
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28 steps, 28 pixels) in [0, 1], both the input and the target."""
    return images, images
