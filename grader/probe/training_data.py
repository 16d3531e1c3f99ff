"""Describes training data: size, range and shape of arrays, data sets and generators, without consuming them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .fit_record import FitRecord
from .image_origins import ImageOrigins

MAX_COLUMNS = 64
MAX_ROWS = 50_000
LARGEST_NUMBER = 1e30
"""Most columns of a table that are described, and most rows used for it."""

MAX_STEPS = 32
"""Most steps back through a pipeline."""

_HANDED_ON = frozenset({
    "BatchDataset", "CacheDataset", "PrefetchDataset", "RepeatDataset", "ShuffleDataset", "SkipDataset", "TakeDataset",
    "OptionsDataset", "ShardDataset", "UnbatchDataset", "ParallelBatchDataset",
})  # fmt: skip
"""Steps of a `tf.data` pipeline that change no number."""


def describe_input(record: FitRecord, x: Any, y: Any, origins: ImageOrigins | None = None) -> None:
    """Record size, range and shape of the data for `fit`; for a generator that Keras reads, `describe_batch` does it.

    Args:
        record: Receives the description.
        x: First argument of `fit`: an array, a table, a `tf.data` data set, a generator, …
        y: Second argument.
        origins: Identifies the images; None if not needed.
    """
    if hasattr(x, "element_spec"):
        _describe_pipeline(record, x, origins)
    elif hasattr(x, "__getitem__") and (hasattr(x, "num_batches") or _has_batches(x)):
        record.steps_an_epoch = int(x.num_batches if hasattr(x, "num_batches") else len(x))
    elif getattr(x, "shape", None) is not None and (hasattr(x, "min") or hasattr(x, "numpy")):
        record.batch_size = record.batch_size or 32
        _describe_arrays(record, x, y, origins)
        record.samples = int(x.shape[0])


def arrays_given(x: Any, y: Any) -> Sequence[Any]:
    """Return the arrays that `fit` is given, those at the source of a pipeline as well; none if nobody can say."""
    return _source_of(x) if hasattr(x, "element_spec") else [one for one in (x, y) if hasattr(one, "shape")]


def describe_batch(record: FitRecord, batch: Any, origins: ImageOrigins | None = None) -> None:
    """Note shape and range of a first batch that Keras has fetched itself: `(x,)`, `(x, y)` or an array."""
    parts = list(batch) if isinstance(batch, tuple | list) else [batch]
    if not parts or getattr(parts[0], "shape", None) is None:
        return
    _describe_arrays(record, parts[0], parts[1] if len(parts) > 1 else None, origins)
    record.columns = None  # of one batch, not of what it was fitted on
    record.batch_size = record.batch_size or int(parts[0].shape[0])
    if not record.samples and record.steps_an_epoch:
        record.samples = record.steps_an_epoch * record.batch_size


def column_statistics(table: Any) -> dict[str, list[float]] | None:
    """Describe each column of an array (n, d) over at most 50,000 of its rows, spread evenly over the whole.

    Returns:
        Means, standard deviations, minima and maxima, d numbers each; None for what is no table of up to 64 columns, or
        holds a number that is none or beyond ±1e30.
    """
    import numpy

    if table.dtype.kind not in "fiub" or table.ndim != 2 or not len(table) or not 1 <= table.shape[1] <= MAX_COLUMNS:
        return None
    rows = numpy.asarray(table[:: -(-len(table) // MAX_ROWS)], dtype=numpy.float64)
    described = {"minima": rows.min(axis=0), "maxima": rows.max(axis=0)}
    if not all((abs(numbers) <= LARGEST_NUMBER).all() for numbers in described.values()):  # false for NaN as well
        return None
    described |= {"means": rows.mean(axis=0), "deviations": rows.std(axis=0)}
    return {name: numbers.tolist() for name, numbers in described.items()}


def _describe_arrays(record: FitRecord, x: Any, y: Any, origins: ImageOrigins | None = None) -> None:
    import numpy

    images = numpy.asarray(x)
    record.input_shape = tuple(images.shape[1:])
    if images.dtype.kind in "fiub" and images.size:
        record.input_minimum, record.input_maximum = float(images.min()), float(images.max())
    if y is not None and getattr(y, "shape", None) is not None:
        target = numpy.asarray(y)
        same_size = target.ndim > 0 and (len(target), target.size) == (len(images), images.size)  # flat or not
        record.same_target = x is y or (same_size and bool((images[:64].ravel() == target[:64].ravel()).all()))
        if same_size and not record.same_target and target.dtype.kind in "fiub" and target.size:
            record.target_minimum, record.target_maximum = float(target.min()), float(target.max())
    record.columns = column_statistics(images)
    if origins is not None:
        record.data, record.classes = origins.of(images, y)


def _has_batches(x: Any) -> bool:
    """Return whether this is a `keras.utils.Sequence` of one of its two names."""
    return any(base.__name__ in ("PyDataset", "Sequence") for base in type(x).__mro__) and hasattr(x, "__len__")


def _describe_pipeline(record: FitRecord, dataset: Any, origins: ImageOrigins | None) -> None:
    """Read shape and size of a `tf.data` data set off its signature; iterating over it could use up or reseed it."""
    spec = dataset.element_spec
    parts = list(spec) if isinstance(spec, tuple | list) else [spec]
    shape = getattr(parts[0], "shape", None)
    if shape is None or shape.rank is None or shape.rank < 1:
        return
    record.input_shape = tuple(shape[1:])
    source = _source_of(dataset)
    record.batch_size = record.batch_size or int(shape[0] or _batch_size(dataset))
    if source:
        _describe_arrays(record, source[0], source[1] if len(source) > 1 else None, origins)
        record.input_shape = tuple(shape[1:])
        record.samples = int(source[0].shape[0])
        return
    batches = int(dataset.cardinality())  # negative where it is endless or unknown
    record.samples = max(0, batches) * record.batch_size


def _source_of(dataset: Any) -> Sequence[Any]:
    """Return the arrays that a pipeline hands on unchanged, none if anything may change them."""
    for _ in range(MAX_STEPS):
        kind = type(dataset).__name__.lstrip("_")
        if kind == "TensorSliceDataset":
            return [tensor.numpy() for tensor in dataset._tensors]
        if kind == "ZipDataset":
            sources = [_source_of(one) for one in dataset._datasets]
            return [one[0] for one in sources] if all(len(one) == 1 for one in sources) else []
        if kind not in _HANDED_ON:
            break
        dataset = dataset._input_dataset
    return []


def _batch_size(dataset: Any) -> int:
    """Return how many samples the last batching of a pipeline puts together, 0 if there is none."""
    for _ in range(MAX_STEPS):
        if type(dataset).__name__.lstrip("_") in ("BatchDataset", "ParallelBatchDataset"):
            return int(dataset._batch_size)
        dataset = getattr(dataset, "_input_dataset", None)
    return 0
