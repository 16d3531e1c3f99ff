"""Denoising autoencoder with dropout, on Fashion-MNIST (course, week 13, second session).

    image 28×28 → Flatten 784 → Dropout ½ → Dense 100 → Dense 30 = code → Dense 100 → Dense 784 → Reshape 28×28

| layer | output | parameters |
|---|---|---|
| Flatten | 784 | 0 |
| Dropout 0.5 | 784 | 0 |
| Dense, relu | 100 | 784·100 + 100 = 78,500 |
| Dense, relu (the code) | 30 | 100·30 + 30 = 3,030 |
| Dense, relu | 100 | 30·100 + 100 = 3,100 |
| Dense | 784 | 100·784 + 784 = 79,184 |
| Reshape | 28×28 | 0 |

163,814 parameters, those of `stacked`: the noise is a layer that learns nothing. Dropout sets half of the pixels to
zero and doubles the others; `GaussianNoise(0.2)` in its place is as good.

What to look out for:

* **Noise acts in training only.** `predict`, `evaluate` and `autoencoder(x, training=False)` leave the image alone, so
  that the validation loss is lower than the training loss. To *show* noisy images and their repair, call the noise
  layer with `training=True` and reconstruct what comes out.
* **It must come before the first Dense.** After it, units of the network are dropped: a regulariser, not a denoiser.
* Fit images to themselves, `fit(x, x)`: the layer makes the input noisy, the target stays clean.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "denoising-dropout"
DATASET = "fashion_mnist"
CODE_SIZE = 30
EPOCHS = 10
BATCH_SIZE = 32
PUBLISHED = "163,814 parameters"

DROPPED_SHARE = 0.5
NOISE_DEVIATION = 0.2
JUDGED_BY = "denoising_layer"


def build_encoder(noise: keras.layers.Layer) -> keras.Model:
    """Image (28, 28) to code (30,), with the noise before the first Dense layer."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Flatten(),
            noise,
            layers.Dense(100, activation="relu"),
            layers.Dense(CODE_SIZE, activation="relu"),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (30,) to image (28, 28)."""
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
    """The lecture's autoencoder: half of the pixels are dropped."""
    return build_with(layers.Dropout(DROPPED_SHARE))


def build_gaussian() -> Autoencoder:
    """The other right answer: normal noise of standard deviation 0.2 on each pixel."""
    return build_with(layers.GaussianNoise(NOISE_DEVIATION))


def build_control() -> Autoencoder:
    """The twin without noise: an ordinary autoencoder, which never learnt to repair an image."""
    return build_with(layers.Dropout(0.0))


def build_with(noise: keras.layers.Layer) -> Autoencoder:
    """Encoder, decoder, and the autoencoder that chains them, with this layer as the noise."""
    encoder = build_encoder(noise)
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


def add_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return what the noise layer makes of images in training: half of the pixels zero, the others doubled."""
    kept = rng.random(images.shape) >= DROPPED_SHARE
    return (images * kept / (1 - DROPPED_SHARE)).astype(np.float32)


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Clean images (n, 28, 28) in [0, 1] on both sides: the noise is a layer of the model."""
    return images, images
