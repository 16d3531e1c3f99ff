"""A Keras model as plain data: one flat list of calls, nested models opened, subclasses traced where they can be.

The result is what `grader.domain.evidence` calls a `ModelClaim`, as JSON data. `model.operations` and the functional
graph behind it are read, never `model.layers`, which leaves operators such as `Add` out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MAX_CONSTANT_ITEMS = 4096
MAX_NODES = 5000
_SMALL_CONFIG_DEPTH = 6


class NotFlattenableError(Exception):
    """The model is no graph of known calls; the text says why."""


class Registry:
    """Ids for the layers and arrays of one export; two models that share a layer name the same id."""

    def __init__(self) -> None:
        self.operations: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, Any] = {}
        self._operation_ids: dict[int, str] = {}
        self._variable_ids: dict[int, str] = {}
        self._alive: list[Any] = []  # ids are only unique while the objects live

    def operation(self, operation: Any) -> str:
        """Return the id of a layer or operator, describing it at its first use."""
        known = self._operation_ids.get(id(operation))
        if known is not None:
            return known
        name = f"o{len(self._operation_ids)}"
        self._operation_ids[id(operation)] = name
        self._alive.append(operation)
        self.operations[name] = {
            "class_name": type(operation).__name__,
            "module": type(operation).__module__,
            "config": _config(operation),
            "variables": [self.variable(variable) for variable in getattr(operation, "weights", ())],
        }
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


def flatten(model: Any, registry: Registry, input_shape: Sequence[int | None] | None = None) -> dict[str, Any]:
    """Describe a model as `inputs`, `nodes` and `outputs`; Keras has no public way to its graph.

    Args:
        model: Any Keras model.
        registry: Shared by all models of one export.
        input_shape: Shape of one sample that it was fitted on, for a subclass that does not know its own.

    Raises:
        NotFlattenableError: It was never built, or its `call` cannot be traced symbolically.
    """
    function = as_function(model, input_shape)
    walk = _Walk(registry)
    inputs = [walk.name(tensor) for tensor in function._inputs]
    walk.run(function)
    return {
        "inputs": [
            {"tensor": name, "shape": list(tensor.shape)} for name, tensor in zip(inputs, function._inputs, strict=True)
        ],
        "nodes": walk.nodes,
        "outputs": [walk.name(tensor) for tensor in function._outputs],
    }


def as_function(model: Any, input_shape: Sequence[int | None] | None = None) -> Any:
    """Return the functional graph of a model: its own, its Sequential's, or one traced through its `call`.

    Raises:
        NotFlattenableError: There is none.
    """
    import keras

    if isinstance(model, keras.Sequential):
        if model._functional is None:
            _build_sequential(model, input_shape)
        return model._functional
    if hasattr(model, "_nodes_by_depth"):
        return model
    return _trace(model, _known_input_shape(model, input_shape))


def _build_sequential(model: Any, input_shape: Sequence[int | None] | None) -> None:
    if input_shape is None:
        raise NotFlattenableError("a Sequential that was never given an input")
    try:
        model.build((None, *input_shape))
    except Exception as error:
        raise NotFlattenableError(f"a Sequential that cannot be built: {error}") from error
    if model._functional is None:
        raise NotFlattenableError("a Sequential without a graph")


def _known_input_shape(model: Any, input_shape: Sequence[int | None] | None) -> Sequence[int | None]:
    if input_shape is not None:
        return input_shape
    shapes = getattr(model, "_build_shapes_dict", None) or {}
    for shape in shapes.values():
        if isinstance(shape, tuple | list) and shape and all(s is None or isinstance(s, int) for s in shape):
            return tuple(shape[1:])
    raise NotFlattenableError("its input shape is not known, because it was never called")


def _trace(model: Any, shape: Sequence[int | None]) -> Any:
    """Call a subclass's own `call` on a symbolic tensor and read the graph that comes out."""
    import keras

    inputs = keras.Input(tuple(shape))
    return _function_of(model, [inputs], lambda: model.call(inputs))


def _function_of(layer: Any, inputs: list[Any], call: Any) -> Any:
    from keras.src.ops.function import Function

    try:
        outputs = call()
        return Function(inputs, outputs)
    except Exception as error:  # whatever a student's `call` raises means the same: it cannot be traced
        text = str(error).strip().split("\n")[0][:200]
        raise NotFlattenableError(f"`{type(layer).__name__}.call` cannot be traced ({text})") from error


