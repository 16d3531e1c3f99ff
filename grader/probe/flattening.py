"""A Keras model as plain data: one flat list of calls, with nested models opened and subclasses traced if possible.

The result is a `ModelClaim` of `grader.domain.evidence`, as JSON data. It is read from `model.operations` and the
functional graph behind it, never from `model.layers`, which lacks operators such as `Add`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .call_tracing import (
    SAMPLING,
    call_key,
    called,
    is_plain,
    is_sampled,
    is_split,
    opened,
    stand_in,
    traced,
    with_opened_layers,
)
from .call_tracing import NotFlattenableError as NotFlattenableError
from .operator_rules import SAMPLING_MODULE as SAMPLING_MODULE
from .settings import describe, own_activation

MAX_NODES = 5000
MAX_ENDS = 16


class Registry:
    """Ids for the layers and arrays of one export; two models that share a layer name the same id."""

    def __init__(self) -> None:
        self.operations: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, Any] = {}
        self._operation_ids: dict[int, str] = {}
        self._variable_ids: dict[int, str] = {}
        self._alive: list[Any] = []  # ids are only unique while the objects live
        self.opened: dict[Any, Any] = {}
        """Traced calls of a student's layers, by layer and arguments, so that all models share them."""

    def sampling(self, operation: Any) -> str:
        """Return the id of a layer that draws a code; nothing else about it is described."""
        name = self._operation_ids.setdefault(id(operation), f"o{len(self._operation_ids)}")
        self._alive.append(operation)
        self.operations[name] = {"class_name": "Sampling", "module": SAMPLING_MODULE, "config": {}, "variables": []}
        return name

    def operation(self, operation: Any) -> str:
        """Return the id of a layer or operator; it is described at its first use."""
        known = self._operation_ids.get(id(operation))
        if known is not None:
            return known
        name = f"o{len(self._operation_ids)}"
        self._operation_ids[id(operation)] = name
        self._alive.append(operation)
        apart = {id(variable) for variable in getattr(own_activation(operation), "weights", ())}
        own = [variable for variable in getattr(operation, "weights", ()) if id(variable) not in apart]
        self.operations[name] = {**describe(operation), "variables": [self.variable(variable) for variable in own]}
        return name

    def variable(self, variable: Any) -> str:
        """Return the id of an array."""
        known = self._variable_ids.get(id(variable))
        if known is not None:
            return known
        name = f"v{len(self._variable_ids)}"
        self._variable_ids[id(variable)] = name
        self._alive.append(variable)
        self.variables[name] = variable
        return name

    def array(self, value: Any) -> str:
        """Return the id of an array; one with a weight's numbers (`tf.cast(self.kernel, …)`) is that weight."""
        return self.variable(value if id(value) in self._variable_ids else self._weight_of(value))

    def _weight_of(self, value: Any) -> Any:
        import numpy as np

        weights = [one for one in self.variables.values() if hasattr(one, "assign")]
        inside = [one for one in weights if getattr(one, "_value", None) is value]
        if inside or getattr(value, "dtype", None) is None:
            return inside[0] if inside else value
        numbers = np.asarray(value)
        if numbers.dtype.kind != "f" or numbers.size < 2 or (numbers == numbers.flat[0]).all():
            return value  # zeros and ones equal many weights
        alike = (one for one in weights if tuple(one.shape) == numbers.shape)
        return next((one for one in alike if np.array_equal(np.asarray(one), numbers)), value)


def flatten(model: Any, registry: Registry, input_shape: Sequence[int | None] | None = None) -> dict[str, Any]:
    """Describe a model as `inputs`, `nodes` and `outputs`; Keras has no public access to its graph.

    Args:
        model: Any Keras model.
        registry: Shared by all models of one export.
        input_shape: Shape of one sample on which it was fitted, for a subclass without a known shape.

    Raises:
        NotFlattenableError: It was never built, or its `call` cannot be traced symbolically.
    """
    function = as_function(model, input_shape)
    try:
        return described(function, registry)
    except NotFlattenableError:
        try:
            return described(with_opened_layers(type(model).__name__, function), registry)
        except NotFlattenableError:
            pass
        raise


