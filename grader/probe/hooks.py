"""Patches applied to Keras when the notebook imports it: offline data sets, and a record of trainings."""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from .created_models import CreatedModels
from .fit_record import FitRecord
from .fits import FitTracker

__all__ = ["FitRecord", "FitTracker", "install"]

Patch = Callable[[ModuleType], None]


def install(tracker: FitTracker, datasets: Mapping[str, str], more: Mapping[str, Patch] | None = None) -> None:
    """Apply the patches as soon as the modules are imported.

    Args:
        tracker: Gets every training and every model.
        datasets: Path of the `.npz` file of each data set, by Keras's name (`mnist`, `fashion_mnist`).
        more: Other patches, by the name of the module that they change.
    """
    made = tracker.made = CreatedModels()
    patches: dict[str, Patch] = {
        "keras.src.models.model": made.watch,
        "keras.src.backend.tensorflow.trainer": functools.partial(_patch_trainer, tracker=tracker),
        "keras.src.optimizers.base_optimizer": functools.partial(_patch_optimizer, tracker=tracker),
        "keras.src.trainers.data_adapters.generator_data_adapter": functools.partial(
            _patch_generators, tracker=tracker
        ),
        "keras.src.trainers.data_adapters.py_dataset_adapter": functools.partial(_patch_sequences, tracker=tracker),
    }
    for name, path in datasets.items():
        patches[f"keras.src.datasets.{name}"] = functools.partial(_patch_dataset, path=path)
    patches |= more or {}
    _patch_imported(patches)
    sys.meta_path.insert(0, _PatchingFinder(patches))


def _patch_imported(patches: dict[str, Patch]) -> None:
    """Patch modules that are already imported, and replace what other modules had taken from them.

    IPython imports some before a notebook runs; in a warm kernel, Keras is imported.
    """
    replaced: dict[int, tuple[Any, Any]] = {}
    for name in sorted(patches.keys() & sys.modules.keys()):
        module = sys.modules[name]
        before = dict(vars(module))
        patches.pop(name)(module)
        for attribute, old in before.items():
            if (new := vars(module).get(attribute)) is not old:
                replaced[id(old)] = (old, new)
    if not replaced:
        return
    for module in list(sys.modules.values()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            old, new = replaced.get(id(value), (None, None))
            if old is value and old is not None:
                setattr(module, attribute, new)


def _patch_trainer(module: ModuleType, *, tracker: FitTracker) -> None:
    trainer = module.TensorFlowTrainer
    if tracker.fast is not None:
        tracker.fast.patch(module)
    trainer.fit = tracker.wrap(trainer.fit)
    trainer.train_on_batch = tracker.wrap_batch(trainer.train_on_batch)


def _patch_optimizer(module: ModuleType, *, tracker: FitTracker) -> None:
    optimizer = module.BaseOptimizer
    optimizer.apply = tracker.wrap_apply(optimizer.apply)


def _patch_generators(module: ModuleType, *, tracker: FitTracker) -> None:
    """Describe the batches that Keras takes out of a generator before it begins."""
    adapter = module.GeneratorDataAdapter
    begin = adapter.__init__

    @functools.wraps(begin)
    def watched_begin(self: Any, generator: Any) -> None:
        begin(self, generator)
        tracker.see_batch(self._first_batches[0])

    adapter.__init__ = watched_begin


def _patch_sequences(module: ModuleType, *, tracker: FitTracker) -> None:
    """Describe the first batch that Keras takes out of a `PyDataset`."""
    adapter = module.PyDatasetAdapter
    standardize = adapter._standardize_batch

    @functools.wraps(standardize)
    def watched(self: Any, batch: Any) -> Any:
        ready = standardize(self, batch)
        tracker.see_batch(ready)
        return ready

    adapter._standardize_batch = watched


def _patch_dataset(module: ModuleType, *, path: str) -> None:
    def load_data(path: str = path) -> Any:  # Keras's argument is a cache name; ours is always the same file
        import numpy

        del path
        with numpy.load(source) as arrays:
            return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

    source = path
    load_data.__doc__ = module.load_data.__doc__
    module.load_data = load_data  # type: ignore[attr-defined]


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
