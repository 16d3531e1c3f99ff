"""The layers of a model that count in a comparison: those that are active at inference, each with its activation.

An activation, a Flatten or a Dropout written as a layer does not make a model longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from grader.domain.architecture import Architecture, Layer

ACTIVATION: Final = "activation"
INPUT: Final = -1
"""Position that represents a model's input among the sources of a layer."""

_LINEAR: Final = "linear"


@dataclass(frozen=True, slots=True)
class CountedLayer:
    """One layer that counts.

    Attributes:
        position: Its position in the model.
        layer: The layer with its activation, however that is written; its inputs are positions among the layers that
            count.
    """

    position: int
    layer: Layer


def reading_order(architecture: Architecture) -> tuple[int, ...]:
    """Return the positions of the layers from input to output, one branch at a time, the shorter branch first.

    Two models with the same branches are read in the same order, whichever branch was written first.
    """
    routes = _routes(architecture.layers)
    order: list[int] = []
    pending = [(architecture.output, False)]
    while pending:
        position, ready = pending.pop()
        if position == INPUT or position in order:
            continue
        if ready:
            order.append(position)
            continue
        pending.append((position, True))
        branches = sorted(architecture.layers[position].inputs, key=lambda source: routes[source])
        pending += [(source, False) for source in reversed(branches)]
    return tuple(order)


def counted_layers(architecture: Architecture, *, drop: Set[str] = frozenset()) -> tuple[CountedLayer, ...]:
    """Return the layers that are active at inference, in reading order, without the kinds in `drop`.

    Layers that prepare data (Rescaling, Normalization) are not part of the network. A separate activation layer belongs
    to the layer before it, even if layers between them do not change the result: Dense, Dropout, ReLU computes the
    same as Dense(relu), Dropout. An activation counts by itself if no such layer without an activation precedes it.
    """
    kept: list[CountedLayer] = []
    places = {INPUT: INPUT}
    for position in reading_order(architecture):
        layer = architecture.layers[position]
        sources = tuple(places[source] for source in layer.inputs)
        activation = _own_activation(layer)
        ignored = layer.traits.passive or layer.traits.scales_data or layer.kind in drop
        if not ignored and activation is None:
            counts = True
        else:
            places[position] = sources[0] if sources else INPUT
            counts = activation not in {None, _LINEAR} and not _join(kept, sources[0], str(activation))
        if counts:
            kept.append(CountedLayer(position, replace(layer, inputs=sources)))
            places[position] = len(kept) - 1
    return tuple(kept)


def _routes(layers: Sequence[Layer]) -> Mapping[int, tuple[int, tuple[str, ...]]]:
    """Return the length of each layer's longest path from the input, and the kinds of layers on it."""
    routes: dict[int, tuple[int, tuple[str, ...]]] = {INPUT: (0, ())}
    for position, layer in enumerate(layers):
        length, kinds = max((routes[source] for source in layer.inputs), default=routes[INPUT])
        routes[position] = length + 1, (*kinds, layer.kind)
    return routes


def _own_activation(layer: Layer) -> str | None:
    """Return the activation of a layer that does nothing else, None if the layer does more."""
    if layer.kind == "Activation" or layer.traits.passive:
        return layer.activation
    return layer.traits.activates or None


def _join(kept: list[CountedLayer], place: int, activation: str) -> bool:
    """Give the activation to the layer at `place` or to the one before it; return whether one of them took it."""
    while place != INPUT and kept[place].layer.traits.after_activation:
        place = next(iter(kept[place].layer.inputs), INPUT)
    if place == INPUT or kept[place].layer.activation != _LINEAR:
        return False
    layer = kept[place].layer
    attributes = dict(layer.attributes) | {ACTIVATION: activation}
    kept[place] = replace(kept[place], layer=replace(layer, attributes=tuple(sorted(attributes.items()))))
    return True