def described(function: Any, registry: Registry) -> dict[str, Any]:
    """Describe a functional graph as `inputs`, `nodes` and `outputs`.

    Raises:
        NotFlattenableError: A part of it cannot be traced symbolically.
    """
    if max(len(function._inputs), len(function._outputs)) > MAX_ENDS:
        raise NotFlattenableError(f"more than {MAX_ENDS} inputs or outputs")
    walk = _Walk(registry)
    scope: Scope = {}
    inputs = [walk.name(tensor, scope) for tensor in function._inputs]
    walk.run(function, scope)
    return {
        "inputs": [
            {"tensor": name, "shape": list(tensor.shape)} for name, tensor in zip(inputs, function._inputs, strict=True)
        ],
        "nodes": walk.nodes,
        "outputs": [walk.name(tensor, scope) for tensor in function._outputs],
    }


def as_function(model: Any, input_shape: Sequence[int | None] | None = None) -> Any:
    """Return the functional graph of a model: its own, its Sequential's, or one traced through its `call`.

    Raises:
        NotFlattenableError: There is none.
    """
    import keras

    if not is_plain(model):
        what, shape = f"{type(model).__name__}.call", known_input_shape(model, input_shape)
        return called(what, model.call, keras.Input(tuple(shape)))
    if isinstance(model, keras.Sequential):
        if model._functional is None:
            _build_sequential(model, input_shape)
        return model._functional
    return model


def _build_sequential(model: Any, input_shape: Sequence[int | None] | None) -> None:
    """Build a Sequential that was never called; one made of another model's layers gets what the first of them got."""
    if input_shape is None:
        input_shape = _shape_given_to(model.layers[0]) if model.layers else None
    if input_shape is None:
        raise NotFlattenableError("a Sequential that was never given an input")
    try:
        model.build((None, *input_shape))
    except Exception as error:
        raise NotFlattenableError(f"a Sequential that cannot be built: {error}") from error
    if model._functional is None:
        raise NotFlattenableError("a Sequential without a graph")


def _shape_given_to(layer: Any) -> Sequence[int | None] | None:
    """Return the shape of one sample that a layer was called on first, None if it never was."""
    import keras

    if isinstance(layer, keras.Model):
        try:
            return known_input_shape(layer, None)
        except NotFlattenableError:
            return _shape_given_to(layer.layers[0]) if isinstance(layer, keras.Sequential) and layer.layers else None
    for node in getattr(layer, "_inbound_nodes", ()):
        if len(node.input_tensors) == 1:
            return tuple(node.input_tensors[0].shape[1:])
    return None


def known_input_shape(model: Any, input_shape: Sequence[int | None] | None) -> Sequence[int | None]:
    """Return the shape of one input sample: of the model's graph, else `input_shape`, else the shape it was built on.

    Raises:
        NotFlattenableError: It was never called.
    """
    if getattr(model, "inputs", None):  # it has a graph as well, whatever its `call` does
        return tuple(model.inputs[0].shape[1:])
    if input_shape is not None:
        return input_shape
    shapes = getattr(model, "_build_shapes_dict", None) or {}
    for shape in shapes.values():
        if isinstance(shape, tuple | list) and shape and all(s is None or isinstance(s, int) for s in shape):
            return tuple(shape[1:])
    raise NotFlattenableError("its input shape is not known, because it was never called")


Scope = dict[int, str]
"""Names of the tensors of one graph, by identity; a graph that is called twice gets a scope for each call."""


