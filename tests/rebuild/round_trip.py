"""The way of a model out of zone K and into zone M: probe, border, workshop; shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from grader.domain.architecture import Architecture
from grader.domain.evidence import Evidence, ModelClaim
from grader.extraction.claims import collect
from grader.probe.export import Exporter
from grader.probe.hooks import FitRecord, FitTracker
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop
from grader.rebuild.whole_submission import load_arrays

IMAGES = np.random.default_rng(7).random((5, 28, 28), dtype=np.float32)


def shake(*models: Any) -> None:
    """Give every weight a random value, so that no zero bias hides a mistake; variances stay positive."""
    rng = np.random.default_rng(3)
    for variable in {id(v): v for model in models for v in model.weights}.values():
        values = rng.normal(0, 0.3, variable.shape)
        variable.assign(np.abs(values) + 0.1 if "variance" in variable.path else values)


def send(namespace: Mapping[str, Any], folder: Path, fits: Sequence[FitRecord] = ()) -> Evidence:
    """Export the models of a notebook's namespace and take them through the border."""
    Exporter(namespace, folder / "claims", FitTracker(list(fits)), []).export()
    return collect(folder, folder / "vetted")


def claim_of(evidence: Evidence, name: str) -> ModelClaim:
    return next(claim for claim in evidence.models if name in claim.names)


def receive(evidence: Evidence, name: str) -> tuple[RebuiltModel, Arrays]:
    """Rebuild the model that stood under `name`."""
    arrays = load_arrays(evidence.weights_file)
    return Workshop(evidence.operations, arrays).rebuild(claim_of(evidence, name)), arrays


def round_trip(model: Any, folder: Path, name: str = "model") -> tuple[RebuiltModel, Architecture]:
    """Take one model all the way."""
    rebuilt, arrays = receive(send({name: model}, folder), name)
    return rebuilt, canonical(rebuilt, arrays)


def answers(model: Any, inputs: np.ndarray) -> np.ndarray:
    """What a model makes of inputs outside training."""
    return np.asarray(keras.ops.convert_to_numpy(model(inputs, training=False))).astype(np.float32)


def anonymous(architecture: Architecture) -> Architecture:
    """The canonical form without the ids of layer objects, which differ between any two notebooks."""
    return replace(architecture, layers=tuple(replace(layer, operation="") for layer in architecture.layers))


def summary(architecture: Architecture) -> list[tuple[str, Any, int]]:
    """Kind, shape and parameters of each layer, as a table in a course has them."""
    return [(layer.kind, layer.output_shape, layer.parameters) for layer in architecture.layers]
