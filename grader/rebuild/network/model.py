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
import tensorflow as tf

from grader.domain.architecture import shape_size
from grader.domain.evidence import JsonValue, ModelClaim, NodeClaim, OperationClaim
from grader.probe.graph import SAMPLING_MODULE
from grader.rebuild.network.allowlist import (
    FLOATS,
    IDENTITY_AT_INFERENCE,
    IDENTITY_OPERATORS,
    OPERATORS,
    RefusedError,
    einsum_equation,
)
from grader.rebuild.network.building import make_layer

Arrays = Mapping[str, npt.NDArray[Any]]

MAX_TENSOR_ITEMS = 2**22

_DOES_NOT_FIT = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError, MemoryError,
    tf.errors.OpError,
)  # fmt: skip
"""What Keras raises, by layer and version, for settings, arrays and tensors that do not fit together."""


_OPERATORS_MODULE = "keras.src.ops."


@dataclass(frozen=True)
class Step:
    """One call while a model is rebuilt.

    Attributes:
        operation: The claim of the layer or operator called.
        arguments: What it is called with, as claimed.
        inputs: Ids of the tensors it reads.
        output: Id of the tensor it makes.
        input_shape: Shape of the first input, without the batch axis.
        output_shape: Shape of the output, without the batch axis.
    """

    operation: OperationClaim
    arguments: JsonValue
    inputs: tuple[str, ...]
    output: str
    input_shape: tuple[int | None, ...]
    output_shape: tuple[int | None, ...]

    @property
    def kind(self) -> str:
        """Class name of the layer or operator."""
        return self.operation.class_name

    @property
    def is_operator(self) -> bool:
        """Say whether it is an operator (`x + y`) and no layer."""
        return self.operation.module.startswith(_OPERATORS_MODULE)

    @property
    def arrays(self) -> tuple[str, ...]:
        """Ids of the arrays it uses: its layer's own, and those that the call names."""
        return (*self.operation.variables, *_named(self.arguments, "variable"))


@dataclass(frozen=True)
class RebuiltModel:
    """A model of ours, equal to the claim.

    Attributes:
        claim: What it was made from.
        model: The Keras model.
        steps: Every call that its first output needs, in order.
        held: Ids of its weights, a layer's own or given to an operator; constants are none.
        parameters: Numbers in them.
        moments: Input to [mean, log-variance] where a layer draws the code from them, else None.
        heads: Input to its first two outputs where it has two of one shape and draws nothing, else None: a loop of the
            notebook's own may draw a code from them.
    """

    claim: ModelClaim
    model: Any
    steps: tuple[Step, ...]
    held: frozenset[str]
    parameters: int
    moments: Any | None = None
    heads: Any | None = None

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
        output = _known(tensors, claim.outputs[0])
        steps = _needed(steps, claim.outputs[0])
        weights = {*claim.variables, *(name for step in steps for name in step.operation.variables)}
        held = weights & {name for step in steps for name in step.arrays if name in self._arrays}
        try:
            model = keras.Model(source, output)
        except _DOES_NOT_FIT as error:
            raise RefusedError(f"a graph that is none: {first_line(error)}") from error
        parameters = sum(int(self._arrays[name].size) for name in held)
        moments = _moments(source, steps, tensors)
        heads = _heads(source, claim, tensors) if moments is None else None
        return RebuiltModel(claim, model, steps, frozenset(held), parameters, moments, heads)

    def _step(self, node: NodeClaim, tensors: dict[str, Any]) -> Step:
        operation = self._operations.get(node.operation)
        if operation is None or not (operation.module.startswith("keras.src.") or _samples(operation)):
            raise RefusedError(f"the layer `{operation.class_name if operation else node.operation}`")
        if len(node.outputs) != 1 or node.outputs[0] in tensors:
            raise RefusedError(f"`{operation.class_name}` with the outputs {', '.join(node.outputs)}"[:200])
        names = tuple(_named(node.arguments, "tensor"))
        inputs = [_known(tensors, name) for name in names]
        if not inputs:
            raise RefusedError(f"`{operation.class_name}` without an input")
        try:
            result = self._call(operation, node, tensors)
        except _DOES_NOT_FIT as error:
            raise RefusedError(f"`{operation.class_name}`: {first_line(error)}") from error
        if not isinstance(result, keras.KerasTensor):
            raise RefusedError(f"`{operation.class_name}`, which makes no tensor")
        if (shape_size(result.shape[1:]) or 0) > MAX_TENSOR_ITEMS:
            raise RefusedError(f"`{operation.class_name}` with an output of shape {result.shape[1:]}")
        tensors[node.outputs[0]] = result
        shapes = tuple(inputs[0].shape[1:]), tuple(result.shape[1:])
        return Step(operation, node.arguments, names, node.outputs[0], *shapes)

    def _call(self, operation: OperationClaim, node: NodeClaim, tensors: dict[str, Any]) -> Any:
        args, kwargs = self._arguments(node, tensors)
        if operation.module.startswith(_OPERATORS_MODULE):
            return _operate(operation, args, kwargs)
        if _samples(operation):
            if operation.variables:
                raise RefusedError("`Sampling` with weights of its own")
            return _mean_of(args or [kwargs.get("inputs")])
        given = args[0] if args else kwargs.pop("inputs", None)
        if _tensors_in([*args[1:], *kwargs.values()]):
            raise RefusedError(f"`{operation.class_name}` called with more tensors than its input")
        noise = IDENTITY_AT_INFERENCE.get(operation.class_name)
        if noise is not None:
            noise.accept(operation.class_name, operation.config)
            return given
        layer = self._layer(operation)
        result = layer(given)
        self._fill(layer, operation)
        return result

    def _fill(self, layer: Any, operation: OperationClaim) -> None:
        layer.set_weights([self._arrays[name] for name in operation.variables])

    def _layer(self, operation: OperationClaim) -> Any:
        missing = [name for name in operation.variables if name not in self._arrays]
        if missing:
            raise RefusedError(f"`{operation.class_name}` without its arrays")
        if operation.operation not in self._layers:
            shapes = {self._arrays[name].shape for name in operation.variables}
            self._layers[operation.operation] = make_layer(operation.class_name, operation.config, shapes)
        return self._layers[operation.operation]

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
        raise RefusedError(f"a call argument of kind {kind!r}"[:200])


