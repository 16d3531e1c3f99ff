"""`tensorflow_datasets` for MNIST and Fashion-MNIST: the same calls, served from the offline files.

Only what notebooks on autoencoders use of it: `load` with its usual options, `as_numpy`, `builder`, and `split` with
slices. For every other data set it raises a clear error. The module is used only if the real one is not installed, or
has no network to download from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

_SPLIT = re.compile(r"\s*(train|test|all)\s*(?:\[\s*(-?\d+)?(%?)\s*:\s*(-?\d+)?(%?)\s*\])?\s*")


def make_module(name: str, datasets: Mapping[str, str]) -> ModuleType:
    """Return the module `tensorflow_datasets`.

    Args:
        name: Its name.
        datasets: Path of each data set's `.npz`, by Keras's name, which is that of `tensorflow_datasets` too.
    """
    module = ModuleType(name, __doc__)

    def load(name: str, **options: Any) -> Any:
        return _load(_npz(name, datasets), name, options)

    def builder(name: str, **_: Any) -> Any:
        return _Builder(name, _npz(name, datasets))

    module.load, module.builder, module.as_numpy = load, builder, _as_numpy  # type: ignore[attr-defined]
    module.list_builders = lambda: sorted(datasets)  # type: ignore[attr-defined]
    module.disable_progress_bar = lambda: None  # type: ignore[attr-defined]
    module.__version__ = "4.9.0"  # type: ignore[attr-defined]
    return module


class _Builder:
    """The return value of `tfds.builder`."""

    def __init__(self, name: str, path: str) -> None:
        self._name, self._path = name, path
        self.info = _info(name, _arrays(path))

    def download_and_prepare(self, **_: Any) -> None:
        """Do nothing: there is nothing to download."""

    def as_dataset(self, **options: Any) -> Any:
        """Return the same as `load`."""
        return _load(self._path, self._name, options)


def _npz(name: str, datasets: Mapping[str, str]) -> str:
    plain = name.partition(":")[0].partition("/")[0].lower()
    if plain not in datasets or not datasets[plain].endswith(".npz"):
        known = ", ".join(sorted(key for key, path in datasets.items() if path.endswith(".npz"))) or "none"
        raise ValueError(f"there is no network where the notebook is graded; data sets that are there: {known}")
    return datasets[plain]


def _arrays(path: str) -> dict[str, Any]:
    import numpy

    with numpy.load(path) as archive:
        return {key: archive[key] for key in ("x_train", "y_train", "x_test", "y_test")}


def _load(path: str, name: str, options: Mapping[str, Any]) -> Any:
    arrays = _arrays(path)
    split = options.get("split")
    wanted = {"train": "train", "test": "test"} if split is None else split
    made = _each(wanted, lambda one: _dataset(arrays, str(one), options))
    return (made, _info(name, arrays)) if options.get("with_info") else made


def _each(splits: Any, make: Any) -> Any:
    """Build the requested splits in the requested form: one, a list, or a dictionary."""
    if isinstance(splits, Mapping):
        return {key: _each(value, make) for key, value in splits.items()}
    if isinstance(splits, list | tuple):
        return type(splits)(_each(value, make) for value in splits)
    return make(splits)


def _dataset(arrays: Mapping[str, Any], split: str, options: Mapping[str, Any]) -> Any:
    import numpy
    import tensorflow as tf

    parts = [_part(arrays, one) for one in split.split("+")]
    images = numpy.concatenate([part[0] for part in parts])[..., numpy.newaxis]
    labels = numpy.concatenate([part[1] for part in parts]).astype(numpy.int64)
    content = (images, labels) if options.get("as_supervised") else {"image": images, "label": labels}
    batch_size = options.get("batch_size")
    if batch_size == -1:
        return tf.nest.map_structure(tf.constant, content)
    dataset = tf.data.Dataset.from_tensor_slices(content)
    dataset = dataset.shuffle(len(images), seed=0) if options.get("shuffle_files") else dataset
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(images)))
    return dataset if batch_size is None else dataset.batch(batch_size)


def _part(arrays: Mapping[str, Any], split: str) -> tuple[Any, Any]:
    import numpy

    match = _SPLIT.fullmatch(split)
    if match is None:
        raise ValueError(f"no such split: {split}")
    which, start, start_unit, stop, stop_unit = match.groups()
    names = ("train", "test") if which == "all" else (which,)
    images = numpy.concatenate([arrays[f"x_{one}"] for one in names])
    labels = numpy.concatenate([arrays[f"y_{one}"] for one in names])
    places = slice(_place(start, start_unit, len(images)), _place(stop, stop_unit, len(images)))
    return images[places], labels[places]


def _place(number: str | None, unit: str | None, size: int) -> int | None:
    if number is None:
        return None
    return round(int(number) * size / 100) if unit else int(number)


def _as_numpy(dataset: Any) -> Any:
    import tensorflow as tf

    if isinstance(dataset, tf.data.Dataset):
        return dataset.as_numpy_iterator()
    return tf.nest.map_structure(
        lambda one: one.as_numpy_iterator() if isinstance(one, tf.data.Dataset) else one.numpy(), dataset
    )


def _info(name: str, arrays: Mapping[str, Any]) -> Any:
    """Return what notebooks print or read of a data set's description."""
    classes = int(arrays["y_train"].max()) + 1
    label = SimpleNamespace(num_classes=classes, names=[str(n) for n in range(classes)], int2str=str, shape=())
    image = SimpleNamespace(shape=(*arrays["x_train"].shape[1:], 1), dtype="uint8")
    features = {"image": image, "label": label}
    splits = {part: SimpleNamespace(num_examples=len(arrays[f"x_{part}"])) for part in ("train", "test")}
    return SimpleNamespace(name=name, features=features, splits=splits, supervised_keys=("image", "label"))