class _Walk:
    """Writes down the calls of one model, and opens nested models and traced layers on the way."""

    def __init__(self, registry: Registry) -> None:
        self.nodes: list[dict[str, Any]] = []
        self._registry = registry
        self._named = 0
        self._alive: list[Any] = []

    def name(self, tensor: Any, scope: Scope) -> str:
        """Return the id of a tensor; at its first use in this scope it gets a new one."""
        if id(tensor) not in scope:
            scope[id(tensor)] = self._new_name()
            self._alive.append(tensor)
        return scope[id(tensor)]

    def _new_name(self) -> str:
        self._named += 1
        return f"t{self._named - 1}"

    def run(self, function: Any, scope: Scope) -> None:
        """Append every call of `function`, whose input tensors already have names."""
        for depth in sorted(function._nodes_by_depth, reverse=True):
            for node in function._nodes_by_depth[depth]:
                if node.operation is not None and not node.is_input:
                    self._call(node, scope)

    def _call(self, node: Any, scope: Scope) -> None:
        inner, inputs = self._inner_function(node)
        if inner is SAMPLING or is_sampled(node.operation):
            outputs = [self.name(tensor, scope) for tensor in node.outputs]
            self._append(node, scope, outputs, name=self._registry.sampling(node.operation))
            return
        if is_split(node.operation):
            self._split(node, scope)
            return
        if inner is not None:
            self._open(inner, [self.name(tensor, scope) for tensor in inputs], node.outputs, scope)
            return
        activation = own_activation(node.operation)
        if activation is None:
            self._append(node, scope, [self.name(tensor, scope) for tensor in node.outputs])
            return
        before = self._new_name()
        self._append(node, scope, [before])
        what = f"the activation of {type(node.operation).__name__}"
        self._open(traced(what, activation, stand_in(node.outputs[0])), [before], node.outputs, scope)

    def _split(self, node: Any, scope: Scope) -> None:
        """Append one slice for each tensor that `keras.ops.split` makes."""
        from keras.src.ops.numpy import GetItem

        source, start = node.input_tensors[0], 0
        axis = node.operation.axis % len(source.shape)
        for tensor in node.outputs:
            end = start + tensor.shape[axis]
            key = [slice(None)] * axis + [slice(start, end)]
            arguments = {"args": [self._value(source, scope), self._value(key, scope)], "kwargs": {}}
            self._write(self._registry.operation(GetItem()), arguments, [self.name(tensor, scope)])
            start = end

    def _open(self, inner: Any, inputs: list[str], outputs: Sequence[Any], scope: Scope) -> None:
        """Append the calls inside a nested graph, and name its outputs in the outer graph."""
        self._alive.append(inner)
        inside = {id(tensor): name for tensor, name in zip(inner._inputs, inputs, strict=True)}
        self.run(inner, inside)
        made = [self.name(tensor, inside) for tensor in inner._outputs]
        self._alive.extend(outputs)
        scope.update(zip(map(id, outputs), made, strict=True))

    def _inner_function(self, node: Any) -> tuple[Any, Sequence[Any]]:
        """Return the graph inside a nested model, a Lambda or a student's own layer, and its input tensors.

        The graph is None for Keras's own layers and operators, and `SAMPLING` for a layer that draws a code.
        """
        import keras

        operation = node.operation
        if isinstance(operation, keras.Model) and is_plain(operation):
            return as_function(operation), node.input_tensors
        opaque = isinstance(operation, keras.Model) or type(operation) in (keras.layers.Lambda, keras.layers.Pipeline)
        own = isinstance(operation, keras.layers.Layer) and not type(operation).__module__.startswith("keras.src.")
        if not opaque and not own:
            return None, ()
        tensors = {id(tensor): tensor for tensor in node.input_tensors}
        key = call_key(node, tensors)
        if key not in self._registry.opened:
            self._registry.opened[key] = opened(node, tensors)
        return self._registry.opened[key], list(tensors.values())

    def _append(self, node: Any, scope: Scope, outputs: list[str], *, name: str | None = None) -> None:
        given = {key: self._value(value, scope) for key, value in node.arguments.kwargs.items()}
        held = {key: self._array(value) for key, value in _constants(node.operation).items()}
        arguments = {"args": [self._value(value, scope) for value in node.arguments.args], "kwargs": given | held}
        self._write(name or self._registry.operation(node.operation), arguments, outputs)

    def _write(self, operation: str, arguments: dict[str, Any], outputs: list[str]) -> None:
        if len(self.nodes) >= MAX_NODES:
            raise NotFlattenableError(f"more than {MAX_NODES} calls")
        self.nodes.append({"operation": operation, "arguments": arguments, "outputs": outputs})

    def _value(self, value: Any, scope: Scope) -> Any:
        """Write one call argument as plain data."""
        if type(value).__name__ == "KerasTensor":
            return {"tensor": self.name(value, scope)}
        if isinstance(value, list | tuple):
            return {"list": [self._value(item, scope) for item in value]}
        if isinstance(value, slice):
            return {"slice": [self._value(part, scope) for part in (value.start, value.stop, value.step)]}
        if value is Ellipsis:
            return {"ellipsis": True}
        if value is None or isinstance(value, bool | int | float | str):
            return {"value": _finite(value)}
        return self._array(value)

    def _array(self, value: Any) -> Any:
        if hasattr(value, "assign") or getattr(value, "shape", None):
            return {"variable": self._registry.array(value)}
        if hasattr(value, "item"):
            return {"value": _finite(value.item())}
        if hasattr(value, "numpy"):
            return {"value": _finite(value.numpy().item())}
        raise NotFlattenableError(f"a call argument of type {type(value).__name__}")


def _constants(operation: Any) -> dict[str, Any]:
    """Return the given (not adapted) numbers of a `Normalization`, which are in none of its weights."""
    import keras

    if type(operation) is not keras.layers.Normalization or operation.input_mean is None:
        return {}
    return {"mean": operation.mean, "variance": operation.variance}


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise NotFlattenableError(f"a call argument of {value}, which no claim can hold")
    return value
