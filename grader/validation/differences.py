"""Exact differences between two models in canonical form, one sentence each, for maintainers.

Stricter than the comparison for students: even a dropout rate or a bias counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grader.domain.alignment import exact_pairs
from grader.domain.architecture import Architecture, Layer
from grader.domain.measurement import Role
from grader.domain.messages import Message, message


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
    """Return a sentence for every layer that differs, aligned like a diff of two texts; then wiring and parameters."""
    differs = False
    place = 0
    for i, j in exact_pairs(expected.layers, actual.layers):
        place += j is not None
        for sentence in _pair(
            role, None if i is None else expected.layers[i], None if j is None else actual.layers[j], place
        ):
            differs = True
            yield sentence
    if differs:
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


def _pair(role: Role, expected: Layer | None, actual: Layer | None, position: int) -> Iterator[Message]:
    """Say how two counterparts differ, nothing if they do not."""
    if expected is None or actual is None:
        yield from _alone(role, expected, actual, position)
        return
    if (expected.kind, expected.attributes, expected.output_shape) == (
        actual.kind, actual.attributes, actual.output_shape,
    ):  # fmt: skip
        return
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


def _alone(role: Role, expected: Layer | None, actual: Layer | None, position: int) -> Iterator[Message]:
    if actual is not None:
        yield message(
            "{role}, layer {position}: `{layer}` is not in the facts",
            role=role.value,
            position=position,
            layer=_named(actual),
        )
    if expected is not None:
        yield message(
            "{role}, after layer {position}: `{layer}` of the facts is missing",
            role=role.value,
            position=position,
            layer=_named(expected),
        )


def _named(layer: Layer) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in layer.attributes)
    return f"{layer.kind}({settings})"
