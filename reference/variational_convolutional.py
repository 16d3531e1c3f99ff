"""Variational autoencoder, convolutional, with a code of two numbers, on MNIST (course, week 13, second session).

    28×28×1 ─Conv 16, strides 2─ 14×14×16 ─Conv 32, strides 2─ 7×7×32 ─Flatten─ 1,568 ─Dense─ 64
            ─┬ Dense 2 = mean ─────────┬─ Sampling = code 2
             └ Dense 2 = log-variance ─┘
    2 ─Dense─ 1,568 ─Reshape─ 7×7×32 ─ConvT 32─ 14×14×32 ─ConvT 16─ 28×28×16 ─ConvT 1─ 28×28×1

| layer | output | parameters |
|---|---|---|
| Conv2D 16, 3×3, strides 2, same, relu | 14×14×16 | 3·3·1·16 + 16 = 160 |
| Conv2D 32, 3×3, strides 2, same, relu | 7×7×32 | 3·3·16·32 + 32 = 4,640 |
| Flatten | 1,568 | 0 |
| Dense, relu | 64 | 1,568·64 + 64 = 100,416 |
| Dense (`z_mean`) | 2 | 64·2 + 2 = 130 |
| Dense (`z_log_variance`) | 2 | 64·2 + 2 = 130 |
| Sampling (the code) | 2 | 0 |
| Dense, relu | 1,568 | 2·1,568 + 1,568 = 4,704 |
| Reshape | 7×7×32 | 0 |
| Conv2DTranspose 32, 3×3, strides 2, same, relu | 14×14×32 | 3·3·32·32 + 32 = 9,248 |
| Conv2DTranspose 16, 3×3, strides 2, same, relu | 28×28×16 | 3·3·32·16 + 16 = 4,624 |
| Conv2DTranspose 1, 3×3, same, sigmoid | 28×28×1 | 3·3·16·1 + 1 = 145 |

Encoder 105,476 + decoder 18,721 = 124,197 parameters. The lecture fixes the two numbers of the code and leaves the rest
free; it publishes no figure.

With two numbers the whole latent space fits on a page: `latent_plane` decodes a grid of codes into one picture, and
`sampling.moments(encoder)` gives the point of each image for a scatter plot coloured by digit.

What to look out for: two numbers are few, so reconstructions are blurred and some digits (4 and 9) share a region. That
is the price of the picture, not a mistake. The traps of `variational` and `sampling` hold here as well, and the
sum over pixels must run over all three axes of an image, height, width and channel.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder
from reference.sampling import Sampling, reconstruction_loss

ID = "variational-convolutional"
DATASET = "mnist"
CODE_SIZE = 2
EPOCHS = 10
EPOCHS_MEANT_FOR = 20_000  # five hundred updates teach it little; fewer images, more epochs
BATCH_SIZE = 64
PUBLISHED = ""

JUDGED_BY = "variational"
FREE = ("parameters",)
GIVEN = ("plane_codes",)
"""What the student notebook contains as it is; students write the rest of this module."""


def build_encoder(*, beta: float = 1.0) -> keras.Model:
    """Image (28, 28, 1) to code (2,): drawn from N(mean, exp(log-variance)) in training, the mean otherwise."""
    image = keras.Input(shape=(28, 28, 1))
    features = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(image)
    features = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(features)
    hidden = layers.Dense(64, activation="relu")(layers.Flatten()(features))
    z_mean = layers.Dense(CODE_SIZE, name="z_mean")(hidden)
    z_log_variance = layers.Dense(CODE_SIZE, name="z_log_variance")(hidden)
    code = Sampling(beta=beta, name="code")([z_mean, z_log_variance])
    return keras.Model(image, code, name="encoder")


def build_decoder() -> keras.Model:
    """Code (2,) to image (28, 28, 1): sides 7 → 14 → 28."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.Dense(7 * 7 * 32, activation="relu"),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
        ],
        name="decoder",
    )


def build(*, beta: float = 1.0) -> Autoencoder:
    """Encoder, decoder, and the autoencoder that chains them; the KL travels with the encoder's sampling layer."""
    encoder = build_encoder(beta=beta)
    decoder = build_decoder()
    autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def build_control() -> Autoencoder:
    """The twin without the KL: better reconstructions, and a latent space full of holes."""
    return build(beta=0.0)


def compile_model(autoencoder: keras.Model) -> None:
    """Adam; the loss is the reconstruction in nats, to which the sampling layer adds the KL.

    The metric is the reconstruction alone, so that the difference of the two printed numbers is the KL.
    """
    autoencoder.compile(optimizer="adam", loss=reconstruction_loss, metrics=[reconstruction_loss])


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hold the last twelfth (5,000 of 60,000) out for validation; test images stay unseen until the end."""
    train = len(images) - len(images) // 12
    return images[:train], images[train:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Images (n, 28, 28) in [0, 1] with their channel, (n, 28, 28, 1), both the input and the target."""
    with_channel = images[..., np.newaxis]
    return with_channel, with_channel


def plane_codes(side: int) -> np.ndarray:
    """Return side·side codes (side·side, 2) that cover N(0, I) evenly, row by row from top left.

    Columns go from left to right with the first number, rows from top to bottom with falling second number, as a
    scatter plot does. The steps are quantiles: each cell of the grid stands for the same share of the codes.
    """
    quantiles = [NormalDist().inv_cdf((step + 0.5) / side) for step in range(side)]
    return np.array([(across, up) for up in reversed(quantiles) for across in quantiles], np.float32)


def latent_plane(decoder: keras.Model, *, side: int = 15) -> np.ndarray:
    """Return one picture (28·side, 28·side) of decoded points; show it with `plt.imshow(picture, cmap="gray")`."""
    images = np.asarray(decoder.predict(plane_codes(side), verbose=0)).reshape(side, side, 28, 28)
    return images.transpose(0, 2, 1, 3).reshape(28 * side, 28 * side)
