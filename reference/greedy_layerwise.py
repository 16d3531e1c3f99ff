"""Stacked autoencoder trained greedily, layer by layer, on Fashion-MNIST (course, week 13, second session).

    first:    image 784 ─Dense─ 100 ─Dense─ image 784
    second:                     100 ─Dense─ 30 ─Dense─ 100          (fitted on the first one's codes)
    stacked:  image 784 ─Dense─ 100 ─Dense─ 30 ─Dense─ 100 ─Dense─ image 784

| layer | output | parameters | trained in |
|---|---|---|---|
| Flatten | 784 | 0 | |
| Dense, relu | 100 | 784·100 + 100 = 78,500 | first |
| Dense, relu (the code) | 30 | 100·30 + 30 = 3,030 | second |
| Dense, relu | 100 | 30·100 + 100 = 3,100 | second |
| Dense | 784 | 100·784 + 784 = 79,184 | first |
| Reshape | 28×28 | 0 | |

First 157,684 + second 6,130 = 163,814 parameters, those of `stacked`. The stack is not trained as a whole: each shallow
autoencoder is an easy problem, and the second one sees codes instead of images. This is how deep networks were first
trained (Hinton and Salakhutdinov, 2006); today all layers are trained at once, and greedy training is a way to start.

How this module meets the contract: `build()` gives the stack with fresh weights, and `compile_model` compiles it for
fine-tuning. Fitting that would train all layers together, which is `stacked` and not this. The lesson is `train`, which
returns the same three models with the weights of both shallow autoencoders.

What to look out for:

* **The stack must hold the trained weights.** Here it is made of the very same layer objects. Layers built anew with
  the same sizes have fresh weights, and nothing warns: compare the stack's loss with the first autoencoder's.
* The order: encoder 1, encoder 2, decoder 2, decoder 1. The decoders come back in reverse.
* The second one's data is `first.encoder.predict(images)`. Codes after relu are not limited to [0, 1]: its last layer
  is relu, not sigmoid.
* The second must not change the first: it is fitted on numbers, so that no gradient reaches the first one's layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "greedy-layerwise"
DATASET = "fashion_mnist"
CODE_SIZE = 30
EPOCHS = 10
BATCH_SIZE = 32
PUBLISHED = ""

FIRST_CODE_SIZE = 100
FREE = ("parameters", "code_size")
STAGES = 2


def build_first() -> Autoencoder:
    """The first shallow autoencoder: image (28, 28) to 100 numbers and back."""
    encoder = keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Flatten(name="pixels"),
            layers.Dense(FIRST_CODE_SIZE, activation="relu", name="encode_1"),
        ],
        name="encoder_1",
    )
    decoder = keras.Sequential(
        [
            keras.Input(shape=(FIRST_CODE_SIZE,)),
            layers.Dense(28 * 28, name="decode_1"),
            layers.Reshape((28, 28), name="image"),
        ],
        name="decoder_1",
    )
    return Autoencoder(encoder, decoder, keras.Sequential([encoder, decoder], name="autoencoder_1"))


def build_second() -> Autoencoder:
    """The second shallow autoencoder: code of the first (100,) to 30 numbers and back."""
    encoder = keras.Sequential(
        [keras.Input(shape=(FIRST_CODE_SIZE,)), layers.Dense(CODE_SIZE, activation="relu", name="encode_2")],
        name="encoder_2",
    )
    decoder = keras.Sequential(
        [keras.Input(shape=(CODE_SIZE,)), layers.Dense(FIRST_CODE_SIZE, activation="relu", name="decode_2")],
        name="decoder_2",
    )
    return Autoencoder(encoder, decoder, keras.Sequential([encoder, decoder], name="autoencoder_2"))


def stack(first: Autoencoder, second: Autoencoder) -> Autoencoder:
    """Put the second inside the first; the layers are the same objects, so that the weights are as well."""
    encoder = keras.Sequential(
        [keras.Input(shape=(28, 28)), *first.encoder.layers, *second.encoder.layers], name="encoder"
    )
    decoder = keras.Sequential(
        [keras.Input(shape=(CODE_SIZE,)), *second.decoder.layers, *first.decoder.layers], name="decoder"
    )
    autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def build() -> Autoencoder:
    """The stack with fresh weights; `train` gives it the trained ones."""
    return stack(build_first(), build_second())


def compile_model(autoencoder: keras.Model) -> None:
    """Nadam and the mean squared error: for each shallow autoencoder, and for fine-tuning the stack if wished."""
    autoencoder.compile(optimizer="nadam", loss="mse")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1], both the input and the target."""
    return images, images


def train_first(first: Autoencoder, images: np.ndarray, *, epochs: int = EPOCHS, **settings: Any) -> None:
    """Fit the first autoencoder on images (n, 28, 28); settings are those of `train`."""
    _fit(first.autoencoder, images, epochs, **settings)


def train_second(second: Autoencoder, codes: np.ndarray, *, epochs: int = EPOCHS, **settings: Any) -> None:
    """Fit the second autoencoder on the first one's codes (n, 100); settings are those of `train`."""
    _fit(second.autoencoder, codes, epochs, **settings)


def train(
    images: np.ndarray,
    *,
    epochs: int = EPOCHS,
    batch_size: int = BATCH_SIZE,
    compile_model: Callable[[keras.Model], None] = compile_model,
) -> Autoencoder:
    """Train both, one after the other, each for so many epochs, and return the stack of the two."""
    first = build_first()
    train_first(first, images, epochs=epochs, batch_size=batch_size, compile_model=compile_model)
    codes = first.encoder.predict(images, verbose=0)
    second = build_second()
    train_second(second, codes, epochs=epochs, batch_size=batch_size, compile_model=compile_model)
    return stack(first, second)


def _fit(
    shallow: keras.Model,
    samples: np.ndarray,
    epochs: int,
    batch_size: int = BATCH_SIZE,
    compile_model: Callable[[keras.Model], None] = compile_model,
) -> None:
    compile_model(shallow)
    shallow.fit(samples, samples, epochs=epochs, batch_size=batch_size, verbose=0)
