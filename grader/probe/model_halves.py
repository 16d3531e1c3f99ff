"""Halves that are not models: a layer, a list of layers or a method that works as an encoder or a decoder.

`self.encoder = layers.Dense(32)` can be called by itself and returns codes like a model; so can `vae.encode(x)`, and a
callable object of a class of the notebook's own. They are described beside the models, each as a graph of its own: zone
M uses one only if no model of the notebook fills its role.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .call_tracing import NotFlattenableError, outside_training, traced
from .flattening import Registry, described, known_input_shape
from .texts import MAX_TEXT

MAX_PARTS = 24
MAX_DEPTH = 3
MAX_ITEMS = 64
PART_CLASSES = {"layer": "Layer", "list": "list", "method": "method", "object": "object"}

_ENCODES = re.compile(r"^(encode|codificar?|encoder)$", re.IGNORECASE)
_DECODES = re.compile(r"^(decode|decodificar?|decoder)$", re.IGNORECASE)
_CALLS = ("__call__", "call", "forward")

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class _Part:
    """Something that can be called with one tensor.

    Attributes:
        name: Where it is: `autoencoder.encoder`.
        kind: A key of `PART_CLASSES`.
        call: Returns its output for a symbolic tensor.
        shapes: Shapes of one sample that it may take, the likeliest first.
        weights: All weights that it may use.
    """

    name: str
    kind: str
    call: Callable[[Any], Any]
    shapes: tuple[Shape, ...]
    weights: tuple[Any, ...]


def named_things(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (name, object) for what a notebook holds: global variables, and what is inside them.

    Lists, tuples, dictionaries, models and objects of the notebook's own classes are searched, three levels deep.
    """
    seen: set[int] = set()
    for name, value in list(namespace.items()):
        if not name.startswith("_") and name not in ("In", "Out"):
            yield from _inside(name, value, MAX_DEPTH, seen)


def _inside(name: str, value: Any, depth: int, seen: set[int]) -> Iterator[tuple[str, Any]]:
    yield name, value
    if depth == 0 or not _holds_things(value):
        return
    if id(value) in seen:  # an object that contains itself, or has two names
        return
    seen.add(id(value))
    for key, item in _items(value):
        yield from _inside(f"{name}{key}", item, depth - 1, seen)


def _holds_things(value: Any) -> bool:
    if isinstance(value, list | tuple | dict):
        return len(value) < MAX_ITEMS
    return _is_model(value) or _is_own_layer(value) or _is_own_object(value)


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"[{key!r}]", item) for key, item in list(value.items())]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(f".{key}", item) for key, item in zip(value._fields, value, strict=False)]
    if isinstance(value, list | tuple):
        return [(f"[{place}]", item) for place, item in enumerate(value)]
    return [(f".{key}", item) for key, item in list(vars(value).items()) if not key.startswith("_")]


def _is_model(value: Any) -> bool:
    import keras

    return isinstance(value, keras.Model)


def _is_own_layer(value: Any) -> bool:
    import keras

    return isinstance(value, keras.layers.Layer) and not type(value).__module__.startswith("keras.src.")


def _is_own_object(value: Any) -> bool:
    return hasattr(value, "__dict__") and not isinstance(value, type) and type(value).__module__ == "__main__"


# Claims


def part_claims(namespace: Mapping[str, Any], registry: Registry) -> list[dict[str, Any]]:
    """Describe callable parts that are not models, in the form of models."""
    claims: list[dict[str, Any]] = []
    found = sorted(_parts(namespace), key=lambda part: not re.search("cod", part.name, re.IGNORECASE))
    for part in found:
        if len(claims) >= MAX_PARTS:
            break
        with contextlib.suppress(NotFlattenableError):
            claims.append(_claim(f"p{len(claims)}", part, registry))
    return claims


def _claim(claim: str, part: _Part, registry: Registry) -> dict[str, Any]:
    import keras

    variables = [registry.variable(weight) for weight in part.weights]  # known before a trace meets their numbers
    problem = NotFlattenableError("nothing tells what it takes")
    for shape in part.shapes:
        try:
            flat = described(traced(part.name, part.call, keras.Input(shape)), registry)
        except NotFlattenableError as error:
            problem = error
            continue
        return {
            "model": claim,
            "names": [part.name[:MAX_TEXT]],
            "class_name": PART_CLASSES[part.kind],
            **flat,
            "problem": "",
            "variables": variables,
            "compiled": {},
            "created": 0,
        }
    raise problem


