"""Numbers about a model on images: losses, trivial predictors, composition, and the rank of its Jacobian.

All losses are means over pixels and over images, pixels in [0, 1]:

    MSE = mean (x - y)²
    BCE = mean -(x·ln y + (1 - x)·ln(1 - y)),  y clipped to [1e-7, 1 - 1e-7]
"""

from __future__ import annotations

import itertools
import math
import weakref
from collections.abc import Iterator, Sequence
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
JACOBIAN_ROWS = 512
PCA_FIT_IMAGES = 20_000
STEPS_A_DEVIATION = 64
STEPS_OF_A_CODE = 1024
"""Into how many steps a standard deviation of each number of a code is divided: this many for a code of one number,
fewer for a larger one, but at least `STEPS_A_DEVIATION`."""


def predict(model: Any, inputs: Array) -> Array:
    """Return the model's outputs in inference mode, shape (n, …), whatever the model itself overrides."""
    batch = max(1, min(BATCH, MAX_BATCH_NUMBERS // _largest(model)))
    batches = [inputs[start : start + batch] for start in range(0, len(inputs), batch)]
    parts = (_traced(model, batches) if is_recurrent(model) else None) or _eager(model, batches)
    return np.concatenate(parts).astype(np.float32)


def _eager(model: Any, batches: Sequence[Array]) -> list[Array]:
    return [np.asarray(keras.ops.convert_to_numpy(model(part, training=False))) for part in batches]


def is_recurrent(model: Any) -> bool:
    """Return whether a Keras model has layers that repeat a computation for every step of a sequence."""
    return isinstance(model, keras.Model) and any(isinstance(one, keras.layers.RNN) for one in model._flatten_layers())


def _traced(model: keras.Model, batches: Sequence[Array]) -> list[Array] | None:
    """Return the outputs of a graph of the model; None if it does not become one, or its graph does not run.

    Called eagerly, an LSTM runs each small operation of each step by itself: for 500 images of 28 rows it takes four
    times as long as its graph, for 50 images twenty times.
    """
    graphs = _GRAPHS.setdefault(model, {})
    key = (batches[0].shape[1:], batches[0].dtype.str)
    if key not in graphs:
        graphs[key] = _graph(weakref.ref(model), tf.TensorSpec((None, *batches[0].shape[1:]), batches[0].dtype))
    try:
        return [np.asarray(graphs[key](part)) for part in batches]
    except (tf.errors.OpError, ValueError, TypeError):  # the eager call says what is wrong, if anything is
        return None


def _graph(model: weakref.ref[keras.Model], inputs: Any) -> Any:
    return tf.function(
        lambda samples: keras.ops.convert_to_tensor(model()(samples, training=False)),  # type: ignore[misc]
        input_signature=(inputs,),
        autograph=False,
    )


_GRAPHS: weakref.WeakKeyDictionary[keras.Model, dict[tuple[Any, str], Any]] = weakref.WeakKeyDictionary()
"""Graphs of recurrent models by the shape and type of a sample; they end with their models."""


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
    return None if chained is None else relative_gap(reconstruct(autoencoder, images), chained)


def relative_gap(outputs: Array, others: Array) -> float:
    """Return rms(y - y') / rms(y) of two arrays of outputs with the same shape; rms(y - y') if all of y is zero."""
    exact = outputs.astype(np.float64)
    size = float(np.sqrt(np.mean(exact**2)))
    gap = float(np.sqrt(np.mean((exact - others) ** 2)))
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
    direct = predict(model, inputs)
    chained = predict(parts[1], codes.reshape(len(inputs), *target))
    return relative_gap(direct, chained.reshape(direct.shape)) if chained.size == direct.size else None


def through_code(encoder: Any, decoder: Any, images: Array) -> Array | None:
    """Return decoder(encoder(x)) with the codes passed on as plain numbers of six digits; None if they do not fit.

    Only those numbers can carry the image.
    """
    return decoded(decoder, six_digits(encoded(encoder, images)), images)


def rounding_gap(encoder: Any, decoder: Any, images: Array) -> float | None:
    """Return how much of decoder(encoder(x)) depends on fine differences of the codes; None if they do not fit.

    Root mean square of the difference that `coarse` codes make, divided by that of decoder(encoder(x)).
    """
    return rounding_gap_of_codes(decoder, encoded(encoder, images), images)


def rounding_gap_of_codes(decoder: Any, codes: Array, images: Array) -> float | None:
    """Return the same for the codes of the images."""
    exact, rounded = decoded(decoder, codes, images), decoded(decoder, coarse(codes), images)
    return None if exact is None or rounded is None else relative_gap(exact, rounded)


def encoded(encoder: Any, images: Array) -> Array:
    """Return the codes of images (n, 28, 28), shape (n, …)."""
    return predict(encoder, as_input(encoder, images))


def decoded(decoder: Any, codes: Array, images: Array) -> Array | None:
    """Return the outputs for the codes of images in the images' shape; None if they do not fit together."""
    target = concrete(tuple(decoder.inputs[0].shape[1:]), codes.shape[1:])
    if target is None:
        return None
    outputs = predict(decoder, codes.reshape(len(images), *target))
    return outputs.reshape(images.shape) if outputs.size == images.size else None


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
    size of the code, whatever the layers between; a path around the code, or a wider code, gives a higher rank. Images
    at which the Jacobian is not finite are left out.

    Args:
        model: Image to image.
        images: Inputs at which the rank is computed.
        at_most: Higher ranks need not be distinguished. The outputs are then mixed at random into this many numbers,
            which keeps any lower rank and saves most of the time (Halko, Martinsson and Tropp, 2011).
    """
    ranks = [0]
    for matrix in _jacobians(model, as_input(model, images), at_most):
        if np.isfinite(matrix).all():
            values = np.linalg.svd(matrix, compute_uv=False)
            ranks.append(int((values > RANK_TOLERANCE * values[0]).sum()))
    return max(ranks)


def _jacobians(model: Any, samples: Array, at_most: int | None) -> Iterator[npt.NDArray[np.float64]]:
    """Yield d output / d input at each sample, a row per output or mixture; nothing if they are not connected.

    A batch contains a sample once per row, so that one backward pass gives all its rows, and as many samples as
    `JACOBIAN_ROWS` allows: a recurrent network takes about as long for one as for four.
    """
    known = tuple(model.outputs[0].shape[1:])
    size = math.prod(model(samples[:1], training=False).shape[1:] if None in known else known)
    directions = np.eye(size, dtype=np.float32)
    if at_most is not None and at_most < size:
        directions = np.random.default_rng(0).normal(size=(at_most, size)).astype(np.float32)
    together = max(1, JACOBIAN_ROWS // len(directions))
    for first in range(0, len(samples), together):
        batch = samples[first : first + together]
        rows = [
            _rows(model, batch, directions[start : start + JACOBIAN_ROWS])
            for start in range(0, len(directions), JACOBIAN_ROWS)
        ]
        found = [row for row in rows if row is not None]
        if len(found) < len(rows):
            return
        yield from np.concatenate(found, axis=1)


def _rows(model: Any, samples: Array, directions: Array) -> npt.NDArray[np.float64] | None:
    """Return the products of some directions with the Jacobian at each sample (samples, directions, inputs)."""
    batch = tf.constant(np.repeat(samples, len(directions), axis=0))
    chosen = np.tile(directions, (len(samples), 1))
    with tf.GradientTape() as tape:
        tape.watch(batch)
        outputs = tf.reshape(model(batch, training=False), chosen.shape)
        projected = tf.reduce_sum(tf.cast(outputs, tf.float32) * chosen)
    gradient = tape.gradient(projected, batch)
    if gradient is None:
        return None
    return np.asarray(gradient).reshape(len(samples), len(directions), -1).astype(np.float64)


def six_digits(values: Array) -> Array:
    """Round to six significant decimal digits."""
    scale = np.where(values == 0, 1.0, 10.0 ** (5 - np.floor(np.log10(np.abs(np.where(values == 0, 1, values))))))
    return (np.round(values * scale) / scale).astype(np.float32)
