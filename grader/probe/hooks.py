"""Patches that are applied to Keras when the notebook imports it: offline data sets, and a record of what is fitted."""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

Patch = Callable[[ModuleType], None]

MAX_COLUMNS = 64
MAX_ROWS = 50_000
LARGEST_NUMBER = 1e30
"""What a table may have so that its columns are described, and over how many of its rows that is done."""


@dataclass
class FitRecord:
    """One call of `fit`, as it was seen; the fields are those of `grader.domain.evidence.FitClaim`."""

    model: Any
    epochs: int = 0
    samples: int = 0
    batch_size: int = 0
    same_target: bool | None = None
    input_minimum: float | None = None
    input_maximum: float | None = None
    input_shape: tuple[int | None, ...] | None = None
    completed: bool = False
    columns: dict[str, list[float]] | None = None


@dataclass
class FitTracker:
    """Every call of `fit`, in order; holds the models, so that rebinding a name does not lose one."""

    records: list[FitRecord] = field(default_factory=list)
    after_fit: Callable[[], None] = lambda: None

    def wrap(self, fit: Callable[..., Any]) -> Callable[..., Any]:
        """Return `fit` with a record of each call."""

        @functools.wraps(fit)
        def recorded_fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            record = _describe(model, args, kwargs)
            self.records.append(record)
            try:
                history = fit(model, *args, **kwargs)
                record.completed = True
                record.epochs = len(getattr(history, "epoch", ()))
            finally:
                self.after_fit()
            return history

        return recorded_fit


def install(tracker: FitTracker, datasets: dict[str, str]) -> None:
    """Arrange for the patches to be made as soon as the modules are imported.

    Args:
        tracker: Told of every call of `fit`.
        datasets: Path of the `.npz` file of each data set, by Keras's name (`mnist`, `fashion_mnist`).
    """

    def patch_fit(module: ModuleType) -> None:
        trainer = module.TensorFlowTrainer
        trainer.fit = tracker.wrap(trainer.fit)

    patches: dict[str, Patch] = {"keras.src.backend.tensorflow.trainer": patch_fit}
    for name, path in datasets.items():
        patches[f"keras.src.datasets.{name}"] = functools.partial(_patch_dataset, path=path)
    sys.meta_path.insert(0, _PatchingFinder(patches))


def _patch_dataset(module: ModuleType, *, path: str) -> None:
    def load_data(path: str = path) -> Any:  # Keras's own argument is a cache name; ours is always the same file
        import numpy

        del path
        with numpy.load(source) as arrays:
            return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

    source = path
    load_data.__doc__ = module.load_data.__doc__
    module.load_data = load_data  # type: ignore[attr-defined]


def _describe(model: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> FitRecord:
    x: Any = args[0] if args else kwargs.get("x")
    y: Any = args[1] if len(args) > 1 else kwargs.get("y")
    batch_size = args[2] if len(args) > 2 else kwargs.get("batch_size")
    record = FitRecord(model, batch_size=batch_size if isinstance(batch_size, int) else 0)
    try:
        _look_at(record, x, y)
    except Exception:  # whatever they train on: our looking must never stop a student's training
        return record
    return record


def _look_at(record: FitRecord, x: Any, y: Any) -> None:
    """Note size and range of what is trained on, where it is an array or a table of numbers."""
    import numpy

    if getattr(x, "shape", None) is None or not (hasattr(x, "min") or hasattr(x, "numpy")):
        return
    images = numpy.asarray(x)
    record.samples, record.input_shape = int(images.shape[0]), tuple(images.shape[1:])
    record.batch_size = record.batch_size or 32
    if images.dtype.kind in "fiub" and images.size:
        record.input_minimum, record.input_maximum = float(images.min()), float(images.max())
    if y is not None and getattr(y, "shape", None) is not None:
        target = numpy.asarray(y)
        record.same_target = x is y or (target.shape == images.shape and bool((images[:64] == target[:64]).all()))
    record.columns = column_statistics(images)


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


class _PatchingFinder(importlib.abc.MetaPathFinder):
    """Finds a module as usual and patches it right after its code ran."""

    def __init__(self, patches: dict[str, Patch]) -> None:
        self._patches = patches

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        patch = self._patches.get(fullname)
        if patch is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _PatchingLoader(spec.loader.name, spec.loader.path, patch)
        return spec


class _PatchingLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, patch: Patch) -> None:
        super().__init__(fullname, path)
        self._patch = patch

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        self._patch(module)
