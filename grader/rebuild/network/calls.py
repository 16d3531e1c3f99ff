"""Arguments of a claimed layer call, and calls of operators."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from grader.domain.evidence import JsonValue, NodeClaim, OperationClaim
from grader.domain.text import shortened
from grader.rebuild.network.allowlist import (
    FLOATS,
    IDENTITY_OPERATORS,
    MASKS,
    OPERATORS,
    RefusedError,
    operator_settings,
)

Arrays = Mapping[str, npt.NDArray[Any]]


def arguments_of(node: NodeClaim, tensors: Mapping[str, Any], arrays: Arrays) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a claimed call; settings that are None are left out.

    Raises:
        RefusedError: One of them is of a kind that the probe does not write.
    """
    arguments = node.arguments if isinstance(node.arguments, dict) else {}
    args = [_value(value, tensors, arrays) for value in arguments.get("args", [])]
    kwargs = {str(name): _value(value, tensors, arrays) for name, value in arguments.get("kwargs", {}).items()}
    return args, {name: value for name, value in kwargs.items() if value is not None}


def _value(value: JsonValue, tensors: Mapping[str, Any], arrays: Arrays) -> Any:
    """Read one call argument that the probe wrote."""
    if not isinstance(value, dict) or len(value) != 1:
        raise RefusedError("a call argument that is malformed")
    ((kind, content),) = value.items()
    if kind == "tensor":
        return known(tensors, content)
    if kind == "list":
        return [_value(item, tensors, arrays) for item in content]
    if kind == "slice":
        return slice(*(_value(item, tensors, arrays) for item in content))
    if kind == "ellipsis":
        return Ellipsis
    if kind == "value":
        return content
    if kind == "variable" and content in arrays:
        return np.asarray(arrays[content])
    raise RefusedError(shortened(f"a call argument of kind {kind!r}", 200))


def operate(operation: OperationClaim, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call an operator of the list.

    Raises:
        RefusedError: The operator or one of its settings is not on the list.
    """
    kind = operation.class_name
    settings = operator_settings(kind, operation.config)
    if kind in IDENTITY_OPERATORS:
        return _as_floats(operation, args[0])
    if kind == "GetItem":
        return args[0][tuple(args[1]) if isinstance(args[1], list) else args[1]]
    if kind == "Einsum":
        return keras.ops.einsum(operation.config.get("subscripts"), *args)
    return getattr(keras.ops, OPERATORS[kind])(*args, **{**settings, **kwargs})


def _as_floats(operation: OperationClaim, tensor: Any) -> Any:
    """Return a tensor unchanged, or true and false as one and zero."""
    if operation.class_name != "Cast" or tensor.dtype in FLOATS:
        return tensor
    return keras.ops.cast(tensor, "float32")


def mean_of(given: Sequence[Any]) -> Any:
    """Return the mean of a pair (mean, log-variance), which is the code outside training.

    Raises:
        RefusedError: There is no such pair.
    """
    pair = given[0] if len(given) == 1 and isinstance(given[0], list) else given
    is_pair = len(pair) == 2 and all(isinstance(tensor, keras.KerasTensor) for tensor in pair)
    if not is_pair or pair[0].shape != pair[1].shape:
        raise RefusedError("`Sampling` of anything but a mean and a log-variance of one shape")
    return pair[0]


def masks_of(layer: Any) -> frozenset[str]:
    """Return the names of a layer's mask arguments."""
    return MASKS.intersection(inspect.signature(layer.call).parameters)


def without_masks(arguments: JsonValue) -> JsonValue:
    """Return the arguments of a call without masks, which only say which steps count."""
    if not isinstance(arguments, dict) or not isinstance(arguments.get("kwargs"), dict):
        return arguments
    return {**arguments, "kwargs": {name: one for name, one in arguments["kwargs"].items() if name not in MASKS}}


def known(tensors: Mapping[str, Any], name: JsonValue) -> Any:
    """Return the tensor with this id.

    Raises:
        RefusedError: No call makes it.
    """
    if not isinstance(name, str) or name not in tensors:
        raise RefusedError(shortened(f"a tensor that nothing makes ({name})", 200))
    return tensors[name]


def tensors_in(values: Sequence[Any]) -> bool:
    """Return whether a tensor is among the values, or in a list among them."""
    nested = [item for value in values if isinstance(value, list) for item in value]
    return any(isinstance(value, keras.KerasTensor) for value in values) or (bool(nested) and tensors_in(nested))


def named(value: JsonValue, kind: str) -> Sequence[str]:
    """List the ids of the tensors or variables in the arguments of a call, in order."""
    if isinstance(value, dict):
        if set(value) == {kind}:
            return [str(value[kind])]
        return [name for item in value.values() for name in named(item, kind)]
    if isinstance(value, list):
        return [name for item in value for name in named(item, kind)]
    return []
