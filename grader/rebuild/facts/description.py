"""What a reference is, without training it: canonical layer tables, parameter counts, the recipe of its training."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

import reference
from grader.domain.architecture import Architecture
from grader.domain.evidence import ModelClaim, NodeClaim, OperationClaim, TensorClaim
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Role
from grader.domain.source_digest import source_digest
from grader.probe.graph import Registry, flatten
from grader.rebuild.facts.training import as_keras, epochs_of
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Arrays, Workshop

_NOT_THE_RECIPE = frozenset(
    {"name", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum"}
)

_FEW_SAMPLES = 16


def describe(source: ModuleType) -> ReferenceFacts:
    """Return the facts of a reference that need no training."""
    models = as_keras(source.build())
    architectures = {role: architecture_of(getattr(models, role.value)) for role in Role}
    free = getattr(source, "FREE", ())
    return ReferenceFacts(
        reference=source.ID,
        dataset=source.DATASET,
        code_size=None if "code_size" in free else source.CODE_SIZE,
        parameters=None if "parameters" in free else architectures[Role.AUTOENCODER].parameters,
        published=source.PUBLISHED,
        reached="",
        architectures=architectures,
        recipe=recipe(source),
        calibrated={},
        elsewhere={dataset: {} for dataset in datasets_of(source)[1:]},
        source_digest=digest_of(source),
    )


def datasets_of(source: ModuleType) -> tuple[str, ...]:
    """Return the data sets on which a reference is trained and students may train theirs, the usual one first."""
    return tuple(getattr(source, "DATASETS", (source.DATASET,)))


def digest_of(source: ModuleType) -> str:
    """Return the digest of a reference's source; "" where it has no file (a test made it)."""
    file = getattr(source, "__file__", None)
    if file is None:
        return ""

    def read(name: str) -> str | None:
        for folder in (Path(file).parent, Path(reference.__file__).parent):
            if (folder / f"{name}.py").is_file():
                return (folder / f"{name}.py").read_text("utf-8")
        return None

    return source_digest(Path(file).stem, read)


def recipe_digest(source: ModuleType, train: npt.NDArray[np.float32]) -> str:
    """Return the SHA-256 of what the first training samples become before `fit`: shape, noise and target."""
    digest = hashlib.sha256(str(len(source.training_split(train)[0])).encode())
    for array in source.inputs_and_targets(train[:_FEW_SAMPLES], np.random.default_rng(0)):
        numbers = np.asarray(array, np.float32)
        digest.update(f"{numbers.shape} {numbers.round(4).tobytes().hex()}".encode())
    return digest.hexdigest()


def recipe(source: ModuleType) -> dict[str, str | int | float | bool]:
    """Return optimizer with its settings, loss, epochs and batch size, as plain values with six digits."""
    network = source.build().autoencoder
    source.compile_model(network)
    found: dict[str, str | int | float | bool] = {"epochs": epochs_of(source), "batch_size": source.BATCH_SIZE}
    if not isinstance(network, keras.Model):
        return found | {"learning_rate": float(network.learning_rate)}
    found["optimizer"] = type(network.optimizer).__name__
    found["loss"] = network.loss if isinstance(network.loss, str) else network.loss.__name__
    for name, value in network.optimizer.get_config().items():
        if name not in _NOT_THE_RECIPE and isinstance(value, bool | int | float):
            found[name] = float(f"{value:.6g}") if isinstance(value, float) else value
    return found


def architecture_of(model: Any) -> Architecture:
    """Return the canonical form of a Keras model of ours, through the same steps as a student's."""
    claim, operations, arrays = claimed(model)
    return canonical(Workshop(operations, arrays).rebuild(claim), arrays)


def claimed(model: Any) -> tuple[ModelClaim, dict[str, OperationClaim], Arrays]:
    """Return a Keras model of ours as the claim, the operations and the arrays that a student's would become."""
    registry = Registry()
    flat = flatten(model, registry)
    operations = {
        name: OperationClaim(name, claim["class_name"], claim["module"], claim["config"], tuple(claim["variables"]))
        for name, claim in registry.operations.items()
    }
    arrays = {name: np.asarray(variable) for name, variable in registry.variables.items()}
    claim = ModelClaim(
        model="m0",
        names=(),
        class_name=type(model).__name__,
        inputs=tuple(TensorClaim(t["tensor"], tuple(t["shape"])) for t in flat["inputs"]),
        nodes=tuple(NodeClaim(n["operation"], n["arguments"], tuple(n["outputs"])) for n in flat["nodes"]),
        outputs=tuple(flat["outputs"]),
        problem="",
        variables=tuple(arrays),
        compiled={},
        created=0,
    )
    return claim, operations, arrays
