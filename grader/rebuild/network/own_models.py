"""Our Keras models (references) in the form of a student's: claims, arrays, canonical layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import keras
import numpy as np

from grader.domain.architecture import Architecture
from grader.domain.evidence import ModelClaim, NodeClaim, OperationClaim, TensorClaim
from grader.probe.flattening import Registry, flatten
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Arrays, Workshop
from reference.contract import Autoencoder, Reference


def as_keras(models: Autoencoder) -> Autoencoder:
    """Return the models, or Keras twins of a network written in NumPy (`from-scratch`)."""
    network = models.autoencoder
    if isinstance(network, keras.Model):
        return models
    w1, _, w2, _ = network.arrays
    encoder = keras.Sequential([keras.Input((w1.shape[0],)), keras.layers.Dense(w1.shape[1], activation="relu")])
    decoder = keras.Sequential([keras.Input((w2.shape[0],)), keras.layers.Dense(w2.shape[1], activation="sigmoid")])
    twin = keras.Sequential([encoder, decoder])
    twin.set_weights(list(network.arrays))
    return Autoencoder(encoder, decoder, twin)


def architecture_of(model: Any) -> Architecture:
    """Return the canonical form of a Keras model of ours, computed by the same steps as a student's."""
    claim, operations, arrays = claimed(model)
    return canonical(Workshop(operations, arrays).rebuild(claim), arrays)


def reference_form(reference: Reference) -> Architecture:
    """Return the canonical form of a reference's autoencoder, built once in each process."""
    return _form_of_built(reference.build)


@lru_cache(maxsize=8)
def _form_of_built(build: Callable[[], Autoencoder]) -> Architecture:
    return architecture_of(as_keras(build()).autoencoder)


def claimed(model: Any) -> tuple[ModelClaim, dict[str, OperationClaim], Arrays]:
    """Return a Keras model of ours as the claim, operations and arrays that a student's model would become."""
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
