"""Canonical form of a rebuilt model: kinds, attributes, shapes, edges and parameters, without names.

Three notations are unified: a separate activation joins the layer before it, Flatten and Reshape are one kind (removed
if they change nothing), and layers without any effect are left out. Works on the steps of the rebuilt model in pure
Python; Keras has computed the shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from grader.domain.architecture import RESHAPE, Architecture, AttributeValue, Layer
from grader.domain.evidence import JsonValue, OperationClaim
from grader.domain.layer_kinds import traits_of
from grader.probe.flattening import SAMPLING_MODULE
from grader.rebuild.network.allowlist import (
    IDENTITY_AT_INFERENCE,
    LAYERS,
    OPERATOR_ACTIVATIONS,
    WRAPPERS,
    activation,
    cells_of,
)
from grader.rebuild.network.model import Arrays, RebuiltModel, Step

_ACTIVATION_LAYERS: Mapping[str, tuple[Mapping[str, JsonValue], str]] = {
    # by layer: the settings with which it is the ordinary function, and that function's name
    "ReLU": ({"max_value": None, "negative_slope": 0, "threshold": 0}, "relu"),
    "LeakyReLU": ({"negative_slope": 0.2}, "leaky_relu"),
    "ELU": ({"alpha": 1}, "elu"),
    "Softmax": ({"axis": -1}, "softmax"),
}
_ORDINARY_OPERATORS: Mapping[str, Mapping[str, JsonValue]] = {
    "Softmax": {"axis": -1}, "LeakyRelu": {"negative_slope": 0.2}, "Elu": {"alpha": 1.0},
}  # fmt: skip
_MODEL_INPUT = -1
_SCALES = "Rescaling"

JOINED = "Concatenate"
"""Represents the several tensors of a model whose code consists of all of them; not a layer of the notebook."""


def canonical(model: RebuiltModel, arrays: Arrays) -> Architecture:
    """Return the canonical form of a rebuilt model."""
    readers = Counter(name for step in model.steps for name in step.inputs)
    readers.update(model.ends)
    layers: list[Layer] = []
    positions = {tensor.tensor: _MODEL_INPUT for tensor in model.claim.inputs}
    uncounted = set(model.held)
    for step in model.steps:
        if step.is_constant:  # zeros of a certain size: nothing is read
            continue
        inputs = tuple(positions[name] for name in step.inputs if name in positions)
        fresh = uncounted.intersection(step.arrays)
        uncounted -= fresh
        layer = _layer(step, inputs, arrays, sum(int(arrays[name].size) for name in fresh))
        if scales_by_a_number(step) and all(_prepares(layers, place) for place in inputs):
            layer = replace(layer, kind=_SCALES, attributes=())
        previous = layers[inputs[0]] if inputs and inputs[0] != _MODEL_INPUT else None
        alone = previous is not None and len(inputs) == len(step.inputs) and readers[step.inputs[0]] == 1
        merged = _merge(previous, layer) if previous is not None and alone else None
        if merged is not None:
            layers[inputs[0]] = merged
            positions[step.output] = inputs[0]
        elif inputs and _does_nothing(step, layer):
            positions[step.output] = inputs[0]
            readers[step.output] += readers[step.inputs[0]] - 1
        else:
            layers.append(layer)
            positions.update(dict.fromkeys(step.outputs, len(layers) - 1))
    ends = tuple(dict.fromkeys(positions.get(name, _MODEL_INPUT) for name in model.ends))
    if len(ends) > 1:
        layers.append(Layer(JOINED, (), model.output_shape, model.output_shape, 0, ends))
    return Architecture(
        layers=tuple(layers),
        input_shape=model.input_shape,
        output_shape=model.output_shape,
        output=ends[0] if len(ends) == 1 else len(layers) - 1,
        parameters=model.parameters,
    )


def _layer(step: Step, inputs: tuple[int, ...], arrays: Arrays, parameters: int) -> Layer:
    kind, attributes = _kind_and_attributes(step, arrays)
    return Layer(
        kind=kind,
        attributes=tuple(sorted(attributes.items())),
        input_shape=step.input_shape,
        output_shape=step.output_shape,
        parameters=parameters,
        inputs=inputs,
        operation=step.operation.operation,
    )


def _kind_and_attributes(step: Step, arrays: Arrays) -> tuple[str, dict[str, AttributeValue]]:
    config = step.operation.config
    if traits_of(step.kind).reshapes:
        return RESHAPE, {}
    if step.operation.module == SAMPLING_MODULE:
        return "Sampling", {}
    if step.is_operator:
        return _operator(step, arrays)
    if step.kind in _ACTIVATION_LAYERS and _agrees(config, _ACTIVATION_LAYERS[step.kind][0]):
        return "Activation", {"activation": _ACTIVATION_LAYERS[step.kind][1]}
    if step.kind == "Activation":
        return "Activation", {"activation": activation(config.get("activation"))}
    if step.kind in WRAPPERS:  # TimeDistributed(Dense) is Dense on the last axis
        return _kind_and_attributes(replace(step, operation=_inner(step.operation)), arrays)
    if step.kind == "RNN":
        return _repeated(step)
    rule = LAYERS.get(step.kind) or IDENTITY_AT_INFERENCE[step.kind]
    accepted = rule.accept(step.kind, config)
    if rule.traits.pooling and "pool_size" in rule.settings and _divides(accepted, step.input_shape):
        accepted["padding"] = "valid"  # no padding is needed if the pools fit
    if accepted.get("groups") == 1:  # the ordinary convolution
        del accepted["groups"]
    return step.kind, {name: _flat(accepted[name]) for name in rule.attributes if accepted.get(name) is not None}


def _divides(pooling: Mapping[str, Any], shape: Sequence[int | None]) -> bool:
    """Return whether pools without overlap cover every axis exactly."""
    sizes, strides = _flat_pair(pooling.get("pool_size", 2)), pooling.get("strides")
    if strides is not None and _flat_pair(strides) != sizes:
        return False
    axes = shape[:-1]
    sizes = sizes * len(axes) if len(sizes) == 1 else sizes
    return len(sizes) == len(axes) and all(n is not None and n % size == 0 for n, size in zip(axes, sizes, strict=True))


def _flat_pair(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (int(value),)


def _operator(step: Step, arrays: Arrays) -> tuple[str, dict[str, AttributeValue]]:
    """Name an operator; one that does the work of a layer or of its bias gets the layer's name.

    `x @ kernel` is a Dense without bias; `x + bias` keeps its name and records how many numbers are added, so that
    `_merge` can join the two.
    """
    name = OPERATOR_ACTIVATIONS.get(step.kind)
    if name is not None and _agrees(step.operation.config, _ORDINARY_OPERATORS.get(step.kind, {})):
        return "Activation", {"activation": name}
    args = step.arguments.get("args", []) if isinstance(step.arguments, Mapping) else []
    if step.kind == "Maximum" and len(step.inputs) == 1 and any(_is_zero(value) for value in args):
        return "Activation", {"activation": "relu"}  # max(x, 0)
    given = [arrays[name].shape for name in step.arrays if name in arrays]
    if len(step.inputs) != 1 or len(args) != 2 or len(given) != 1:
        return step.kind, {}
    if step.kind == "Matmul" and "tensor" in args[0] and (*step.input_shape[-1:], *step.output_shape[-1:]) == given[0]:
        return "Dense", {"activation": "linear", "units": given[0][-1], "use_bias": False}
    if step.kind == "Add" and given[0] == step.output_shape[-1:]:
        return "Add", {"numbers": given[0][0]}
    return step.kind, {}


def _is_zero(value: JsonValue) -> bool:
    return isinstance(value, Mapping) and value.get("value", True) == 0 and not isinstance(value.get("value"), bool)


def _inner(operation: OperationClaim) -> OperationClaim:
    inner = operation.config["layer"]
    return replace(operation, class_name=inner["class_name"], module=inner["module"], config=inner["config"])


def _repeated(step: Step) -> tuple[str, dict[str, AttributeValue]]:
    """Name `RNN(LSTMCell(4))` as the equivalent `LSTM(4)`; stacked cells stay an `RNN`."""
    config = step.operation.config
    cells = cells_of(config)
    if len(cells) > 1:
        units: AttributeValue = tuple(cell["config"].get("units") for cell in cells)
        return "RNN", {"units": units, "return_sequences": bool(config.get("return_sequences"))}
    kind = cells[0]["class_name"].removesuffix("Cell")
    rule, settings = LAYERS[kind], {**config, **cells[0]["config"]}
    accepted = rule.accept(kind, settings)
    return kind, {name: _flat(accepted[name]) for name in rule.attributes if accepted.get(name) is not None}


def _agrees(config: Mapping[str, JsonValue], ordinary: Mapping[str, JsonValue]) -> bool:
    """Return whether the settings are those with which a function is the ordinary one of its name."""
    return all(config.get(name, value) == value for name, value in ordinary.items())


def _flat(value: Any) -> AttributeValue:
    if isinstance(value, tuple):
        return tuple(item for part in value for item in (part if isinstance(part, tuple) else (part,)))
    scalar: AttributeValue = value
    return scalar


def _merge(previous: Layer, layer: Layer) -> Layer | None:
    """Join a layer with what follows it: activation, bias or another reshape; None if the two stay separate."""
    linear = previous.traits.activation_last and previous.activation == "linear"
    if layer.kind == "Activation" and linear:
        return _with_attributes(previous, activation=layer.activation)
    if layer.kind == "Add" and linear and not previous.attribute("use_bias"):
        joined = replace(previous, parameters=previous.parameters + layer.parameters)
        return _with_attributes(joined, use_bias=True) if layer.attribute("numbers") else None
    if layer.kind == RESHAPE and previous.kind == RESHAPE:
        return replace(previous, output_shape=layer.output_shape)
    return None


def _with_attributes(layer: Layer, **changes: AttributeValue) -> Layer:
    return replace(layer, attributes=tuple(sorted({**dict(layer.attributes), **changes}.items())))


def scales_by_a_number(step: Step) -> bool:
    """Return whether an operator multiplies all numbers by one constant, or adds one to them: `x / 255`."""
    by_number = step.is_operator and step.kind in ("Multiply", "Divide", "TrueDivide", "Add", "Subtract")
    return by_number and len(step.inputs) == 1 and not step.arrays and step.input_shape == step.output_shape


def _prepares(layers: Sequence[Layer], place: int) -> bool:
    """Return whether what stands at a place is the input itself, or no more than its data prepared."""
    return place == _MODEL_INPUT or layers[place].kind in (RESHAPE, _SCALES)


def _does_nothing(step: Step, layer: Layer) -> bool:
    linear = layer.kind == "Activation" and layer.activation == "linear"
    identity = traits_of(step.kind).identity
    same_size = layer.input_shape == layer.output_shape and layer.traits.resizes
    scale = step.operation.config
    unscaled = step.kind == "Rescaling" and (scale.get("scale"), scale.get("offset", 0)) == (1, 0)
    return linear or identity or same_size or unscaled


def is_cut(architecture: Architecture, positions: Collection[int]) -> bool:
    """Return whether every path from input to output leads through one of these layers."""
    readers = _readers(architecture)
    return not _reaches(readers, architecture.output, without=positions)


def cut_positions(architecture: Architecture) -> tuple[int, ...]:
    """List the layers through which every path from input to output leads, in order.

    A layer is on the list if removing it disconnects the output from the input.
    """
    readers = _readers(architecture)
    return tuple(
        position
        for position in range(len(architecture.layers))
        if not _reaches(readers, architecture.output, without=(position,))
    )


def _readers(architecture: Architecture) -> Mapping[int, Sequence[int]]:
    readers: dict[int, list[int]] = {}
    for position, layer in enumerate(architecture.layers):
        for source in layer.inputs:
            readers.setdefault(source, []).append(position)
    return readers


def _reaches(readers: Mapping[int, Sequence[int]], target: int, *, without: Collection[int]) -> bool:
    pending, seen = [_MODEL_INPUT], set(without)
    while pending:
        position = pending.pop()
        if position == target:
            return True
        for reader in readers.get(position, ()):
            if reader not in seen:
                seen.add(reader)
                pending.append(reader)
    return False
