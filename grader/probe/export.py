"""Finds the models in the kernel's memory and writes claims atomically: `claims.json` and `weights.npz`."""

from __future__ import annotations

import gc
import itertools
import json
import math
import os
import shutil
import sys
import time
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .fit_record import FitRecord
from .fits import FIRST_HELD, LAST_HELD, FitTracker, exported_records
from .flattening import NotFlattenableError, Registry, flatten
from .frozen_graphs import export_graphs
from .model_halves import named_things, part_claims
from .numpy_models import network_claims, numpy_network
from .result_tables import number_tables
from .tensors import tensor_claims
from .texts import MAX_TEXT, shortened
from .unbuilt import with_input

CLAIMS_SCHEMA_VERSION = 1
MAX_MODELS = 64
MAX_FITS = 256
MAX_WEIGHT_BYTES = 256 * 2**20
SECONDS_BETWEEN_EXPORTS = 5.0


class Exporter:
    """Writes the claims of one kernel.

    Args:
        namespace: The notebook's global names.
        folder: Where `claims/` is written; each export replaces the one before.
        tracker: The recorded trainings.
        requests: What the notebook asked of its environment.
    """

    writes_graphs = False
    """Whether models that cannot be flattened are exported as graphs: only if a second sandbox can run them."""

    sample_sizes: Collection[int] = ()
    """Possible sizes of a data sample, for networks written without Keras."""

    inputs: Mapping[str, Sequence[int | None]] = {}
    """What the reference's models take, by the names that the assignment asks for: for a model never called."""

    def __init__(self, namespace: Mapping[str, Any], folder: Path, tracker: FitTracker, requests: list[str]) -> None:
        self._namespace = namespace
        self._folder = folder
        self._tracker = tracker
        self._requests = requests
        self._last_seen: tuple[int, int] = (0, 0)
        self._last_seconds = 0.0
        self._copies: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def export_if_due(self) -> None:
        """Write claims after a fit, unless the last ones are only a few seconds old."""
        if time.monotonic() - self._last_seconds >= SECONDS_BETWEEN_EXPORTS:
            self.export(graphs=False)

    def export_if_changed(self) -> None:
        """Write claims after a cell in which something was fitted or a model was made."""
        if "keras" not in sys.modules:
            return
        self._tracker.note_names()
        if (self._tracker.changes(), len(self._living_models())) != self._last_seen:
            self.export(graphs=False)

    def names_of(self, model: Any) -> list[str]:
        """Return the global names of a model, variables before attributes."""
        names = [name[:MAX_TEXT] for name, named in named_models(self._namespace) if named is model]
        return sorted(names, key=lambda name: not name.isidentifier())[:16]

    def export(self, *, graphs: bool = True) -> None:
        """Write claims now; with graphs, which take seconds, only after the last cell."""
        models = self._living_models() if "keras" in sys.modules else []
        self._last_seen = (self._tracker.changes(), len(models))
        registry = Registry()
        described = [self._describe(index, model, registry) for index, model in enumerate(models)]
        for claim, order in zip(described, self._orders(models), strict=True):
            claim["created"] = order
        claims = {
            "schema_version": CLAIMS_SCHEMA_VERSION,
            "models": described or self._without_keras(registry),
            "operations": registry.operations,
            "fits": _fits(self._tracker.records, models),
            "requests": [str(request) for request in self._requests[-256:]],
            "versions": _versions(),
            "tables": number_tables(self._namespace),
            "tensors": tensor_claims(self._namespace, registry) if models else [],
            "parts": part_claims(self._namespace, registry) if graphs and "keras" in sys.modules else [],
        }
        self._write(claims, registry, models if graphs and self.writes_graphs else [])
        self._last_seconds = time.monotonic()

    def _without_keras(self, registry: Registry) -> list[dict[str, Any]]:
        """Describe a network written in NumPy, if there is one."""
        try:
            found = numpy_network(self._namespace, self.sample_sizes)
        except Exception:  # a notebook's own functions may raise anything
            return []
        return [] if found is None else network_claims(found, registry)

    def _living_models(self) -> list[Any]:
        """List models once each: fitted ones first, then named ones, then all others in memory."""
        fitted = [record.living() for record in reversed(self._tracker.records)]
        found: dict[int, Any] = {id(model): model for model in reversed(fitted) if model is not None}
        if len(found) > FIRST_HELD + LAST_HELD:  # the others leave room for models with a name
            found = dict([*found.items()][:FIRST_HELD] + [*found.items()][-LAST_HELD:])
        for _, model in named_models(self._namespace):
            found.setdefault(id(model), model)
        for model in self._unnamed_models(MAX_MODELS - len(found)):
            found.setdefault(id(model), model)
        inner = {id(getattr(model, "_functional", None)) for model in found.values()}  # a Sequential's own graph
        inner |= {id(copy) for copy in self._copies.values()}
        return [model for key, model in found.items() if key not in inner][:MAX_MODELS]

    def _orders(self, models: list[Any]) -> list[int]:
        """Return the order of creation of these models, or their order in the list if creation was not observed."""
        made = [] if self._tracker.made is None else self._tracker.made.living()
        places = {id(model): place for place, model in enumerate(made)}
        ranked = sorted(range(len(models)), key=lambda index: places.get(id(models[index]), index))
        return [ranked.index(index) for index in range(len(models))]

    def _unnamed_models(self, room: int) -> Iterator[Any]:
        """Yield the other models in memory, newest first; if creation was not observed, those that Python tracks."""
        import keras

        made = self._tracker.made
        alive = gc.get_objects() if made is None else reversed(made.living())
        models = (thing for thing in alive if issubclass(type(thing), keras.Model))
        yield from itertools.islice(models, 2 * max(0, room))

    def _describe(self, index: int, model: Any, registry: Registry) -> dict[str, Any]:
        claim: dict[str, Any] = {
            "model": f"m{index}",
            "names": self.names_of(model),
            "class_name": type(model).__name__[:MAX_TEXT],
            "inputs": [],
            "nodes": [],
            "outputs": [],
            "problem": "",
            "variables": [],
            "compiled": {},
            "created": index,
        }
        try:
            model = self._with_input(model, claim["names"])
            claim["variables"] = [registry.variable(variable) for variable in model.weights]
            claim["compiled"] = _compiled(model)
            claim.update(flatten(model, registry, self._fitted_shape(model)))
        except NotFlattenableError as problem:
            claim["problem"] = shortened(str(problem))
        except Exception as problem:  # a model broken by its author must not lose the others
            claim["problem"] = shortened(f"{type(problem).__name__}: {problem}")
        return claim

    def _with_input(self, model: Any, names: Sequence[str]) -> Any:
        """Return the model, or a copy that knows its input if this one was never called."""
        shape = next((self.inputs[name] for name in names if name in self.inputs), None)
        if shape is None or self._fitted_shape(model) is not None:
            return model
        if model not in self._copies and (copy := with_input(model, shape)) is not model:
            self._copies[model] = copy
        return model if model.built else self._copies.get(model, model)

    def _fitted_shape(self, model: Any) -> tuple[int | None, ...] | None:
        for record in self._tracker.records:
            if record.living() is model and record.input_shape is not None:
                return record.input_shape
        return None

    def _write_graphs(self, models: list[Any], all_claims: dict[str, Any], folder: Path) -> None:
        claims = all_claims["models"]
        fitted = {id(record.living()) for record in self._tracker.records}
        shapes = {
            claim["model"]: self._fitted_shape(model)
            for model, claim in zip(models, claims, strict=True)
            if id(model) in fitted
        }
        export_graphs(models, claims, all_claims["operations"], shapes, folder)

    def _write(self, claims: dict[str, Any], registry: Registry, models: list[Any]) -> None:
        import numpy as np

        arrays: dict[str, Any] = {}
        total = 0
        unreadable: dict[str, str] = {}
        for name, variable in registry.variables.items():
            try:
                array = np.asarray(variable)
            except Exception as problem:  # without eager execution, variables have no readable values
                unreadable[name] = shortened(f"its weights cannot be read ({type(problem).__name__}: {problem})")
                continue
            if array.dtype.kind not in "fiub":
                array = array.astype(np.float32)
            total += array.nbytes
            if total > MAX_WEIGHT_BYTES:
                break
            arrays[name] = array
        for claim in claims["models"]:
            first = next((unreadable[name] for name in claim["variables"] if name in unreadable), None)
            claim["problem"] = claim["problem"] or first or ""
        fresh = self._folder.with_name(f"{self._folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        if models:
            self._write_graphs(models, claims, fresh / "graphs")
        (fresh / "claims.json").write_text(json.dumps(claims, allow_nan=False), encoding="utf-8")
        with (fresh / "weights.npz").open("wb") as file:
            np.savez(file, **arrays)
        shutil.rmtree(self._folder, ignore_errors=True)
        os.replace(fresh, self._folder)  # noqa: PTH105 - the folder is replaced in one step


def named_models(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (name, model) for every Keras model behind a global name: itself, in a collection, or as an attribute."""
    import keras

    for name, value in named_things(namespace):
        if isinstance(value, keras.Model):
            yield name, value
        if isinstance(value, keras.layers.Layer):
            yield from _nested(name, value)


def _nested(name: str, owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the models that a model holds without an attribute, by their names in Keras."""
    import keras

    known = {id(value) for _, value in named_things({name: owner})}
    for operation in getattr(owner, "_operations", None) or getattr(owner, "_layers", None) or ():
        if isinstance(operation, keras.Model) and id(operation) not in known:
            yield f"{name}.{operation.name}", operation


def _fits(records: list[FitRecord], models: list[Any]) -> list[dict[str, Any]]:
    """Describe up to 256 trainings of the exported models, including the last one of each model."""
    ids = {id(model): f"m{index}" for index, model in enumerate(models)}
    exported = [record for record in records if id(record.living()) in ids]
    return [
        {
            "model": ids[id(record.living())],
            "epochs": record.epochs,
            "samples": record.samples,
            "batch_size": record.batch_size,
            "same_target": record.same_target,
            "input_minimum": _finite(record.input_minimum),
            "input_maximum": _finite(record.input_maximum),
            "target_minimum": _finite(record.target_minimum),
            "target_maximum": _finite(record.target_maximum),
            "completed": record.completed,
            "columns": record.columns,
            "names": list(record.names),
            "how": record.how,
            "data": record.data,
            "classes": list(record.classes),
            "epochs_asked": record.epochs_asked,
            "stood_still": record.stood_still,
            "first_loss": record.first_loss,
            "last_loss": record.last_loss,
            "test_images_alone": record.test_images_alone,
            "joined": record.joined,
            "accepted_after": record.accepted_after,
            "updates": record.updates_made(),
            "losses": list(record.losses),
            "validation_losses": list(record.validation_losses),
        }
        for record in exported_records(exported, MAX_FITS)
    ]


def _compiled(model: Any) -> dict[str, Any]:
    """Describe what a model was compiled with, as far as plain words allow."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return {}
    loss = getattr(model, "loss", None)
    described: dict[str, Any] = {
        "optimizer": type(optimizer).__name__,
        "loss": str(loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", ""))[
            :MAX_TEXT
        ],
        "from_logits": bool(getattr(loss, "from_logits", False)),
    }
    try:
        described["learning_rate"] = _finite(float(optimizer.learning_rate))
        described["iterations"] = int(optimizer.iterations)
    except Exception:  # a schedule or a custom optimizer: the words above are enough
        described["learning_rate"] = None
    return described


def _finite(number: float | None) -> float | None:
    """Return a number that JSON can hold, None for NaN and infinity."""
    return number if number is not None and math.isfinite(number) else None


def _versions() -> dict[str, str]:
    names = ("keras", "tensorflow", "numpy")
    return {name: str(getattr(sys.modules[name], "__version__", "")) for name in names if name in sys.modules}