def _parts(namespace: Mapping[str, Any]) -> Iterator[_Part]:
    import keras

    seen: set[int] = set()
    for name, value in named_things(namespace):
        if id(value) in seen:
            continue
        seen.add(id(value))
        with contextlib.suppress(Exception):  # an object of the notebook's may raise anything at any access
            if isinstance(value, keras.layers.Layer) and not _is_model(value) and value.weights:
                yield from _of_layer(name, value)
            elif isinstance(value, list | tuple) and _are_layers(value):
                yield from _of_list(name, value)
            if _is_own_object(value) or (_is_model(value) and not type(value).__module__.startswith("keras.src.")):
                yield from _of_object(name, value)


def _of_layer(name: str, layer: Any) -> Iterator[_Part]:
    shape, is_step = _taken(layer), re.search(r"\[\d+\]$", name) is not None
    if shape is not None and not is_step:  # one layer of a list is a step, and the list may be the half
        yield _Part(name, "layer", outside_training(layer), (shape,), tuple(layer.weights))


def _of_list(name: str, layers: Sequence[Any]) -> Iterator[_Part]:
    def chained(tensor: Any) -> Any:
        for layer in layers:
            tensor = layer(tensor)
        return tensor

    shape = _taken(layers[0])
    if shape is not None:
        yield _Part(name, "list", chained, (shape,), tuple(weight for layer in layers for weight in layer.weights))


def _of_object(name: str, owner: Any) -> Iterator[_Part]:
    """Yield an object's methods `encode` and `decode`, and its own call if it is no model."""
    shapes, weights = _shapes_of(owner), _weights_of(owner)
    whole = next((getattr(owner, call) for call in _CALLS if callable(getattr(owner, call, None))), None)
    if not _is_model(owner) and whole is not None and shapes:
        yield _Part(name, "object", outside_training(whole), shapes, weights)
    codes: list[Shape] = []
    for pattern in (_ENCODES, _DECODES):
        for key, method in _methods(owner):
            if not pattern.match(key):
                continue
            taken = shapes if pattern is _ENCODES else tuple(codes)
            part = _Part(f"{name}.{key}", "method", outside_training(method), taken, weights)
            given = _given(part)
            if given is not None:
                codes.append(given)
            yield part


def _methods(owner: Any) -> list[tuple[str, Callable[[Any], Any]]]:
    """List the methods that the notebook's own class defines."""
    defined = {key for kind in type(owner).__mro__ if kind.__module__ == type(owner).__module__ for key in vars(kind)}
    return [(key, getattr(owner, key)) for key in sorted(defined) if callable(getattr(owner, key, None))]


def _given(part: _Part) -> Shape | None:
    """Return the output shape for one sample, None if it cannot be traced."""
    import keras

    for shape in part.shapes:
        with contextlib.suppress(NotFlattenableError):
            return tuple(traced(part.name, part.call, keras.Input(shape))._outputs[0].shape[1:])
    return None


def _shapes_of(owner: Any) -> tuple[Shape, ...]:
    """Return the input shapes that an object may take: its own, else those of its layers."""
    if _is_model(owner):
        with contextlib.suppress(NotFlattenableError):
            return (tuple(known_input_shape(owner, None)),)
    found = [_taken(value) for _, value in _inside("", owner, MAX_DEPTH, set()) if hasattr(value, "weights")]
    largest = sorted({shape for shape in found if shape}, key=lambda shape: -_numbers(shape))
    return tuple(largest[:4])


def _weights_of(owner: Any) -> tuple[Any, ...]:
    if _is_model(owner):
        return tuple(owner.weights)
    held = [weight for _, value in _inside("", owner, MAX_DEPTH, set()) for weight in getattr(value, "weights", ())]
    return tuple({id(weight): weight for weight in held}.values())


def _numbers(shape: Shape) -> int:
    size = 1
    for length in shape:
        size *= length or 1
    return size


def _are_layers(values: Sequence[Any]) -> bool:
    import keras

    return (
        0 < len(values) < MAX_ITEMS
        and all(isinstance(value, keras.layers.Layer) for value in values)
        and any(value.weights for value in values)
    )


def _taken(layer: Any) -> Shape | None:
    """Return the shape of one sample with which a layer was called, None if it never was."""
    nodes = getattr(layer, "_inbound_nodes", None) or ()
    shapes = [tuple(node.input_tensors[0].shape) for node in nodes if node.input_tensors]
    shapes += [tuple(value) for value in (getattr(layer, "_build_shapes_dict", None) or {}).values() if value]
    if _is_model(layer):
        with contextlib.suppress(NotFlattenableError):
            shapes.append((None, *known_input_shape(layer, None)))
    plain = [shape[1:] for shape in shapes if all(length is None or isinstance(length, int) for length in shape)]
    return next((shape for shape in plain if shape), None)
