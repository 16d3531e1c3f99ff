"""Linear autoencoder on a cloud of 60 points: principal component analysis by gradient descent (course, week 13).

    point 3 → Dense 2 = code → Dense 3        (no activations anywhere)

| layer | output | parameters |
|---|---|---|
| Dense (the code) | 2 | 3·2 + 2 = 8 |
| Dense | 3 | 2·3 + 3 = 9 |

Encoder 8 + decoder 9 = 17 parameters.

Without activations the whole network is x̂ = A·x + b with a matrix A of rank 2, and the best one for the squared error
projects each point on the plane through the mean that is spanned by the first two principal components. There is no
other minimum (Baldi and Hornik, "Neural networks and principal component analysis", 1989), so that the learnt *plane*
must be PCA's plane.

What to look out for:

* The plane is PCA's; the axes in it are not. Any invertible 2×2 matrix M can stand between encoder and decoder
  (M·code, then M⁻¹), so the two numbers of a code are neither uncorrelated nor ordered. Compare planes, by their
  principal angles, and never weights with components.
* The cloud is not centred. PCA subtracts the mean; here the biases learn it, and without biases the points must be
  centred first.
* The rate 0.5 suits three numbers near 1, and little else. Older texts write `lr=`, which Keras 3 does not accept:
  write `learning_rate=`.
* The loss cannot reach 0: what is left is the noise across the plane, 0.0233 for this cloud.
* 60 points are all there is. `training_split` gives them for validation again, which says nothing about new points.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder

ID = "linear-pca"
DATASET = "cloud"
CODE_SIZE = 2
EPOCHS = 500
BATCH_SIZE = 32
PUBLISHED = "17 parameters; the learnt plane is PCA's plane"

AXES = 3
LEARNING_RATE = 0.5
JUDGED_BY = "plane"
GIVEN = ("Plane", "principal_angles")
"""What the student notebook contains as it is; students write the rest of this module."""
OTHER_OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(learning_rate=0.05),
    "nadam": lambda: keras.optimizers.Nadam(learning_rate=0.05),
    "rmsprop": lambda: keras.optimizers.RMSprop(learning_rate=0.01),
}
"""The default rate 0.001 of these is for thousands of weights and updates; here are 17 weights and 1,000 updates."""


def build() -> Autoencoder:
    """Encoder, decoder, and the autoencoder that chains them: autoencoder(x) = decoder(encoder(x))."""
    encoder = keras.Sequential([keras.Input(shape=(AXES,)), layers.Dense(CODE_SIZE)], name="encoder")
    decoder = keras.Sequential([keras.Input(shape=(CODE_SIZE,)), layers.Dense(AXES)], name="decoder")
    autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")
    return Autoencoder(encoder, decoder, autoencoder)


def compile_model(autoencoder: keras.Model) -> None:
    """Plain gradient descent with rate 0.5, and the mean squared error over the three axes and the points."""
    autoencoder.compile(optimizer=keras.optimizers.SGD(learning_rate=LEARNING_RATE), loss="mse")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All points (60, 3) for training, and the same points again where a validation set is asked for."""
    return images, images


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:  # noqa: ARG001
    """Points (60, 3), both the input and the target."""
    return images, images


class Plane(NamedTuple):
    """A plane in space.

    Attributes:
        point: A point of it, (3,).
        directions: Two directions that span it, (2, 3), not necessarily orthonormal.
    """

    point: np.ndarray
    directions: np.ndarray


def pca_plane(points: np.ndarray) -> Plane:
    """The plane through the mean of points (n, 3) along the two directions in which they vary most."""
    mean = points.mean(axis=0)
    _, _, components = np.linalg.svd(points - mean, full_matrices=False)
    return Plane(mean, components[:CODE_SIZE])


def learnt_plane(decoder: keras.Model) -> Plane:
    """The plane of all that the decoder can answer: its bias, plus any mixture of the two rows of its kernel."""
    kernel, bias = decoder.layers[-1].get_weights()
    return Plane(bias, kernel)


def principal_angles(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the angles (k,), in degrees and ascending, between the spaces spanned by two sets of k rows (k, 3).

    With orthonormal bases Q₁ and Q₂ the cosines are the singular values of Q₁ᵀ·Q₂ (Björck and Golub, 1973). All angles
    are 0 exactly when the spaces are the same, whatever vectors span them.
    """
    basis_of_first, _ = np.linalg.qr(first.T)
    basis_of_second, _ = np.linalg.qr(second.T)
    cosines = np.linalg.svd(basis_of_first.T @ basis_of_second, compute_uv=False)
    return np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
