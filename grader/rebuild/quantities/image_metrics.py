"""Numbers about a model on images: losses, trivial predictors, composition, and the rank of its Jacobian.

All losses are means over pixels and over images, pixels in [0, 1]:

    MSE = mean (x - y)²
    BCE = mean -(x·ln y + (1 - x)·ln(1 - y)),  y clipped to [1e-7, 1 - 1e-7]
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from grader.rebuild.network.roles import concrete

Array = npt.NDArray[np.float32]

BATCH = 500
MAX_BATCH_NUMBERS = 2**27
"""Most numbers in one tensor of a batch (half a GiB): only models with giant layers get smaller batches."""
CLIP = 1e-7
RANK_TOLERANCE = 1e-5
JACOBIAN_ROWS = 392
PCA_FIT_IMAGES = 20_000
STEPS_A_DEVIATION = 64
STEPS_OF_A_CODE = 1024
"""Into how many steps a standard deviation of each number of a code is divided: this many for a code of one number,
fewer for a larger one, but at least `STEPS_A_DEVIATION`."""


def predict(model: Any, inputs: Array) -> Array:
    """Return the model's outputs in inference mode, shape (n, …), whatever the model itself overrides."""
    batch = max(1, min(BATCH, MAX_BATCH_NUMBERS // _largest(model)))
    parts = [
        np.asarray(keras.ops.convert_to_numpy(model(inputs[start : start + batch], training=False)))
        for start in range(0, len(inputs), batch)
    ]
    return np.concatenate(parts).astype(np.float32)


def _largest(model: Any) -> int:
    """Return the size, for one sample, of the largest tensor in a rebuilt model; 1 for a model without a graph."""
    sizes = [1]
    graph = getattr(model, "_functional", None) or model  # what a Sequential holds
    for node in itertools.chain(*getattr(graph, "_nodes_by_depth", {}).values()):
        sizes += [math.prod(length or 1 for length in tensor.shape[1:]) for tensor in node.outputs]
        sizes.append(_largest(node.operation))
    return max(sizes)


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
    """Return the model's outputs for samples (n, …) as rows (n, numbers), None if it does not run on them.

    A graph can be consistent and still not run: a reshape may contain a fixed batch size.
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
    """Return rms(autoencoder(x) - decoder(encoder(x))) / rms(autoencoder(x)); None if they do not fit together."""
    chained = through_code(encoder, decoder, images)
    if chained is None:
        return None
    direct = reconstruct(autoencoder, images)
    size = float(np.sqrt(np.mean(direct.astype(np.float64) ** 2)))
    gap = float(np.sqrt(np.mean((direct.astype(np.float64) - chained) ** 2)))
    return gap / size if size > 0 else gap


def difference(model: Any, parts: tuple[Any, Any], inputs: Array) -> float | None:
    """Return rms(model(x) - second(first(x))) / rms(model(x)) for any outputs; None if they do not fit together."""
    taken = concrete(tuple(parts[0].inputs[0].shape[1:]), inputs.shape[1:])
    if taken is None:
        return None
    codes = predict(parts[0], inputs.reshape(len(inputs), *taken))
    target = concrete(tuple(parts[1].inputs[0].shape[1:]), codes.shape[1:])
    if target is None:
        return None
    direct = predict(model, inputs).astype(np.float64)
    chained = predict(parts[1], codes.reshape(len(inputs), *target))
    if chained.size != direct.size:
        return None
    size = float(np.sqrt(np.mean(direct**2)))
    gap = float(np.sqrt(np.mean((direct - chained.reshape(direct.shape)) ** 2)))
    return gap / size if size > 0 else gap


def through_code(encoder: Any, decoder: Any, images: Array) -> Array | None:
    """Return decoder(encoder(x)) with the codes passed on as plain numbers of six digits; None if they do not fit.

    Only those numbers can carry the image.
    """
    codes = predict(encoder, as_input(encoder, images))
    target = concrete(tuple(decoder.inputs[0].shape[1:]), codes.shape[1:])
    if target is None:
        return None
    outputs = predict(decoder, _six_digits(codes).reshape(len(images), *target))
    return outputs.reshape(images.shape) if outputs.size == images.size else None


def rounding_gap(encoder: Any, decoder: Any, images: Array) -> float | None:
    """Return how much of decoder(encoder(x)) depends on fine differences of the codes; None if they do not fit.

    Root mean square of the difference that `coarse` codes make, divided by that of decoder(encoder(x)).
    """
    codes = predict(encoder, as_input(encoder, images))
    target = concrete(tuple(decoder.inputs[0].shape[1:]), codes.shape[1:])
    if target is None:
        return None
    exact, rounded = (
        predict(decoder, given.reshape(len(images), *target)).astype(np.float64) for given in (codes, coarse(codes))
    )
    size = float(np.sqrt(np.mean(exact**2)))
    gap = float(np.sqrt(np.mean((exact - rounded) ** 2)))
    return gap / size if size > 0 else gap


def coarse(codes: Array) -> Array:
    """Return the codes rounded to steps of a 64th of each number's standard deviation; of less for a code below 16.

    A number then holds about eight bits, and exponents hold none. A small code may use each number more finely: its
    steps are a 1024th of the deviation, divided by the size of the code. Numbers that are the same in all codes stay.
    In 96 trained references with codes of 2 to 1,568 numbers, the output changes by 0.8 % at most.
    """
    flat = codes.reshape(len(codes), -1).astype(np.float64)
    with np.errstate(all="ignore"):  # codes of a broken network may be anything
        steps = flat.std(axis=0) / max(STEPS_A_DEVIATION, STEPS_OF_A_CODE / flat.shape[1])
        rounded = np.where(steps > 0, np.round(flat / np.where(steps > 0, steps, 1.0)) * steps, flat)
    return np.where(np.isfinite(rounded), rounded, flat).reshape(codes.shape).astype(np.float32)


def jacobian_rank(model: Any, images: Array, *, at_most: int | None = None) -> int:
    """Return the largest numerical rank of d output / d input over the images.

    Singular values above 1e-5 of the largest count: float32 leaves about 1e-7 in place of zero (at most 7.4e-8 in nine
    networks: dense, convolutional, recurrent), and a leak of one percent gives more than 1e-4. The rank is at most the
        size
    of the code, whatever the layers between; a path around the code, or a wider code, gives a higher rank. Images at
    which the Jacobian is not finite are left out.

    Args:
        model: Image to image.
        images: Inputs at which the rank is computed.
        at_most: Higher ranks need not be distinguished. The outputs are then mixed at random into this many numbers,
            which keeps any lower rank and saves most of the time (Halko, Martinsson and Tropp, 2011).
    """
    ranks = [0]
    for image in as_input(model, images):
        matrix = _jacobian(model, image, at_most)
        if matrix is not None and np.isfinite(matrix).all():
            values = np.linalg.svd(matrix, compute_uv=False)
            ranks.append(int((values > RANK_TOLERANCE * values[0]).sum()))
    return max(ranks)


def _jacobian(model: Any, sample: Array, at_most: int | None) -> npt.NDArray[np.float64] | None:
    """Return d output / d input at one sample, a row per output or mixture; None if they are not connected.

    The batch contains the sample once per row, so that one backward pass gives all rows.
    """
    size = int(np.prod(model(sample[np.newaxis], training=False).shape[1:]))
    directions = np.eye(size, dtype=np.float32)
    if at_most is not None and at_most < size:
        directions = np.random.default_rng(0).normal(size=(at_most, size)).astype(np.float32)
    rows = []
    for start in range(0, len(directions), JACOBIAN_ROWS):
        chosen = directions[start : start + JACOBIAN_ROWS]
        batch = tf.constant(np.broadcast_to(sample, (len(chosen), *sample.shape)))
        with tf.GradientTape() as tape:
            tape.watch(batch)
            outputs = tf.reshape(model(batch, training=False), (len(chosen), size))
            projected = tf.reduce_sum(tf.cast(outputs, tf.float32) * chosen)
        gradient = tape.gradient(projected, batch)
        if gradient is None:
            return None
        rows.append(np.asarray(gradient).reshape(len(chosen), -1))
    return np.concatenate(rows).astype(np.float64)


def _six_digits(values: Array) -> Array:
    """Round to six significant decimal digits."""
    scale = np.where(values == 0, 1.0, 10.0 ** (5 - np.floor(np.log10(np.abs(np.where(values == 0, 1, values))))))
    return (np.round(values * scale) / scale).astype(np.float32)