class _Walk:
    """Writes down the calls of one model, opening nested models and traced layers on the way."""

    def __init__(self, registry: Registry) -> None:
        self.nodes: list[dict[str, Any]] = []
        self._registry = registry
        self._names: dict[int, str] = {}
        self._alive: list[Any] = []

    def name(self, tensor: Any) -> str:
        """Return the id of a tensor, a new one at its first mention."""
        known = self._names.get(id(tensor))
        if known is None:
            known = self._names[id(tensor)] = f"t{len(self._names)}"
            self._alive.append(tensor)
        return known

    def run(self, function: Any) -> None:
        """Append every call of `function` whose input tensors already have names."""
        for depth in sorted(function._nodes_by_depth, reverse=True):
            for node in function._nodes_by_depth[depth]:
                if node.operation is not None and not node.is_input:
                    self._call(node)

    def _call(self, node: Any) -> None:
        inner = self._inner_function(node)
        if inner is None:
            self._append(node)
            return
        for inside, outside in zip(inner._inputs, node.input_tensors, strict=True):
            self._alias(inside, outside)
        self.run(inner)
        for inside, outside in zip(inner._outputs, node.outputs, strict=True):
            self._alias(outside, inside)

    def _alias(self, tensor: Any, same_as: Any) -> None:
        self._names[id(tensor)] = self.name(same_as)
        self._alive.append(tensor)

    def _inner_function(self, node: Any) -> Any:
        """Return the graph inside a nested model or a student's own layer, None for Keras's own layers."""
        import keras

        operation = node.operation
        if isinstance(operation, keras.Model):
            if hasattr(operation, "_functional") or hasattr(operation, "_nodes_by_depth"):
                return as_function(operation)
        elif type(operation).__module__.startswith("keras.src.") or not isinstance(operation, keras.layers.Layer):
            return None
        inputs = [keras.KerasTensor(t.shape, dtype=t.dtype) for t in node.input_tensors]
        return _function_of(operation, inputs, lambda: operation.call(*inputs))

    def _append(self, node: Any) -> None:
        if len(self.nodes) >= MAX_NODES:
            raise NotFlattenableError(f"more than {MAX_NODES} calls")
        arguments = node.arguments
        self.nodes.append(
            {
                "operation": self._registry.operation(node.operation),
                "arguments": {
                    "args": [self._value(value) for value in arguments.args],
                    "kwargs": {name: self._value(value) for name, value in arguments.kwargs.items()},
                },
                "outputs": [self.name(tensor) for tensor in node.outputs],
            }
        )

    def _value(self, value: Any) -> Any:
        """Write one call argument as plain data."""
        if type(value).__name__ == "KerasTensor":
            return {"tensor": self.name(value)}
        if isinstance(value, list | tuple):
            return {"list": [self._value(item) for item in value]}
        if isinstance(value, slice):
            return {"slice": [self._value(part) for part in (value.start, value.stop, value.step)]}
        if value is Ellipsis:
            return {"ellipsis": True}
        if value is None or isinstance(value, bool | int | float | str):
            return {"value": value}
        return self._array(value)

    def _array(self, value: Any) -> Any:
        if hasattr(value, "assign") or getattr(value, "shape", None):
            return {"variable": self._registry.variable(value)}
        if hasattr(value, "item"):
            return {"value": value.item()}
        if hasattr(value, "numpy"):
            return {"value": value.numpy().item()}
        raise NotFlattenableError(f"a call argument of type {type(value).__name__}")


def _config(operation: Any) -> dict[str, Any]:
    """Return the settings of a layer as JSON data, its activation as a name where it is one of Keras's."""
    try:
        config = operation.get_config()
    except Exception:  # an operator without settings, or a student's own get_config
        config = {}
    plain = {str(key): value for key, item in config.items() if (value := _plain(item)) is not _UNKNOWN}
    activation = getattr(operation, "activation", None)
    if callable(activation):
        plain["activation"] = activation_name(activation) or plain.get("activation")
    return plain


_UNKNOWN = object()


def _plain(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _UNKNOWN
    if depth >= _SMALL_CONFIG_DEPTH:
        return _UNKNOWN
    if isinstance(value, Mapping):
        items = ((str(key), _plain(item, depth + 1)) for key, item in value.items())
        return {key: item for key, item in items if item is not _UNKNOWN}
    if isinstance(value, Iterable):
        return [item for item in (_plain(part, depth + 1) for part in list(value)[:256]) if item is not _UNKNOWN]
    return _UNKNOWN


def activation_name(activation: Any) -> str | None:
    """Name a Keras activation by what it computes, so that a lambda or a layer object counts as well as a string.

    Returns:
        `relu`, `linear`, … when the function agrees with Keras's on a grid of 401 points in [-4, 4] to 1e-6; else None.
    """
    import keras
    import numpy as np

    grid = np.linspace(-4, 4, 401, dtype=np.float32).reshape(1, -1)
    try:
        answer = np.asarray(activation(keras.ops.convert_to_tensor(grid)))
    except Exception:
        return None
    for name in ("linear", "relu", "sigmoid", "tanh", "selu", "elu", "softmax", "softplus", "softsign", "swish",
                 "gelu", "exponential", "leaky_relu", "hard_sigmoid", "mish", "relu6"):  # fmt: skip
        expected = np.asarray(getattr(keras.activations, name)(keras.ops.convert_to_tensor(grid)))
        if answer.shape == expected.shape and np.allclose(answer, expected, rtol=0, atol=1e-6):
            return name
    return None
