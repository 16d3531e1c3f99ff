"""Numbers about a model on images: losses, trivial predictors, composition, and the rank of its Jacobian.

All losses are means over pixels and over images, pixels in [0, 1]:

    MSE = mean (x - y)²
    BCE = mean -(x·ln y + (1 - x)·ln(1 - y)),  y clipped to [1e-7, 1 - 1e-7]
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from grader.rebuild.roles import concrete

Array = npt.NDArray[np.float32]

BATCH = 500
CLIP = 1e-7
RANK_TOLERANCE = 1e-5
PCA_FIT_IMAGES = 20_000


def predict(model: Any, inputs: Array) -> Array:
    """Return the model's outputs in inference mode, shape (n, …), whatever the model itself overrides."""
    parts = [
        np.asarray(keras.ops.convert_to_numpy(model(inputs[start : start + BATCH], training=False)))
        for start in range(0, len(inputs), BATCH)
    ]
    return np.concatenate(parts).astype(np.float32)


def as_input(model: Any, images: Array) -> Array:
    """Reshape images (n, 28, 28) to what the model takes: (n, 784), (n, 28, 28) or (n, 28, 28, 1).

    Raises:
        ValueError: It takes no image of this size.
    """
    shape = concrete(tuple(model.inputs[0].shape[1:]), images.shape[1:])
    if shape is None:
        raise ValueError(f"a model for inputs of shape {model.inputs[0].shape[1:]}")
    return images.reshape(len(images), *shape)


def reconstruct(model: Any, images: Array) -> Array:
    """Return the model's reconstructions in the shape of the images (n, 28, 28)."""
    return predict(model, as_input(model, images)).reshape(images.shape)


def answers(model: Any, samples: Array) -> Array | None:
    """Return what the model makes of samples (n, …) as rows (n, numbers), None where it does not run on them.

    A graph can fit together and still not run: a batch size may be written into a reshape.
    """
    try:
        return predict(model, as_input(model, samples)).reshape(len(samples), -1)
    except (tf.errors.OpError, ValueError):
        return None


def mean_squared_error(images: Array, outputs: Array) -> float:
    """Return the MSE over all pixels of all images."""
    return float(np.mean((images.astype(np.float64) - outputs.astype(np.float64)) ** 2))


def binary_cross_entropy(images: Array, outputs: Array) -> float:
    """Return the mean binary cross-entropy in nats a pixel."""
    y = np.clip(outputs.astype(np.float64), CLIP, 1 - CLIP)
    x = images.astype(np.float64)
    return float(np.mean(-(x * np.log(y) + (1 - x) * np.log(1 - y))))


def mean_image_error(train: Array, images: Array) -> float:
    """Return the MSE of predicting the mean training image for every image."""
    return mean_squared_error(images, np.broadcast_to(train.mean(axis=0), images.shape))


def pca_error(train: Array, images: Array, components: int) -> float:
    """Return the MSE of PCA with `components` components, fitted on the first 20,000 training images.

    Baldi and Hornik (1989): no linear autoencoder of that code size can do better on the images it is fitted on.
    """
    flat = train[:PCA_FIT_IMAGES].reshape(min(len(train), PCA_FIT_IMAGES), -1).astype(np.float64)
    mean = flat.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(flat, rowvar=False))
    basis = vectors[:, -components:]
    centred = images.reshape(len(images), -1).astype(np.float64) - mean
    return float(np.mean((centred - centred @ basis @ basis.T) ** 2))


def composition_gap(autoencoder: Any, encoder: Any, decoder: Any, images: Array) -> float | None:
    """Return rms(autoencoder(x) - decoder(encoder(x))) / rms(autoencoder(x)); None where they do not fit together."""
    chained = through_code(encoder, decoder, images)
    if chained is None:
        return None
    direct = reconstruct(autoencoder, images)
    size = float(np.sqrt(np.mean(direct.astype(np.float64) ** 2)))
    gap = float(np.sqrt(np.mean((direct.astype(np.float64) - chained) ** 2)))
    return gap / size if size > 0 else gap


def through_code(encoder: Any, decoder: Any, images: Array) -> Array | None:
    """Return decoder(encoder(x)) with the codes passed on as plain numbers of six digits; None where they do not fit.

    Nothing but those numbers can carry the image.
    """
    codes = predict(encoder, as_input(encoder, images))
    target = concrete(tuple(decoder.inputs[0].shape[1:]), codes.shape[1:])
    if target is None:
        return None
    outputs = predict(decoder, _six_digits(codes).reshape(len(images), *target))
    return outputs.reshape(images.shape) if outputs.size == images.size else None


def jacobian_rank(model: Any, images: Array) -> int:
    """Return the largest numerical rank of d output / d input over the images.

    Singular values above 1e-5 of the largest count. The rank is at most the size of the code, whatever the layers
    between; a way around the code, or a wider code, shows as a higher rank. Images at which it is not finite are left
    out.
    """
    inputs = tf.constant(as_input(model, images))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.reshape(model(inputs, training=False), (len(images), -1))
    jacobian = tape.batch_jacobian(outputs, inputs)
    if jacobian is None:
        return 0
    matrices = np.asarray(jacobian).reshape(len(images), outputs.shape[1], -1).astype(np.float64)
    values = np.linalg.svd(matrices[np.isfinite(matrices).all(axis=(1, 2))], compute_uv=False)
    return int(max(((row > RANK_TOLERANCE * row[0]).sum() for row in values), default=0))


def _six_digits(values: Array) -> Array:
    """Round to six significant decimal digits."""
    scale = np.where(values == 0, 1.0, 10.0 ** (5 - np.floor(np.log10(np.abs(np.where(values == 0, 1, values))))))
    return (np.round(values * scale) / scale).astype(np.float32)