def first_line(error: BaseException) -> str:
    """Return what an error says, without the pages that Keras adds; its name where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


def _moments(source: Any, steps: Sequence[Step], tensors: Mapping[str, Any]) -> Any | None:
    """Return the model that ends where the first sampling layer begins, None where there is none."""
    for step in steps:
        if _samples(step.operation):
            return keras.Model(source, [tensors[name] for name in step.inputs])
    return None


def _heads(source: Any, claim: ModelClaim, tensors: Mapping[str, Any]) -> Any | None:
    """Return the model that ends with the first two outputs, None where they are not two tensors of one shape."""
    if len(claim.outputs) < 2 or claim.outputs[0] == claim.outputs[1]:
        return None
    ends = [_known(tensors, name) for name in claim.outputs[:2]]
    return keras.Model(source, ends) if ends[0].shape == ends[1].shape else None


def _samples(operation: OperationClaim) -> bool:
    return operation.module == SAMPLING_MODULE


def _mean_of(given: Sequence[Any]) -> Any:
    """Return the mean of a pair (mean, log-variance): what a code is outside training."""
    pair = given[0] if len(given) == 1 and isinstance(given[0], list) else given
    is_pair = len(pair) == 2 and all(isinstance(tensor, keras.KerasTensor) for tensor in pair)
    if not is_pair or pair[0].shape != pair[1].shape:
        raise RefusedError("`Sampling` of anything but a mean and a log-variance of one shape")
    return pair[0]


def _operate(operation: OperationClaim, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call an operator of the list."""
    if operation.class_name in IDENTITY_OPERATORS:
        return _as_floats(operation, args[0])
    if operation.class_name == "GetItem":
        return args[0][tuple(args[1]) if isinstance(args[1], list) else args[1]]
    if operation.class_name == "Einsum":
        return keras.ops.einsum(einsum_equation(operation.config.get("subscripts")), *args)
    function = OPERATORS.get(operation.class_name)
    if function is None:
        raise RefusedError(f"the operator `{operation.class_name}`")
    return getattr(keras.ops, function)(*args, **{**_plain_settings(operation), **kwargs})


def _as_floats(operation: OperationClaim, tensor: Any) -> Any:
    """Return a tensor as it is, or true and false as one and zero."""
    if operation.class_name != "Cast":
        return tensor
    dtype = operation.config.get("dtype")
    if not isinstance(dtype, str) or dtype not in FLOATS:
        raise RefusedError(f"Cast(dtype={dtype!r})"[:200])
    return tensor if tensor.dtype in FLOATS else keras.ops.cast(tensor, "float32")


def _needed(steps: Sequence[Step], output: str) -> tuple[Step, ...]:
    """Keep the steps that `output` is made from."""
    wanted, kept = {output}, []
    for step in reversed(steps):
        if step.output in wanted:
            wanted.update(step.inputs)
            kept.append(step)
    return tuple(reversed(kept))


def _plain_settings(operation: OperationClaim) -> dict[str, Any]:
    """Return the settings of an operator, which are numbers, flags or lists of numbers."""
    settings = {
        name: value
        for name, value in operation.config.items()
        if name not in ("name", "dtype", "trainable") and value is not None
    }
    for name, value in settings.items():
        if not isinstance(value, bool | int | float | list):
            raise RefusedError(f"{operation.class_name}({name}={value!r})"[:200])
    return settings


def _known(tensors: Mapping[str, Any], name: JsonValue) -> Any:
    if not isinstance(name, str) or name not in tensors:
        raise RefusedError(f"a tensor that nothing makes ({name})"[:200])
    return tensors[name]


def _tensors_in(values: Sequence[Any]) -> bool:
    nested = [item for value in values if isinstance(value, list) for item in value]
    return any(isinstance(value, keras.KerasTensor) for value in values) or (bool(nested) and _tensors_in(nested))


def _named(value: JsonValue, kind: str) -> Sequence[str]:
    """List the ids of the tensors or variables in the arguments of a call, in order."""
    if isinstance(value, dict):
        if set(value) == {kind}:
            return [str(value[kind])]
        return [name for item in value.values() for name in _named(item, kind)]
    if isinstance(value, list):
        return [name for item in value for name in _named(item, kind)]
    return []
