"""Tensors of a functional graph that a notebook keeps under a name: `encoded = Dense(32)(image)`, without a model.

They are reported beside the models and never among them: zone M (the measuring process) uses one only if the notebook
made no encoder or decoder of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from .flattening import NotFlattenableError, Registry, flatten
from .texts import MAX_TEXT

MAX_TENSORS = 16
MAX_CALLS = 5000
TENSOR_CLASS = "KerasTensor"


def tensor_claims(namespace: Mapping[str, Any], registry: Registry) -> list[dict[str, Any]]:
    """Describe the path from its one input to each named tensor, in the form of a model."""
    claims: list[dict[str, Any]] = []
    for name, tensor in _named_tensors(namespace):
        # Left out: with two inputs, through a layer that cannot be traced, or in a graph unlike those that Keras makes.
        with contextlib.suppress(Exception):
            claims.append(_claim(f"k{len(claims)}", name, tensor, registry))
        if len(claims) >= MAX_TENSORS:
            break
    return claims


def _named_tensors(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the tensors under global names, the newest name first; each tensor once, no inputs."""
    seen = set()
    for name, value in reversed(list(namespace.items())):
        if type(value).__name__ != TENSOR_CLASS or name.startswith("_") or id(value) in seen:
            continue
        if getattr(value, "_keras_history", None) is not None and not _node_of(value).is_input:
            seen.add(id(value))
            yield name, value


def _claim(claim: str, name: str, tensor: Any, registry: Registry) -> dict[str, Any]:
    from keras.src.models.functional import Functional
    from keras.src.ops.function import Function

    class Graph(Function):
        """A graph that is not a model, so that creating one adds no model to the kernel."""

        call = Functional.call

    flat = flatten(Graph(_sources(tensor), [tensor]), registry)
    return {
        "model": claim,
        "names": [name[:MAX_TEXT]],
        "class_name": TENSOR_CLASS,
        **flat,
        "problem": "",
        "variables": sorted({v for node in flat["nodes"] for v in registry.operations[node["operation"]]["variables"]}),
        "compiled": {},
        "created": 0,
    }


def _node_of(tensor: Any) -> Any:
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


def _sources(tensor: Any) -> list[Any]:
    """Return the input tensors from which a tensor is computed.

    Raises:
        NotFlattenableError: There is not exactly one, or the path is too long.
    """
    seen, waiting, sources = {id(tensor)}, [tensor], []
    while waiting:
        one = waiting.pop()
        node = _node_of(one)
        if node.is_input:
            sources.append(one)
        fresh = [before for before in node.input_tensors if id(before) not in seen]
        seen.update(id(before) for before in fresh)
        waiting.extend(fresh)
        if len(seen) > MAX_CALLS:
            raise NotFlattenableError(f"more than {MAX_CALLS} calls")
    if len(sources) != 1:
        raise NotFlattenableError(f"a tensor of {len(sources)} inputs")
    return sources
