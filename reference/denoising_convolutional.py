"""Denoising convolutional autoencoder on MNIST (course, week 13, first session).

    28×28×1 ─Conv 32─Pool─ 14×14×32 ─Conv 32─Pool─ 7×7×32 = code (1,568 numbers)
    7×7×32 ─Conv 32─Up─ 14×14×32 ─Conv 32─Up─ 28×28×32 ─Conv 1─ 28×28×1, compared with the clean image

| layer | output | parameters |
|---|---|---|
| Conv2D 32, 3×3, same, relu | 28×28×32 | 3·3·1·32 + 32 = 320 |
| MaxPool 2, same | 14×14×32 | 0 |
| Conv2D 32, 3×3, same, relu | 14×14×32 | 3·3·32·32 + 32 = 9,248 |
| MaxPool 2, same (the code) | 7×7×32 | 0 |
| Conv2D 32, 3×3, same, relu | 7×7×32 | 3·3·32·32 + 32 = 9,248 |
| UpSampling 2 | 14×14×32 | 0 |
| Conv2D 32, 3×3, same, relu | 14×14×32 | 3·3·32·32 + 32 = 9,248 |
| UpSampling 2 | 28×28×32 | 0 |
| Conv2D 1, 3×3, same, sigmoid | 28×28×1 | 3·3·32·1 + 1 = 289 |

Encoder 9,568 + decoder 18,785 = 28,353 parameters.

    input  = clip(image + 0.5·N(0, 1), 0, 1)        target = image

What to look out for:

* **The code is larger than the image**: 7·7·32 = 1,568 numbers for 784 pixels. Nothing narrow stops this network from
  copying; only the noise keeps it honest, because a copy of the noisy input is a bad answer. Do not use it to compress.
* Noise goes on the input alone, is clipped, and is fresh for each image (see `denoising_dense`).
* Images need their channel: (n, 28, 28, 1).
* 100 epochs of 60,000 images are for a graphics card. Without one, train on fewer images and watch the validation loss.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "denoising-convolutional"
DATASET = "mnist"
CODE_SIZE = 1_568  # 7·7·32
EPOCHS = 100
BATCH_SIZE = 128
PUBLISHED = "28,353 parameters"

NOISE_FACTOR = 0.5
JUDGED_BY = "denoising"
CALIBRATION_EPOCHS = 12  # a hundred take seven minutes on one core even with the embedded sample


def build_encoder() -> keras.Model:
    """Image (28, 28, 1) to code (7, 7, 32)."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPool2D(2, padding="same"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPool2D(2, padding="same"),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (7, 7, 32) to image (28, 28, 1): sides 7 → 14 → 28."""
    return keras.Sequential(
        [
            keras.Input(shape=(7, 7, 32)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.UpSampling2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.UpSampling2D(2),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
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


def add_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return clip(images + 0.5·N(0, 1), 0, 1), the same shape and float32; each pixel has noise of its own."""
    noise = rng.normal(size=images.shape)
    return np.clip(images + NOISE_FACTOR * noise, 0.0, 1.0).astype(np.float32)


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:
    """Noisy images as the input, the clean ones as the target, both with their channel, (n, 28, 28, 1)."""
    clean = images[..., np.newaxis]
    return add_noise(clean, rng), clean


def control_inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Clean images on both sides: what a network learns that never saw noise."""
    clean = images[..., np.newaxis]
    return clean, clean
