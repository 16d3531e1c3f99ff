"""A claimed graph becomes a real Keras model that nobody but us has written.

Sources of trust: the layer classes are Keras's own (`keras.layers`), their settings come from the allowlist, the arrays
were vetted at the border, and every shape is computed by Keras anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from grader.domain.architecture import shape_size
from grader.domain.evidence import JsonValue, ModelClaim, NodeClaim, OperationClaim
from grader.rebuild.allowlist import IDENTITY_AT_INFERENCE, LAYERS, OPERATORS, WRAPPERS, RefusedError

Arrays = Mapping[str, npt.NDArray[Any]]

MAX_TENSOR_ITEMS = 2**22


@dataclass(frozen=True)
class Step:
    """One call while a model is rebuilt.

    Attributes:
        operation: The claim of the layer or operator called.
        kind: Its class name.
        inputs: Ids of the tensors it reads.
        output: Id of the tensor it makes.
        input_shape: Shape of the first input, without the batch axis.
        output_shape: Shape of the output, without the batch axis.
    """

    operation: OperationClaim
    kind: str
    inputs: tuple[str, ...]
    output: str
    input_shape: tuple[int | None, ...]
    output_shape: tuple[int | None, ...]


@dataclass(frozen=True)
class RebuiltModel:
    """A model of ours, equal to the claim.

    Attributes:
        claim: What it was made from.
        model: The Keras model.
        steps: Every call, in order.
        parameters: Numbers held, each counted once.
    """

    claim: ModelClaim
    model: Any
    steps: tuple[Step, ...]
    parameters: int

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of one sample going in."""
        return tuple(self.model.inputs[0].shape[1:])

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Shape of one sample coming out."""
        return tuple(self.model.outputs[0].shape[1:])


class Workshop:
    """Rebuilds the models of one submission; layers that two models share are one object here too.

    Args:
        operations: Claims of layers and operators, by id.
        arrays: Vetted arrays, by variable id.
    """

    def __init__(self, operations: Mapping[str, OperationClaim], arrays: Arrays) -> None:
        self._operations = operations
        self._arrays = arrays
        self._layers: dict[str, Any] = {}

    def rebuild(self, claim: ModelClaim) -> RebuiltModel:
        """Build the model of a claim and fill it with its arrays.

        Raises:
            RefusedError: Something in it is not on the allowlist, does not fit together, or is too large.
        """
        if claim.problem:
            raise RefusedError(claim.problem)
        if len(claim.inputs) != 1 or not claim.outputs:
            raise RefusedError(f"a model with {len(claim.inputs)} inputs and {len(claim.outputs)} outputs")
        source = keras.Input(tuple(claim.inputs[0].shape[1:]))
        tensors: dict[str, Any] = {claim.inputs[0].tensor: source}
        steps = tuple(self._step(node, tensors) for node in claim.nodes)
        outputs = [_known(tensors, name) for name in claim.outputs]
        used = {name for step in steps for name in step.operation.variables}
        parameters = sum(int(self._arrays[name].size) for name in used if name in self._arrays)
        return RebuiltModel(claim, keras.Model(source, outputs[0]), steps, parameters)

    def _step(self, node: NodeClaim, tensors: dict[str, Any]) -> Step:
        operation = self._operations.get(node.operation)
        if operation is None or not operation.module.startswith("keras.src."):
            raise RefusedError(f"the layer `{operation.class_name if operation else node.operation}`")
        if len(node.outputs) != 1:
            raise RefusedError(f"`{operation.class_name}` with {len(node.outputs)} outputs")
        names = tuple(_tensor_names(node.arguments))
        inputs = [_known(tensors, name) for name in names]
        if not inputs:
            raise RefusedError(f"`{operation.class_name}` without an input")
        result = self._call(operation, node, tensors, inputs)
        if (shape_size(result.shape[1:]) or 0) > MAX_TENSOR_ITEMS:
            raise RefusedError(f"`{operation.class_name}` with an output of shape {result.shape[1:]}")
        tensors[node.outputs[0]] = result
        return Step(
            operation,
            operation.class_name,
            names,
            node.outputs[0],
            tuple(inputs[0].shape[1:]),
            tuple(result.shape[1:]),
        )

    def _call(self, operation: OperationClaim, node: NodeClaim, tensors: dict[str, Any], inputs: list[Any]) -> Any:
        try:
            if operation.module.startswith("keras.src.ops."):
                return self._operate(operation, node, tensors)
            if operation.class_name in IDENTITY_AT_INFERENCE:
                return inputs[0]
            layer = self._layer(operation)
            result = layer(inputs if _takes_list(node) else inputs[0])
            self._fill(layer, operation)
        except (ValueError, TypeError, IndexError, AttributeError) as error:
            raise RefusedError(f"`{operation.class_name}`: {str(error).splitlines()[0][:200]}") from error
        return result

    def _layer(self, operation: OperationClaim) -> Any:
        if operation.operation not in self._layers:
            self._layers[operation.operation] = _make_layer(operation.class_name, operation.config)
        return self._layers[operation.operation]

    def _fill(self, layer: Any, operation: OperationClaim) -> None:
        missing = [name for name in operation.variables if name not in self._arrays]
        if missing:
            raise RefusedError(f"`{operation.class_name}` without its arrays")
        layer.set_weights([self._arrays[name] for name in operation.variables])

    def _operate(self, operation: OperationClaim, node: NodeClaim, tensors: dict[str, Any]) -> Any:
        args, kwargs = self._arguments(node, tensors)
        settings = {**_plain_settings(operation.config), **kwargs}
        if operation.class_name == "GetItem":
            return args[0][args[1]]
        function = OPERATORS.get(operation.class_name)
        if function is None:
            raise RefusedError(f"the operator `{operation.class_name}`")
        return getattr(keras.ops, function)(*args, **settings)

    def _arguments(self, node: NodeClaim, tensors: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        arguments = node.arguments if isinstance(node.arguments, dict) else {}
        args = [self._value(value, tensors) for value in arguments.get("args", [])]
        kwargs = {str(name): self._value(value, tensors) for name, value in arguments.get("kwargs", {}).items()}
        return args, {name: value for name, value in kwargs.items() if value is not None}

    def _value(self, value: JsonValue, tensors: dict[str, Any]) -> Any:
        """Read one call argument that the probe wrote."""
        if not isinstance(value, dict) or len(value) != 1:
            raise RefusedError("a call argument that is malformed")
        ((kind, content),) = value.items()
        if kind == "tensor":
            return _known(tensors, content)
        if kind == "list":
            return [self._value(item, tensors) for item in content]
        if kind == "slice":
            return slice(*(self._value(item, tensors) for item in content))
        if kind == "ellipsis":
            return Ellipsis
        if kind == "value":
            return content
        if kind == "variable" and content in self._arrays:
            return np.asarray(self._arrays[content])
        raise RefusedError(f"a call argument of kind {kind!r}")


def _make_layer(kind: str, config: Mapping[str, JsonValue]) -> Any:
    if kind in WRAPPERS:
        inner = config.get("layer")
        if not isinstance(inner, dict):
            raise RefusedError(f"`{kind}` without its layer")
        return getattr(keras.layers, kind)(_make_layer(str(inner.get("class_name")), inner.get("config", {})))
    rule = LAYERS.get(kind)
    if rule is None:
        raise RefusedError(f"the layer `{kind}`")
    return getattr(keras.layers, kind)(**rule.accept(kind, config))


def _plain_settings(config: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Keep the settings of an operator that are numbers, flags or lists of numbers."""
    return {
        name: value
        for name, value in config.items()
        if name not in ("name", "dtype") and isinstance(value, bool | int | float | list)
    }


def _known(tensors: Mapping[str, Any], name: JsonValue) -> Any:
    if name not in tensors:
        raise RefusedError(f"a tensor that nothing makes ({name})")
    return tensors[name]


def _takes_list(node: NodeClaim) -> bool:
    first = node.arguments["args"][0] if isinstance(node.arguments, dict) and node.arguments.get("args") else {}
    return isinstance(first, dict) and "list" in first


def _tensor_names(value: JsonValue) -> Sequence[str]:
    """List the tensors in the arguments of a call, in order."""
    if isinstance(value, dict):
        if set(value) == {"tensor"}:
            return [str(value["tensor"])]
        return [name for item in value.values() for name in _tensor_names(item)]
    if isinstance(value, list):
        return [name for item in value for name in _tensor_names(item)]
    return []
