"""Sparse autoencoder on Fashion-MNIST (course, week 13, second session).

    image 28×28 → Flatten 784 → Dense 100 → Dense 300 = code, few of them active → Dense 100 → Dense 784 → Reshape 28×28

| layer | output | parameters |
|---|---|---|
| Flatten | 784 | 0 |
| Dense, relu | 100 | 784·100 + 100 = 78,500 |
| Dense, sigmoid (the code) | 300 | 100·300 + 300 = 30,300 |
| ActivityRegularization, l1 = 1e-4 | 300 | 0 |
| Dense, relu | 100 | 300·100 + 100 = 30,100 |
| Dense | 784 | 100·784 + 784 = 79,184 |
| Reshape | 28×28 | 0 |

Encoder 108,800 + decoder 109,284 = 218,084 parameters. The code has ten times the numbers of `stacked`'s, and the
bottleneck is of another kind: each active unit has a cost, so that an image is described by few of them (the lecture's
example is about 5 %). What is minimised:

    mean over images of [ mean over pixels of (x - x̂)²  +  1e-4 · sum over the 300 units of |code| ]

What to look out for:

* **l1 = 1e-14**, which stands in one of the lecture notes, regularises nothing: even 300 units at 1 would cost 3e-12.
  Measure the sparsity of the code instead of trusting the coefficient (embedded sample, 10 epochs, one run each):

  | l1 | mean activity | units above 0.1 | mean squared error |
  |---|---|---|---|
  | 0 | 0.472 | 99 % | 0.0154 |
  | 1e-14 | 0.470 | 99 % | 0.0153 |
  | 1e-4 | 0.048 | 13 % | 0.0169 |
  | 1e-3 | 0.008 | 2 % | 0.0225 |

* The penalty is on *activity* (what the units put out), not on the weights: `kernel_regularizer=` is something else.
* Keras sums the penalty over the units and takes the mean over the batch; the coefficient means the same at every
  batch size. The loss that `fit` prints contains it. The mean squared error alone does not.
* A sigmoid code lies in (0, 1), where "off" is a number near 0 and never 0 itself; hence the threshold of
  `active_share`.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "sparse"
DATASET = "fashion_mnist"
CODE_SIZE = 300
EPOCHS = 10
BATCH_SIZE = 32
PUBLISHED = "218,084 parameters; about 5 % of the units active is the lecture's example"

PENALTY = 1e-4
JUDGED_BY = "sparse"


def build_encoder(penalty: float) -> keras.Model:
    """Image (28, 28) to code (300,) in (0, 1); `penalty` is the cost of one unit at 1."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dense(CODE_SIZE, activation="sigmoid"),
            layers.ActivityRegularization(l1=penalty),
        ],
        name="encoder",
    )


def build_decoder() -> keras.Model:
    """Code (300,) to image (28, 28)."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.Dense(100, activation="relu"),
            layers.Dense(28 * 28),
            layers.Reshape((28, 28)),
        ],
        name="decoder",
    )


def build(*, penalty: float = PENALTY) -> Autoencoder:
    """Encoder, decoder, and the autoencoder that chains them: autoencoder(x) = decoder(encoder(x))."""
    encoder = build_encoder(penalty)
    decoder = build_decoder()
    autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def build_control() -> Autoencoder:
    """The twin without a penalty, whose code is as active as it likes: what sparsity is compared with."""
    return build(penalty=0.0)


def compile_model(autoencoder: keras.Model) -> None:
    """Nadam and the mean squared error; the penalty adds itself to the loss."""
    autoencoder.compile(optimizer="nadam", loss="mse")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1], both the input and the target."""
    return images, images


def active_share(codes: np.ndarray, *, threshold: float = 0.1) -> float:
    """Return the share, in [0, 1], of the numbers of codes (n, 300) that are above `threshold`."""
    return float((codes > threshold).mean())
