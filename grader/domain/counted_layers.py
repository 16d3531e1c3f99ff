"""The layers of a model that count in a comparison: those that do something at inference, each with its activation.

Whoever writes an activation, a Flatten or a Dropout on its own has no more layers than whoever does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from grader.domain.architecture import Architecture, Layer

ACTIVATION: Final = "activation"
INPUT: Final = -1
"""Position of a model's input among the sources of a layer."""

_LINEAR: Final = "linear"


@dataclass(frozen=True, slots=True)
class CountedLayer:
    """One layer that counts.

    Attributes:
        position: Its position in the model.
        layer: The layer with the activation that it has, however that is written; its inputs are positions among the
            layers that count.
    """

    position: int
    layer: Layer


def reading_order(architecture: Architecture) -> tuple[int, ...]:
    """Return the positions of the layers from the input to the output, each branch by itself, the shorter one first.

    Two models that join the same branches are read in the same order, whichever branch was written first.
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
    """Return the layers that do something at inference, in reading order, less those of the kinds in `drop`.

    Preparing data (Rescaling, Normalization) is no layer of the network. An activation that stands by itself belongs
    to the layer it works on, also where a layer that the order does not matter for comes between: Dense, Dropout, ReLU
    computes what Dense(relu), Dropout does. One that finds no such layer without an activation of its own counts.
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
    """Return, for each layer, how many layers its longest way from the input has, and their kinds."""
    routes: dict[int, tuple[int, tuple[str, ...]]] = {INPUT: (0, ())}
    for position, layer in enumerate(layers):
        length, kinds = max((routes[source] for source in layer.inputs), default=routes[INPUT])
        routes[position] = length + 1, (*kinds, layer.kind)
    return routes


def _own_activation(layer: Layer) -> str | None:
    """Return the activation that a layer is or carries besides doing nothing else, None where it does more."""
    if layer.kind == "Activation" or layer.traits.passive:
        return layer.activation
    return layer.traits.activates or None


def _join(kept: list[CountedLayer], place: int, activation: str) -> bool:
    """Give the activation to the layer at `place`, or to that before it; say whether one had room for it."""
    while place != INPUT and kept[place].layer.traits.after_activation:
        place = next(iter(kept[place].layer.inputs), INPUT)
    if place == INPUT or kept[place].layer.activation != _LINEAR:
        return False
    layer = kept[place].layer
    attributes = dict(layer.attributes) | {ACTIVATION: activation}
    kept[place] = replace(kept[place], layer=replace(layer, attributes=tuple(sorted(attributes.items()))))
    return True
