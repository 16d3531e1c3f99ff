"""Exports models that are no graph of known calls as TensorFlow graphs without variables: what they compute, no more.

`tf.map_fn`, loops, `tf.signal` and similar code cannot be rebuilt from an allowlist of layers. Such a model is written
as a frozen `GraphDef` (weights become constants; it contains no checkpoint, no object and no code), which a second
sandbox runs on our images. It is a claim like any other: K may lie about it, but is measured by its outputs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .call_tracing import outside_training
from .operator_rules import MASKS, accept_operation, is_layer, tensor_arguments
from .setting_rules import RefusedError
from .texts import MAX_TEXT, shortened

MAX_GRAPHS = 3
MAX_GRAPH_BYTES = 64 * 2**20
MAX_SECONDS = 30.0
"""Seconds after which no further graph is begun."""
INPUT = "images"
"""Name of the one placeholder."""
OUTPUT = "answer"
"""Name of the node whose output is the model's."""

_ROLES = ("autoencoder", "encoder", "decoder")


def export_graphs(
    models: Sequence[Any],
    claims: Sequence[dict[str, Any]],
    operations: Mapping[str, dict[str, Any]],
    shapes: Mapping[str, Any],
    folder: Path,
) -> None:
    """Write a graph for up to three models that zone M cannot rebuild, and record in a claim why it has none.

    Never raises: a model broken by its author must not lose the others.

    Args:
        models: The models, in the order of their claims.
        claims: As written by the exporter; only those with a problem, or a call that zone M refuses, are considered.
        operations: The layers and operators of all claims, by id.
        shapes: Shape of one sample on which each model was fitted, by id; only fitted models are in it.
        folder: Where `<model id>.pb` is written; created when needed.
    """
    meant = [
        (model, claim)
        for model, claim in zip(models, claims, strict=True)
        if _matters(claim, shapes) and (claim["problem"] or foreign(claim, operations))
    ]
    meant.sort(key=lambda pair: _standing(pair[1], shapes))
    started = time.monotonic()
    for model, claim in meant[:MAX_GRAPHS]:
        try:
            content = _bounded(model, shapes.get(claim["model"]), time.monotonic() - started)
            folder.mkdir(exist_ok=True)
            (folder / f"{claim['model']}.pb").write_bytes(content)
        except Exception as problem:  # a notebook's own code may raise anything while it is traced
            if not claim["problem"]:  # zone M reports itself what it refuses
                continue
            first = shortened(claim["problem"], MAX_TEXT // 2)
            claim["problem"] = shortened(f"{first}; nor can it be exported: {type(problem).__name__}: {problem}")


def foreign(claim: Mapping[str, Any], operations: Mapping[str, dict[str, Any]]) -> str:
    """Return why zone M will refuse a claim, as far as its layers, settings and calls show it, else nothing.

    Args:
        claim: With `nodes`, as the exporter writes them.
        operations: The layers and operators of all claims, by id.
    """
    for node in claim["nodes"]:
        operation = operations[node["operation"]]
        try:
            accept_operation(operation)
        except RefusedError as refusal:
            return str(refusal)
        if is_layer(operation) and _further_tensors(node["arguments"], tensor_arguments(operation["class_name"])):
            return f"`{operation['class_name']}` called with more tensors than its input"
    return ""


def _further_tensors(arguments: Mapping[str, Any], allowed: Sequence[str]) -> bool:
    expected = {"inputs", "sequences", "sequence", *MASKS, *allowed}
    named = [value for name, value in arguments["kwargs"].items() if name not in expected]
    return any("'tensor':" in repr(value) for value in (*named, *(() if allowed else arguments["args"][1:])))


def _bounded(model: Any, fitted: Sequence[int | None] | None, seconds: float) -> bytes:
    if seconds > MAX_SECONDS:
        raise TimeoutError(f"the graphs before it took more than {MAX_SECONDS:.0f} seconds")
    content = frozen(model, _input_shape(model, fitted))
    if len(content) > MAX_GRAPH_BYTES:
        raise ValueError(f"its graph has {len(content)} bytes, more than {MAX_GRAPH_BYTES}")
    return content


def frozen(model: Any, shape: Sequence[int | None]) -> bytes:
    """Return the model outside training as a serialised graph from float32 samples to float32 numbers.

    Args:
        model: Called with (n, *shape); of several outputs, the first is taken.
        shape: Shape of one sample.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    call = outside_training(model)

    def answer(samples: Any) -> Any:
        given = call(samples, training=False)
        while isinstance(given, list | tuple):
            given = given[0]
        return tf.cast(tf.convert_to_tensor(given), tf.float32)

    wrapped = tf.compat.v1.wrap_function(answer, [tf.TensorSpec((None, *shape), tf.float32, name=INPUT)])
    needed = wrapped.prune(wrapped.inputs[0], wrapped.outputs[0])  # without its counters and other side outputs
    function = convert_variables_to_constants_v2(needed, lower_control_flow=False)
    graph = function.graph.as_graph_def()
    end = graph.node.add(name=OUTPUT, op="Identity", input=[function.outputs[0].name])
    end.attr["T"].type = tf.float32.as_datatype_enum
    return bytes(graph.SerializeToString(deterministic=True))


def _matters(claim: Mapping[str, Any], shapes: Mapping[str, Any]) -> bool:
    return bool(claim["names"]) or claim["model"] in shapes


def _standing(claim: Mapping[str, Any], shapes: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    """Sort names that assignments ask for first, then fitted models, then attributes with these names."""
    names = {str(name) for name in claim["names"]}
    last = {name.rsplit(".", 1)[-1] for name in names}
    return names.isdisjoint(_ROLES), claim["model"] not in shapes, last.isdisjoint(_ROLES)


def _input_shape(model: Any, fitted: Sequence[int | None] | None) -> tuple[int | None, ...]:
    """Return the shape of one sample: of its own graph, else of its training, else the shape it was built with."""
    if getattr(model, "inputs", None):
        return tuple(model.inputs[0].shape[1:])
    if fitted is not None:
        return tuple(fitted)
    for shape in (getattr(model, "_build_shapes_dict", None) or {}).values():
        if isinstance(shape, tuple | list) and shape and all(n is None or isinstance(n, int) for n in shape):
            return tuple(shape[1:])
    raise ValueError("its input shape is not known, because it was never called")
