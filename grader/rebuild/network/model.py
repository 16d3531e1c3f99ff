"""Rebuilds a claimed graph as a Keras model that holds none of the student's code.

What can be trusted: the layer classes are Keras's own (`keras.layers`), their settings come from the allowlist, the
arrays were vetted at the border, and Keras computes every shape anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from grader.domain.architecture import Shape, shape_size
from grader.domain.evidence import JsonValue, ModelClaim, NodeClaim, OperationClaim
from grader.domain.text import shortened
from grader.probe.flattening import SAMPLING_MODULE
from grader.rebuild.network.allowlist import (
    CONSTANT_OPERATORS,
    IDENTITY_AT_INFERENCE,
    MASKS,
    RefusedError,
    accept_layer,
    tensor_arguments,
)
from grader.rebuild.network.building import Standardised, fill, make_layer
from grader.rebuild.network.calls import (
    Arrays as Arrays,
)
from grader.rebuild.network.calls import (
    arguments_of,
    known,
    masks_of,
    mean_of,
    named,
    operate,
    tensors_in,
    without_masks,
)
from grader.rebuild.network.costs import Budget, products
from grader.rebuild.network.states import matching, without_twins

MAX_TENSOR_ITEMS = 2**22

_DOES_NOT_FIT = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError, MemoryError,
    tf.errors.OpError,
)  # fmt: skip
"""Exceptions of Keras, by layer and version, for settings, arrays and tensors that do not fit together."""


_OPERATORS_MODULE = "keras.src.ops."

_FLAGS = frozenset({"use_causal_mask", "return_attention_scores", "reverse"})
"""Boolean arguments of a layer's call that decide what it computes outside training."""


