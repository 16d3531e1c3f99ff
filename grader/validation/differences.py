"""Exact differences between two models in canonical form, a sentence for each: what a maintainer must know.

Stricter than what students are compared by: nothing is forgiven, not a rate of dropout and not a bias.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from grader.domain.architecture import Architecture, AttributeValue, Layer, Shape
from grader.domain.measurement import Role
from grader.domain.messages import Message, message

Signature = tuple[str, tuple[tuple[str, AttributeValue], ...], Shape]


def model_differences(
    expected: Mapping[Role, Architecture], actual: Mapping[Role, Architecture]
) -> tuple[Message, ...]:
    """Return a sentence for every layer that differs, of each of the three models.

    The autoencoder is the encoder followed by the decoder: it speaks for itself only where both parts agree.
    """
    parts = [
        sentence
        for role in (Role.ENCODER, Role.DECODER)
        for sentence in architecture_differences(role, expected[role], actual[role])
    ]
    return tuple(parts) or tuple(
        architecture_differences(Role.AUTOENCODER, expected[Role.AUTOENCODER], actual[Role.AUTOENCODER])
    )


def architecture_differences(role: Role, expected: Architecture, actual: Architecture) -> Iterator[Message]:
    """Tell every layer that differs, aligned like a diff of two texts; then wiring and parameters."""
    wanted, found = [_signature(layer) for layer in expected.layers], [_signature(layer) for layer in actual.layers]
    matcher = difflib.SequenceMatcher(None, wanted, found, autojunk=False)
    told = False
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag != "equal":
            told = True
            yield from _block(role, expected.layers[first:last], actual.layers[start:end], start)
    if told:
        return
    if expected.input_shape != actual.input_shape:
        yield message(
            "{role}: takes samples of shape {actual}, the facts say {expected}",
            role=role.value,
            actual=str(actual.input_shape),
            expected=str(expected.input_shape),
        )
    elif [layer.inputs for layer in expected.layers] != [layer.inputs for layer in actual.layers]:
        yield message("{role}: the same layers are wired in another way than in the facts", role=role.value)
    elif expected.parameters != actual.parameters:
        yield message(
            "{role}: {actual} parameters, the facts say {expected}",
            role=role.value,
            actual=actual.parameters,
            expected=expected.parameters,
        )


def _signature(layer: Layer) -> Signature:
    return layer.kind, layer.attributes, layer.output_shape


def _block(role: Role, expected: tuple[Layer, ...], actual: tuple[Layer, ...], start: int) -> Iterator[Message]:
    """Tell one run of layers that differ: pairs one by one, then what is too many or missing."""
    pairs = min(len(expected), len(actual))
    for offset in range(pairs):
        yield from _pair(role, expected[offset], actual[offset], start + offset + 1)
    for offset, layer in enumerate(actual[pairs:], start=start + pairs + 1):
        yield message(
            "{role}, layer {position}: `{layer}` is not in the facts",
            role=role.value,
            position=offset,
            layer=_named(layer),
        )
    for layer in expected[pairs:]:
        yield message(
            "{role}, after layer {position}: `{layer}` of the facts is missing",
            role=role.value,
            position=start + pairs,
            layer=_named(layer),
        )


def _pair(role: Role, expected: Layer, actual: Layer, position: int) -> Iterator[Message]:
    if expected.kind != actual.kind:
        yield message(
            "{role}, layer {position}: `{actual}`, the facts say `{expected}`",
            role=role.value,
            position=position,
            actual=_named(actual),
            expected=_named(expected),
        )
        return
    wanted, found = dict(expected.attributes), dict(actual.attributes)
    changed = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    for name in changed:
        yield message(
            "{role}, layer {position} ({kind}): {name} is {actual}, the facts say {expected}",
            role=role.value,
            position=position,
            kind=actual.kind,
            name=name,
            actual=str(found.get(name, "–")),
            expected=str(wanted.get(name, "–")),
        )
    if not changed:
        yield message(
            "{role}, layer {position} ({kind}): its output has the shape {actual}, the facts say {expected}",
            role=role.value,
            position=position,
            kind=actual.kind,
            actual=str(actual.output_shape),
            expected=str(expected.output_shape),
        )


def _named(layer: Layer) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in layer.attributes)
    return f"{layer.kind}({settings})"
