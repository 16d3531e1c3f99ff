"""Convolutional autoencoder on Fashion-MNIST (course, week 13, second session).

    28×28×1 ─Conv─ 28×28×16 ─Pool─ 14×14×16 ─Conv─ 14×14×32 ─Pool─ 7×7×32 ─Conv─ 7×7×64 ─Pool─ 3×3×64
            ─Conv─ 3×3×30 ─mean over the 3×3 places─ 30 = code
    30 ─Dense─ 144 ─Reshape─ 3×3×16 ─ConvT─ 7×7×32 ─ConvT─ 14×14×16 ─ConvT─ 28×28×1

| layer | output | parameters |
|---|---|---|
| Reshape | 28×28×1 | 0 |
| Conv2D 16, 3×3, same, relu | 28×28×16 | 3·3·1·16 + 16 = 160 |
| MaxPool 2 | 14×14×16 | 0 |
| Conv2D 32, 3×3, same, relu | 14×14×32 | 3·3·16·32 + 32 = 4,640 |
| MaxPool 2 | 7×7×32 | 0 |
| Conv2D 64, 3×3, same, relu | 7×7×64 | 3·3·32·64 + 64 = 18,496 |
| MaxPool 2 | 3×3×64 | 0 |
| Conv2D 30, 3×3, same, relu | 3×3×30 | 3·3·64·30 + 30 = 17,310 |
| GlobalAvgPool (the code) | 30 | 0 |
| Dense | 144 | 30·144 + 144 = 4,464 |
| Reshape | 3×3×16 | 0 |
| Conv2DTranspose 32, 3×3, strides 2, valid, relu | 7×7×32 | 3·3·16·32 + 32 = 4,640 |
| Conv2DTranspose 16, 3×3, strides 2, same, relu | 14×14×16 | 3·3·32·16 + 16 = 4,624 |
| Conv2DTranspose 1, 3×3, strides 2, same | 28×28×1 | 3·3·16·1 + 1 = 145 |
| Reshape | 28×28 | 0 |

Encoder 40,606 + decoder 13,873 = 54,479 parameters: a third of `stacked`, because a kernel is used at every place.

What to look out for:

* **3 → 7 → 14 → 28.** The third pooling halves 7 to 3 (a half is dropped), so doubling three times would end at 24.
  The first transposed convolution has `valid` padding, which gives (n - 1)·stride + kernel = (3 - 1)·2 + 3 = 7;
  the two others have `same` padding, n·stride = 14, then 28. With `same` in all three the output is 24×24.
* GlobalAvgPool forgets *where* something was; each of the 30 numbers says how much of a feature the image holds.
* The output is linear: clip it to [0, 1] before showing it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "convolutional"
DATASET = "fashion_mnist"
CODE_SIZE = 30
EPOCHS = 10
BATCH_SIZE = 32
PUBLISHED = "54,479 parameters"


def build_encoder() -> keras.Model:
    """Image (28, 28) to code (30,): places become fewer, features become more."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPool2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPool2D(2),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPool2D(2),
            layers.Conv2D(CODE_SIZE, 3, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (30,) to image (28, 28): sides 3 → 7 (valid) → 14 (same) → 28 (same)."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.Dense(3 * 3 * 16),
            layers.Reshape((3, 3, 16)),
            layers.Conv2DTranspose(32, 3, strides=2, padding="valid", activation="relu"),
            layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
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
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1], both the input and the target; the encoder adds the channel itself."""
    return images, images
