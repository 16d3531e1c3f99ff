"""Exercise: `simple-dense` under other losses, on MNIST (course, week 13, first session).

The network, the optimizer and the data stay as they are; only the loss changes. Do the reconstructions differ?

| name | for one image, mean over 784 pixels of | the best constant for a pixel is |
|---|---|---|
| `mse` | (x - x̂)² | its mean |
| `mae` | |x - x̂| | its median |
| `binary_crossentropy` | -x·log x̂ - (1 - x)·log(1 - x̂) | its mean |

The network is `simple-dense`, 25,120 + 25,872 = 50,992 parameters:

| layer | output | parameters |
|---|---|---|
| Dense, relu (`latent_vector`, the code) | 32 | 784·32 + 32 = 25,120 |
| Dense, sigmoid (`decoder_output`) | 784 | 32·784 + 784 = 25,872 |

What to look out for:

* **The three numbers cannot be compared.** 0.09 of cross-entropy is not worse than 0.01 of squared error. Judge all
  three networks with the same loss, as `compare` does, and by eye.
* **mae goes for the median.** Most pixels are black in more than half of the images, and while the network is unsure it
  makes them black: thin strokes vanish first, and training begins with an almost empty picture.
* Cross-entropy with a sigmoid has the gradient x̂ - x; with the squared error it is (x̂ - x)·x̂·(1 - x̂), which is
  almost 0 where the output is far off and close to 0 or 1. The cross-entropy learns faster at the start.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "losses"
DATASET = "mnist"
CODE_SIZE = 32
EPOCHS = 50
BATCH_SIZE = 128
PUBLISHED = "50,992 parameters"

IMAGE_SIZE = 784
NAMES = ("mse", "mae", "binary_crossentropy")
COMPARED_BY = NAMES
BEST_OF = "autoencoders"


def build() -> Autoencoder:
    """The three models of `simple-dense`, with fresh weights."""
    image = keras.Input(shape=(IMAGE_SIZE,), name="image")
    latent_vector = layers.Dense(CODE_SIZE, activation="relu", name="latent_vector")(image)
    encoder = keras.Model(image, latent_vector, name="encoder")

    code = keras.Input(shape=(CODE_SIZE,), name="code")
    decoder_output = layers.Dense(IMAGE_SIZE, activation="sigmoid", name="decoder_output")(code)
    decoder = keras.Model(code, decoder_output, name="decoder")

    autoencoder = keras.Model(image, decoder(encoder(image)), name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model, *, loss: str = "mse") -> None:
    """Adam for all; the loss is `mse`, `mae` or `binary_crossentropy`.

    Raises:
        KeyError: The exercise has no loss of this name.
    """
    if loss not in NAMES:
        raise KeyError(loss)
    autoencoder.compile(optimizer="adam", loss=loss)


VARIANTS = {name: partial(compile_model, loss=name) for name in ("mae", "binary_crossentropy")}


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1] as rows of 784 pixels, both the input and the target."""
    flat = images.reshape(len(images), IMAGE_SIZE)
    return flat, flat


def yardsticks(images: np.ndarray, reconstructions: np.ndarray) -> dict[str, float]:
    """Return all three losses of the same reconstructions (n, 784), each a mean over pixels and images."""
    likely = np.clip(reconstructions.astype(np.float64), 1e-7, 1 - 1e-7)
    cross_entropy = -(images * np.log(likely) + (1 - images) * np.log(1 - likely))
    return {
        "mse": float(((images - reconstructions) ** 2).mean()),
        "mae": float(np.abs(images - reconstructions).mean()),
        "binary_crossentropy": float(cross_entropy.mean()),
    }


def compare(images: np.ndarray, *, epochs: int = EPOCHS, seed: int = 42) -> dict[str, dict[str, float]]:
    """Train a network under each loss on images (n, 28, 28); return all three losses of each on the held-out part.

    Every network starts with the same weights and sees the batches in the same order.
    """
    train, validation = (part.reshape(len(part), -1) for part in training_split(images))
    results = {}
    for name in NAMES:
        keras.utils.set_random_seed(seed)
        autoencoder = build().autoencoder
        compile_model(autoencoder, loss=name)
        autoencoder.fit(train, train, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
        results[name] = yardsticks(validation, autoencoder.predict(validation, verbose=0))
    return results
