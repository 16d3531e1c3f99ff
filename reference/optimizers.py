"""Exercise: `simple-dense` with other optimizers, on MNIST (course, week 13, first session).

The network, the loss and the data stay as they are; only the optimizer changes. Which one gives the best images, and
how many epochs does each need?

| name | Keras 3 | as the lecture writes it |
|---|---|---|
| `sgd` | SGD(learning_rate=InverseTimeDecay(0.01, …), momentum=0.9, nesterov=True) | SGD(lr=0.01, decay=…, …) |
| `adam` | Adam() with its default rate 0.001 | "adam" |
| `adadelta` | Adadelta(learning_rate=1.0) | "adadelta" |

The network is `simple-dense`, 25,120 + 25,872 = 50,992 parameters:

| layer | output | parameters |
|---|---|---|
| Dense, relu (`latent_vector`, the code) | 32 | 784·32 + 32 = 25,120 |
| Dense, sigmoid (`decoder_output`) | 784 | 32·784 + 784 = 25,872 |

What to look out for:

* **`lr=` and `decay=`** are gone. Keras 3 refuses the first ("Argument(s) not recognized") and *ignores* the second
  with a warning, so that the rate stays as it is. A decaying rate is a schedule now. The old one was divided by
  1 + decay·updates, which is `InverseTimeDecay` with `decay_steps=1`.
* **"adadelta"** by name has rate 0.001 in Keras 3 and had 1.0: after 50 epochs it has hardly moved.
* SGD with rate 0.01 is slow here for a reason: the loss is a mean over 784 pixels, so that the gradient of one weight
  is 784 times smaller than with a sum. Adam and Adadelta divide by the size of the gradients and do not notice. Plain
  descent needs a rate near 1 (see `from_scratch`).
* An optimizer belongs to one model: make a new one for each, as `make_optimizer` does.

The course names the rate 0.01 and the momentum 0.9 and says that the rate decays; 1e-6 is this module's choice.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "optimizers"
DATASET = "mnist"
CODE_SIZE = 32
EPOCHS = 50
BATCH_SIZE = 128
PUBLISHED = "50,992 parameters"

IMAGE_SIZE = 784
NAMES = ("sgd", "adam", "adadelta")
COMPARED_BY = ("binary_crossentropy",)
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


def make_optimizer(name: str) -> keras.optimizers.Optimizer:
    """Return a new optimizer: `sgd`, `adam` or `adadelta`.

    Raises:
        KeyError: The exercise has no optimizer of this name.
    """
    if name == "sgd":
        decaying = keras.optimizers.schedules.InverseTimeDecay(0.01, decay_steps=1, decay_rate=1e-6)
        return keras.optimizers.SGD(learning_rate=decaying, momentum=0.9, nesterov=True)
    if name == "adam":
        return keras.optimizers.Adam()
    if name == "adadelta":
        return keras.optimizers.Adadelta(learning_rate=1.0)
    raise KeyError(name)


def compile_model(autoencoder: keras.Model, *, optimizer: str = "adam") -> None:
    """One of the three optimizers; the loss is the binary cross-entropy for all, so that they can be compared."""
    autoencoder.compile(optimizer=make_optimizer(optimizer), loss="binary_crossentropy")


VARIANTS = {name: partial(compile_model, optimizer=name) for name in ("sgd", "adadelta")}


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1] as rows of 784 pixels, both the input and the target."""
    flat = images.reshape(len(images), IMAGE_SIZE)
    return flat, flat


def compare(images: np.ndarray, *, epochs: int = EPOCHS, seed: int = 42) -> dict[str, list[float]]:
    """Train a fresh network with each optimizer on images (n, 28, 28); return validation losses, one for each epoch.

    Every network starts with the same weights and sees the batches in the same order.
    """
    train, validation = (part.reshape(len(part), -1) for part in training_split(images))
    losses = {}
    for name in NAMES:
        keras.utils.set_random_seed(seed)
        autoencoder = build().autoencoder
        compile_model(autoencoder, optimizer=name)
        history = autoencoder.fit(
            train, train, epochs=epochs, batch_size=BATCH_SIZE, validation_data=(validation, validation), verbose=0
        )
        losses[name] = [float(loss) for loss in history.history["val_loss"]]
    return losses


def epochs_needed(losses: list[float], goal: float) -> int | None:
    """Return after how many epochs the loss was first at or below the goal, None where it never was."""
    return next((epoch for epoch, loss in enumerate(losses, start=1) if loss <= goal), None)