@dataclass(frozen=True)
class Step:
    """One call in a rebuilt model.

    Attributes:
        operation: The claim of the layer or operator called.
        arguments: Its arguments, as claimed.
        inputs: Ids of the tensors it reads.
        output: Id of the tensor it makes; of several, the first that is read.
        input_shape: Shape of the first input, without the batch axis.
        output_shape: Shape of the output, without the batch axis; if several are read, the total number in one axis.
        made: Every tensor it makes and that is read, with its shape (an LSTM may return its states as well).
    """

    operation: OperationClaim
    arguments: JsonValue
    inputs: tuple[str, ...]
    output: str
    input_shape: tuple[int | None, ...]
    output_shape: tuple[int | None, ...]
    made: tuple[tuple[str, Shape], ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """Ids of the tensors it makes that are read."""
        return tuple(name for name, _ in self.made) or (self.output,)

    @property
    def kind(self) -> str:
        """Class name of the layer or operator."""
        return self.operation.class_name

    @property
    def is_operator(self) -> bool:
        """Whether it is an operator (`x + y`) and not a layer."""
        return self.operation.module.startswith(_OPERATORS_MODULE)

    @property
    def is_constant(self) -> bool:
        """Whether it reads only the shape of its input and none of its numbers (`zeros_like`)."""
        return self.is_operator and self.kind in CONSTANT_OPERATORS

    @property
    def arrays(self) -> tuple[str, ...]:
        """Ids of the arrays it uses: its layer's own, and those named by the call."""
        return (*self.operation.variables, *named(self.arguments, "variable"))


@dataclass(frozen=True)
class RebuiltModel:
    """A model of ours that equals the claim.

    Attributes:
        claim: The claim from which it was built.
        model: The Keras model.
        steps: Every call that its outputs need, in order.
        held: Ids of its weights, held by a layer or given to an operator; constants are not included.
        parameters: Total size of its weights.
        moments: Input to [mean, log-variance] if a layer draws the code from them, else None.
        ends: Ids of the output tensors: its first output, or all states with which a decoder begins.
        heads: Input to its first two outputs if these have one shape, or to both halves of the numbers of which it
            returns the first half; None if it draws a code itself. A loop of the notebook's own may draw from them.
        products: Multiplications for one sample, an upper bound; 0 if they are unknown.
    """

    claim: ModelClaim
    model: Any
    steps: tuple[Step, ...]
    held: frozenset[str]
    parameters: int
    moments: Any | None = None
    ends: tuple[str, ...] = ()
    heads: Any | None = None
    products: int = 0

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of one input sample."""
        return tuple(self.model.inputs[0].shape[1:])

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Shape of one output sample."""
        return tuple(self.model.outputs[0].shape[1:])


class Workshop:
    """Rebuilds the models of one submission; a layer that two models share is also one object here.

    Several inputs of a model become one, in which they are concatenated. So do the outputs of a model whose outputs
    such a model takes: an encoder whose code is the states of an LSTM.

    Args:
        operations: Claims of layers and operators, by id.
        arrays: Vetted arrays, by variable id.
        models: All models of the submission, to see which of them fit together.
    """

    def __init__(
        self, operations: Mapping[str, OperationClaim], arrays: Arrays, models: Sequence[ModelClaim] = ()
    ) -> None:
        self._operations = operations
        self._arrays = arrays
        self._layers: dict[str, Any] = {}
        graphs = [claim for claim in models if not claim.problem and not self._draws(claim)]
        self._takers = [claim for claim in graphs if len(claim.inputs) > 1]
        self._givers = [claim for claim in graphs if len(claim.inputs) == 1 and len(claim.outputs) > 1]

    def rebuild(self, claim: ModelClaim, *, whole: bool = False) -> RebuiltModel:
        """Build the model of a claim and load its arrays.

        Args:
            claim: The claim to build.
            whole: Whether all of its inputs and outputs count, whether or not other models make or read them.

        Raises:
            RefusedError: A part of it is not on the allowlist, does not fit together, or is too large.
        """
        if claim.problem:
            raise RefusedError(claim.problem)
        several = len(claim.inputs) > 1 and not whole
        if not claim.inputs or not claim.outputs or (several and not self._is_handed(claim)):
            raise RefusedError(f"a model with {len(claim.inputs)} inputs and {len(claim.outputs)} outputs")
        claim = without_twins(claim, self._operations)
        try:
            source, tensors = _sources(claim)
        except _DOES_NOT_FIT as error:
            raise RefusedError(f"an input that is none: {first_line(error)}") from error
        budget = Budget()
        steps = [self._within(budget, self._step(node, tensors)) for node in claim.nodes]
        ends = self._ends(claim, tensors, whole=whole)
        needed = _needed(steps, ends)
        weights = {*claim.variables, *(name for step in needed for name in step.operation.variables)}
        held = weights & {name for step in needed for name in step.arrays if name in self._arrays}
        try:
            model = keras.Model(source, _in_a_row([known(tensors, name) for name in ends]))
        except _DOES_NOT_FIT as error:
            raise RefusedError(f"a graph that is none: {first_line(error)}") from error
        parameters = sum(int(self._arrays[name].size) for name in held)
        moments = _moments(source, needed, tensors)
        heads = _heads(source, claim, tensors) or _halves(source, needed, tensors) if moments is None else None
        return RebuiltModel(claim, model, needed, frozenset(held), parameters, moments, ends, heads, budget.spent)

    def _ends(self, claim: ModelClaim, tensors: Mapping[str, Any], *, whole: bool) -> tuple[str, ...]:
        """Return the outputs that count: the first, or those that another model takes as its inputs."""
        outputs = tuple(dict.fromkeys(claim.outputs))
        if whole or len(outputs) == 1 or self._draws(claim):
            return outputs if whole else outputs[:1]
        given = [(name, tuple(known(tensors, name).shape[1:])) for name in outputs]
        return matching(given, [_shapes(taker) for taker in self._takers]) or outputs[:1]

    def _is_handed(self, claim: ModelClaim) -> bool:
        """Return whether another model outputs exactly what this one takes, as an encoder outputs its states."""
        for giver in self._givers:
            try:
                model = self.rebuild(giver)
            except RefusedError:
                continue
            shapes = dict(made for step in model.steps for made in step.made)
            if [shapes.get(name) for name in model.ends] == _shapes(claim):
                return True
        return False

    def _draws(self, claim: ModelClaim) -> bool:
        operations = (self._operations.get(node.operation) for node in claim.nodes)
        return any(operation is not None and _samples(operation) for operation in operations)

    def _within(self, budget: Budget, step: Step) -> Step:
        """Return the step if its multiplications fit the budget."""
        held = [self._arrays[name] for name in step.arrays if name in self._arrays]
        config = dict(step.operation.config)
        budget.spend(step.kind, products(step.kind, step.input_shape, step.output_shape, held, config))
        return step

    def _step(self, node: NodeClaim, tensors: dict[str, Any]) -> Step:
        operation = self._operations.get(node.operation)
        if operation is None or not (operation.module.startswith("keras.src.") or _samples(operation)):
            raise RefusedError(f"the layer `{operation.class_name if operation else node.operation}`")
        outputs = node.outputs
        if not outputs or len({*outputs}) < len(outputs) or any(name in tensors for name in outputs):
            raise RefusedError(shortened(f"`{operation.class_name}` with the outputs {', '.join(outputs)}", 200))
        names = tuple(named(without_masks(node.arguments), "tensor"))
        inputs = [known(tensors, name) for name in names]
        if not inputs:
            raise RefusedError(f"`{operation.class_name}` without an input")
        try:
            result = self._call(operation, node, tensors)
        except _DOES_NOT_FIT as error:
            raise RefusedError(f"`{operation.class_name}`: {first_line(error)}") from error
        results = list(result) if isinstance(result, list | tuple) else [result]
        if len(results) != len(outputs):
            raise RefusedError(shortened(f"`{operation.class_name}` with the outputs {', '.join(outputs)}", 200))
        for name, one in zip(outputs, results, strict=True):
            tensors[name] = _bounded(operation, one)
        made = tuple((name, tuple(tensors[name].shape[1:])) for name in outputs)
        return Step(operation, node.arguments, names, outputs[0], tuple(inputs[0].shape[1:]), made[0][1], made)

    def _call(self, operation: OperationClaim, node: NodeClaim, tensors: dict[str, Any]) -> Any:
        args, kwargs = arguments_of(node, tensors, self._arrays)
        kind = operation.class_name
        if operation.module.startswith(_OPERATORS_MODULE):
            return operate(operation, args, kwargs)
        if _samples(operation):
            if operation.variables:
                raise RefusedError("`Sampling` with weights of its own")
            return mean_of(args or [kwargs.get("inputs")])
        if kind == "Normalization" and isinstance(kwargs.get("mean"), np.ndarray):
            constants = kwargs["mean"], kwargs.get("variance", 1.0)
            return Standardised(*constants, invert=operation.config.get("invert") is True)(args[0])
        if not args:
            args = [kwargs.pop(name) for name in ("inputs", "sequences", "sequence") if name in kwargs][:1]
        allowed = tensor_arguments(kind)
        noise = IDENTITY_AT_INFERENCE.get(kind)
        layer = None if noise is not None else self._layer(operation)
        taken = masks_of(layer) if layer is not None else MASKS
        taken_by_name = {
            name: value for name, value in kwargs.items() if name in allowed or name in _FLAGS or name in taken
        }
        others = [value for name, value in kwargs.items() if name not in taken_by_name]
        if tensors_in([*others, *(() if allowed else args[1:])]):
            raise RefusedError(f"`{kind}` called with more tensors than its input")
        if noise is not None or layer is None:
            accept_layer(kind, operation.config)
            return args[0]
        result = layer(*(args if allowed else args[:1]), **taken_by_name)
        self._fill(layer, operation)
        return result

    def _fill(self, layer: Any, operation: OperationClaim) -> None:
        fill(layer, [self._arrays[name] for name in operation.variables])

    def _layer(self, operation: OperationClaim) -> Any:
        missing = [name for name in operation.variables if name not in self._arrays]
        if missing:
            raise RefusedError(f"`{operation.class_name}` without its arrays")
        if operation.operation not in self._layers:
            shapes = {self._arrays[name].shape for name in operation.variables}
            self._layers[operation.operation] = make_layer(operation.class_name, operation.config, shapes)
        return self._layers[operation.operation]


def first_line(error: BaseException) -> str:
    """Return an error's message without the pages that Keras adds; its name if it has no message."""
    return shortened(next(iter(str(error).strip().splitlines()), type(error).__name__), 200)


def _moments(source: Any, steps: Sequence[Step], tensors: Mapping[str, Any]) -> Any | None:
    """Return the model that ends where the first sampling layer begins, None without such a layer."""
    for step in steps:
        if _samples(step.operation):
            return keras.Model(source, [tensors[name] for name in step.inputs])
    return None


def _heads(source: Any, claim: ModelClaim, tensors: Mapping[str, Any]) -> Any | None:
    """Return the model that ends with the first two outputs, None unless they are two tensors of one shape."""
    if len(claim.outputs) < 2 or claim.outputs[0] == claim.outputs[1]:
        return None
    ends = [known(tensors, name) for name in claim.outputs[:2]]
    return keras.Model(source, ends) if ends[0].shape == ends[1].shape else None


def _halves(source: Any, steps: Sequence[Step], tensors: Mapping[str, Any]) -> Any | None:
    """Return the model that ends with both halves of a vector, None unless its output is the first of them."""
    last = steps[-1] if steps else None
    if last is None or last.kind != "GetItem" or not last.is_operator or len(last.inputs) != 1:
        return None
    both, first = known(tensors, last.inputs[0]), known(tensors, last.output)
    if len(both.shape) != 2 or len(first.shape) != 2 or None in (both.shape[1], first.shape[1]):
        return None
    if both.shape[1] != 2 * first.shape[1]:
        return None
    size = first.shape[1]
    numbers = np.arange(2.0 * size, dtype=np.float32)[np.newaxis]
    if not np.array_equal(np.asarray(keras.Model(both, first)(numbers)), numbers[:, :size]):
        return None
    return keras.Model(source, [both[:, :size], both[:, size:]])


def _samples(operation: OperationClaim) -> bool:
    return operation.module == SAMPLING_MODULE


def _bounded(operation: OperationClaim, result: Any) -> Any:
    if not isinstance(result, keras.KerasTensor):
        raise RefusedError(f"`{operation.class_name}`, which makes no tensor")
    if (shape_size(result.shape[1:]) or 0) > MAX_TENSOR_ITEMS:
        raise RefusedError(f"`{operation.class_name}` with an output of shape {result.shape[1:]}")
    return result


def _sources(claim: ModelClaim) -> tuple[Any, dict[str, Any]]:
    """Return the input of a model, and the tensors with which its calls begin: the input itself, or its parts."""
    shapes = _shapes(claim)
    if len(shapes) == 1:
        source = keras.Input(shapes[0])
        return source, {claim.inputs[0].tensor: source}
    sizes = [shape_size(shape) for shape in shapes]
    if None in sizes or not 0 < sum(size or 0 for size in sizes) <= MAX_TENSOR_ITEMS:
        raise RefusedError(f"a model with {len(shapes)} inputs, of free lengths")
    source, tensors, start = keras.Input((sum(size or 0 for size in sizes),)), dict[str, Any](), 0
    for tensor, shape, size in zip(claim.inputs, shapes, sizes, strict=True):
        end = start + (size or 0)
        tensors[tensor.tensor] = keras.ops.reshape(source[:, start:end], (-1, *shape))
        start = end
    return source, tensors


def _shapes(claim: ModelClaim) -> list[Shape]:
    """Return the shape of one sample of each input."""
    return [tuple(tensor.shape[1:]) for tensor in claim.inputs]


def _in_a_row(tensors: Sequence[Any]) -> Any:
    if len(tensors) == 1:
        return tensors[0]
    return keras.ops.concatenate([keras.layers.Flatten()(tensor) for tensor in tensors], axis=-1)


def _needed(steps: Sequence[Step], ends: Sequence[str]) -> tuple[Step, ...]:
    """Keep the steps that lead to `ends`, and those of their outputs that are read."""
    wanted, kept = {*ends}, list[Step]()
    for step in reversed(steps):
        made = tuple(one for one in step.made if one[0] in wanted)
        if made:
            wanted.update(step.inputs)
            kept.append(_with_outputs(step, made))
    return tuple(reversed(kept))


def _with_outputs(step: Step, made: tuple[tuple[str, Shape], ...]) -> Step:
    sizes = [shape_size(shape) for _, shape in made]
    row: Shape = (None if None in sizes else sum(size or 0 for size in sizes),)
    return replace(step, output=made[0][0], output_shape=made[0][1] if len(made) == 1 else row, made=made)
