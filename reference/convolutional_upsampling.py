"""Convolutional autoencoder with upsampling, on MNIST (course, week 13, first session).

    28×28×1 ─Conv 16─Pool─ 14×14×16 ─Conv 8─Pool─ 7×7×8 ─Conv 8─Pool─ 4×4×8 = code (128 numbers)
    4×4×8 ─Conv 8─Up─ 8×8×8 ─Conv 8─Up─ 16×16×8 ─Conv 16, valid─ 14×14×16 ─Up─ 28×28×16 ─Conv 1─ 28×28×1

| layer | output | parameters |
|---|---|---|
| Conv2D 16, 3×3, same, relu | 28×28×16 | 3·3·1·16 + 16 = 160 |
| MaxPool 2, same | 14×14×16 | 0 |
| Conv2D 8, 3×3, same, relu | 14×14×8 | 3·3·16·8 + 8 = 1,160 |
| MaxPool 2, same | 7×7×8 | 0 |
| Conv2D 8, 3×3, same, relu | 7×7×8 | 3·3·8·8 + 8 = 584 |
| MaxPool 2, same (the code) | 4×4×8 | 0 |
| Conv2D 8, 3×3, same, relu | 4×4×8 | 3·3·8·8 + 8 = 584 |
| UpSampling 2 | 8×8×8 | 0 |
| Conv2D 8, 3×3, same, relu | 8×8×8 | 3·3·8·8 + 8 = 584 |
| UpSampling 2 | 16×16×8 | 0 |
| Conv2D 16, 3×3, **valid**, relu | 14×14×16 | 3·3·8·16 + 16 = 1,168 |
| UpSampling 2 | 28×28×16 | 0 |
| Conv2D 1, 3×3, same, sigmoid | 28×28×1 | 3·3·16·1 + 1 = 145 |

Encoder 1,904 + decoder 2,481 = 4,385 parameters in 13 rows. The autoencoder is built from the layers of the two others
and not from the two models, so that `autoencoder.summary()` prints these 13 rows.

What to look out for:

* **16 → 14.** Pooling with `same` padding rounds up: 28 → 14 → 7 → 4. Three doublings of 4 give 32, not 28; the one
  convolution with `valid` padding takes a border of 1 off each side, 16 - 3 + 1 = 14, and 14·2 = 28. Written with
  `same` everywhere the model builds, and fails when it is fitted: 32×32 against 28×28.
* The code is 4×4×8 = 128 numbers in a grid. To plot codes in a plane or to compare code sizes, flatten it.
* Images need their channel: (n, 28, 28, 1).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "convolutional-upsampling"
DATASET = "mnist"
CODE_SIZE = 128  # 4·4·8
EPOCHS = 10
BATCH_SIZE = 128
PUBLISHED = "4,385 parameters, layer table with 13 rows"


def build_encoder() -> keras.Model:
    """Image (28, 28, 1) to code (4, 4, 8)."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPool2D(2, padding="same"),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPool2D(2, padding="same"),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPool2D(2, padding="same"),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (4, 4, 8) to image (28, 28, 1): sides 4 → 8 → 16 → 14 (valid) → 28."""
    return keras.Sequential(
        [
            keras.Input(shape=(4, 4, 8)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.UpSampling2D(2),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.UpSampling2D(2),
            layers.Conv2D(16, 3, padding="valid", activation="relu"),
            layers.UpSampling2D(2),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ],
        name="decoder",
    )


def build() -> Autoencoder:
    """Encoder, decoder, and one flat autoencoder made of the very same 13 layers."""
    encoder = build_encoder()
    decoder = build_decoder()
    autoencoder = keras.Sequential(
        [keras.Input(shape=(28, 28, 1)), *encoder.layers, *decoder.layers], name="autoencoder"
    )
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model) -> None:
    """Adam and the binary cross-entropy, averaged over the 784 pixels and over the images of a batch."""
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1] with their channel, (n, 28, 28, 1), both the input and the target."""
    with_channel = images[..., np.newaxis]
    return with_channel, with_channel
