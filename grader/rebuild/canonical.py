"""From a rebuilt model to its canonical form: kinds, attributes, shapes, edges, parameters; names dropped.

Three things are made one: a separate activation joins the layer before it, Flatten and Reshape are one kind (and
vanish where they change nothing), and layers that do nothing at all are left out. Pure Python on the steps of the
rebuilt model; Keras computed the shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from grader.domain.architecture import RESHAPE, Architecture, AttributeValue, Layer
from grader.domain.evidence import OperationClaim
from grader.rebuild.allowlist import IDENTITY_AT_INFERENCE, LAYERS, OPERATOR_ACTIVATIONS, WRAPPERS, activation
from grader.rebuild.model import Arrays, RebuiltModel, Step

_RESHAPING = frozenset({"Flatten", "Reshape", "ExpandDims", "Squeeze"})
_ACTIVATION_LAYERS = {"ReLU": "relu", "Softmax": "softmax"}
_HAVE_ACTIVATION = frozenset({"Dense", "Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose", "SeparableConv2D"})
_MODEL_INPUT = -1


def canonical(model: RebuiltModel, arrays: Arrays) -> Architecture:
    """Return the canonical form of a rebuilt model."""
    consumers = Counter(name for step in model.steps for name in step.inputs)
    consumers.update(model.claim.outputs)
    layers: list[Layer] = []
    positions = {model.claim.inputs[0].tensor: _MODEL_INPUT}
    counted: set[str] = set()
    for step in model.steps:
        inputs = tuple(positions[name] for name in step.inputs)
        layer = _layer(step, inputs, _parameters(step.operation, arrays, counted))
        previous = layers[inputs[0]] if inputs and inputs[0] != _MODEL_INPUT else None
        only_reader = consumers[step.inputs[0]] == 1 if step.inputs else False
        merged = _merge(previous, layer) if previous is not None and only_reader else None
        if merged is not None:
            layers[inputs[0]] = merged
            positions[step.output] = inputs[0]
        elif _does_nothing(step, layer):
            positions[step.output] = inputs[0]
        else:
            layers.append(layer)
            positions[step.output] = len(layers) - 1
    return Architecture(
        layers=tuple(layers),
        input_shape=model.input_shape,
        output_shape=model.output_shape,
        output=positions[model.claim.outputs[0]],
        parameters=model.parameters,
    )


def _layer(step: Step, inputs: tuple[int, ...], parameters: int) -> Layer:
    kind, attributes = _kind_and_attributes(step)
    return Layer(
        kind=kind,
        attributes=tuple(sorted(attributes.items())),
        input_shape=step.input_shape,
        output_shape=step.output_shape,
        parameters=parameters,
        inputs=inputs,
        operation=step.operation.operation,
    )


def _kind_and_attributes(step: Step) -> tuple[str, dict[str, AttributeValue]]:
    config = dict(step.operation.config)
    if step.kind in _RESHAPING:
        return RESHAPE, {}
    if step.operation.module.startswith("keras.src.ops."):
        name = OPERATOR_ACTIVATIONS.get(step.kind)
        return ("Activation", {"activation": name}) if name else (step.kind, {})
    if step.kind == "Activation":
        return "Activation", {"activation": activation(config.get("activation"))}
    if step.kind in _ACTIVATION_LAYERS and _is_plain(step.kind, config):
        return "Activation", {"activation": _ACTIVATION_LAYERS[step.kind]}
    if step.kind in WRAPPERS:  # TimeDistributed(Dense) is Dense on the last axis
        inner = config["layer"]
        step_inside = replace(step, kind=inner["class_name"], operation=_inner(step.operation, inner))
        return _kind_and_attributes(step_inside)
    rule = LAYERS.get(step.kind) or IDENTITY_AT_INFERENCE[step.kind]
    accepted = rule.accept(step.kind, config)
    return step.kind, {name: _flat(accepted[name]) for name in rule.attributes if accepted.get(name) is not None}


def _inner(operation: OperationClaim, inner: Mapping[str, Any]) -> OperationClaim:
    return replace(operation, class_name=inner["class_name"], config=inner.get("config", {}))


def _is_plain(kind: str, config: Mapping[str, Any]) -> bool:
    """Say whether a ReLU or Softmax layer is the ordinary function of that name."""
    if kind == "Softmax":
        return config.get("axis", -1) == -1
    unchanged = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}
    return all(config.get(name, value) in (value, 0 if value == 0.0 else value) for name, value in unchanged.items())


def _flat(value: Any) -> AttributeValue:
    if isinstance(value, tuple):
        return tuple(item for part in value for item in (part if isinstance(part, tuple) else (part,)))
    scalar: AttributeValue = value
    return scalar


def _merge(previous: Layer, layer: Layer) -> Layer | None:
    """Join an activation with the layer it follows, or two reshapes; None where they are two things."""
    if layer.kind == "Activation" and previous.kind in _HAVE_ACTIVATION and previous.activation == "linear":
        attributes = dict(previous.attributes) | {"activation": layer.activation}
        return replace(previous, attributes=tuple(sorted(attributes.items())))
    if layer.kind == RESHAPE and previous.kind == RESHAPE:
        return replace(previous, output_shape=layer.output_shape)
    return None


def _does_nothing(step: Step, layer: Layer) -> bool:
    linear = layer.kind == "Activation" and layer.activation == "linear"
    return linear or step.kind == "Identity" or (layer.kind == RESHAPE and layer.input_shape == layer.output_shape)


def _parameters(operation: OperationClaim, arrays: Arrays, counted: set[str]) -> int:
    """Count the numbers of a layer that no earlier step has counted."""
    fresh = [name for name in operation.variables if name in arrays and name not in counted]
    counted.update(fresh)
    return sum(int(arrays[name].size) for name in fresh)


def cut_positions(architecture: Architecture) -> tuple[int, ...]:
    """List the layers through which every path from input to output leads, in order.

    A layer is on the list when the output cannot be reached any more without it.
    """
    readers: dict[int, list[int]] = {}
    for position, layer in enumerate(architecture.layers):
        for source in layer.inputs:
            readers.setdefault(source, []).append(position)
    return tuple(
        position
        for position in range(len(architecture.layers))
        if not _reaches(readers, architecture.output, without=position)
    )


def _reaches(readers: Mapping[int, Sequence[int]], target: int, *, without: int) -> bool:
    pending, seen = [_MODEL_INPUT], {without}
    while pending:
        position = pending.pop()
        if position == target:
            return True
        for reader in readers.get(position, ()):
            if reader not in seen:
                seen.add(reader)
                pending.append(reader)
    return False
