"""Variational autoencoder, dense, on MNIST (course, week 13, second session).

                         ┌→ Dense 10 = mean ─────────┐
    image 784 → Dense 256┤                           ├→ Sampling = code 10 → Dense 256 → Dense 784
                         └→ Dense 10 = log-variance ─┘

| layer | output | parameters |
|---|---|---|
| Dense, relu | 256 | 784·256 + 256 = 200,960 |
| Dense (`z_mean`) | 10 | 256·10 + 10 = 2,570 |
| Dense (`z_log_variance`) | 10 | 256·10 + 10 = 2,570 |
| Sampling (the code) | 10 | 0 |
| Dense, relu | 256 | 10·256 + 256 = 2,816 |
| Dense, sigmoid | 784 | 256·784 + 784 = 201,488 |

Encoder 206,100 + decoder 204,304 = 410,404 parameters. The lecture leaves the sizes free and publishes no figure.

Minimised, a mean over the images of a batch:

    Σ over 784 pixels of the binary cross-entropy  +  ½ · Σ over 10 numbers of ( μ² + σ² - log σ² - 1 )

The first term wants each image to have a code of its own; the second pulls all codes towards N(0, I). Together they
make a latent space without holes: any code drawn from N(0, I) decodes to something that looks like the data, and a
straight line between two codes is a continuous change from one image to the other.

What to look out for (the formulas and their reduction are in `sampling`):

* The mean and the log-variance have no activation: with relu no mean could be negative and no σ below 1.
* The *mean* cross-entropy with the whole KL collapses the posterior: KL = 0 and one grey picture for all images.
* Without the KL, or without the noise, the reconstructions get better and the samples from the prior get worse: the
  mean squared error cannot tell a good variational autoencoder from a broken one. Look at KL, ELBO and samples.
* The encoder of the three models gives one code. Its `z_mean` and `z_log_variance` come from `sampling.moments`.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder
from reference.sampling import Sampling, reconstruction_loss

ID = "variational"
DATASET = "mnist"
DATASETS = ("mnist", "fashion_mnist")
CODE_SIZE = 10
EPOCHS = 20
BATCH_SIZE = 128
PUBLISHED = ""

JUDGED_BY = "variational"
FREE = ("parameters", "code_size")
CODE_SIZES = (2, 5, 32)
IMAGE_SIZE = 784
HIDDEN_SIZE = 256


def build_encoder(*, beta: float = 1.0) -> keras.Model:
    """Image (784,) to code (10,): drawn from N(mean, exp(log-variance)) in training, the mean otherwise."""
    image = keras.Input(shape=(IMAGE_SIZE,))
    hidden = layers.Dense(HIDDEN_SIZE, activation="relu")(image)
    z_mean = layers.Dense(CODE_SIZE, name="z_mean")(hidden)
    z_log_variance = layers.Dense(CODE_SIZE, name="z_log_variance")(hidden)
    code = Sampling(beta=beta, name="code")([z_mean, z_log_variance])
    return keras.Model(image, code, name="encoder")


def build_decoder() -> keras.Model:
    """Code (10,) to image (784,)."""
    return keras.Sequential(
        [
            keras.Input(shape=(CODE_SIZE,)),
            layers.Dense(HIDDEN_SIZE, activation="relu"),
            layers.Dense(IMAGE_SIZE, activation="sigmoid"),
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
    """Images (n, 28, 28) in [0, 1] as rows of 784 pixels, both the input and the target."""
    flat = images.reshape(len(images), IMAGE_SIZE)
    return flat, flat


def between(decoder: keras.Model, first: np.ndarray, last: np.ndarray, *, steps: int = 10) -> np.ndarray:
    """Return the images (steps, 784) on the straight line from code `first` (10,) to code `last` (10,)."""
    part = np.linspace(0, 1, steps, dtype=np.float32)[:, np.newaxis]
    return np.asarray(decoder.predict((1 - part) * first + part * last, verbose=0))
