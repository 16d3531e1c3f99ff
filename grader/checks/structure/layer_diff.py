"""Comparison of two models layer by layer, like a diff of two texts.

Both come in canonical form, so that only what a model computes is compared, never how it was written. One layer too
many is one difference: the layers after it are compared with their true counterparts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from grader.checks.core.code_layer import codes, layer_sizes
from grader.domain.architecture import Architecture, Layer

BATCH_NORMALIZATION: Final = "BatchNormalization"

COMPARED_ATTRIBUTES: Final = (
    "units", "filters", "kernel_size", "strides", "padding", "pool_size", "size", "return_sequences", "n"
)  # fmt: skip
"""Attributes that make two layers of one kind different, the activation aside. Biases and penalties do not."""

ACTIVATION: Final = "activation"
INPUTS: Final = "inputs"


class DifferenceKind(StrEnum):
    """In what way the two models differ at one place."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the two models differ.

    Attributes:
        kind: See `DifferenceKind`.
        position: Position from 0 among the layers that count of the actual model; for a missing layer, where it
            should stand.
        expected: The layer of the expected model, None where EXTRA.
        actual: The layer of the actual model, None where MISSING.
        attributes: What differs between two CHANGED layers: `kind`, `units`, `activation`, …
        is_output: The expected layer is the last one.
    """

    kind: DifferenceKind
    position: int
    expected: Layer | None
    actual: Layer | None
    attributes: tuple[str, ...] = ()
    is_output: bool = False


@dataclass(frozen=True, slots=True)
class ComparisonRules:
    """What counts as the same.

    Attributes:
        activations: Activations that are right in any layer but the last, besides the expected model's own.
        output_activations: The same for the last layer.
        own_output: The expected model's own activation is right in its last layer; False where `output_activations`
            are all that is right there.
        ignore_code_units: The width of the code may differ: another check judges it.
        code_size: Numbers in the expected model's code; None, or where no layer gives as many, for its narrowest layer.
        allow_batch_normalization: BatchNormalization layers that the expected model lacks may be there.
    """

    activations: tuple[str, ...] = ()
    output_activations: tuple[str, ...] = ()
    own_output: bool = True
    ignore_code_units: bool = False
    code_size: int | None = None
    allow_batch_normalization: bool = False


def compare(expected: Architecture, actual: Architecture, rules: ComparisonRules) -> tuple[Difference, ...]:
    """Return every difference between the layers that count, in the order of the layers."""
    wanted = counting_layers(expected)
    has_normalization = any(layer.kind == BATCH_NORMALIZATION for layer in wanted)
    drop = (
        frozenset({BATCH_NORMALIZATION}) if rules.allow_batch_normalization and not has_normalization else frozenset()
    )
    found = counting_layers(actual, drop=drop)
    return _Comparison(wanted, found, rules).differences()


def counting_layers(architecture: Architecture, *, drop: frozenset[str] = frozenset()) -> tuple[Layer, ...]:
    """Return the layers that do something at inference, less those of the kinds in `drop`.

    Preparing data (Rescaling, Normalization) is no layer of the network.
    An activation that stands by itself belongs to the layer it works on, also where a layer that the order does not
    matter for comes between: Dense, Dropout, ReLU computes what Dense(relu), Dropout does. One that finds no such
    layer without an activation of its own counts as a layer.
    """
    kept: list[Layer] = []
    places = {_INPUT: _INPUT}
    for position, layer in enumerate(_in_reading_order(architecture)):
        sources = tuple(places[source] for source in layer.inputs)
        activation = _own_activation(layer)
        if not (layer.traits.passive or layer.traits.scales_data or layer.kind in drop or activation is not None):
            kept.append(replace(layer, inputs=sources))
            places[position] = len(kept) - 1
            continue
        places[position] = sources[0] if sources else _INPUT
        if activation not in {None, _LINEAR} and not _join(kept, sources[0], str(activation)):
            kept.append(replace(layer, inputs=sources))
            places[position] = len(kept) - 1
    return tuple(kept)


# The order in which a graph is read

_INPUT: Final = -1


def _in_reading_order(architecture: Architecture) -> tuple[Layer, ...]:
    """Return the layers from the input to the output, each branch by itself and the shorter one first.

    Two models that join the same branches are read in the same order, whichever branch was written first.
    """
    routes = _routes(architecture.layers)
    order: list[int] = []
    pending = [(architecture.output, False)]
    while pending:
        position, ready = pending.pop()
        if position == _INPUT or position in order:
            continue
        if ready:
            order.append(position)
            continue
        pending.append((position, True))
        branches = sorted(architecture.layers[position].inputs, key=lambda source: routes[source])
        pending += [(source, False) for source in reversed(branches)]
    places = {_INPUT: _INPUT} | {position: place for place, position in enumerate(order)}
    return tuple(
        replace(architecture.layers[position], inputs=tuple(places[i] for i in architecture.layers[position].inputs))
        for position in order
    )


def _routes(layers: Sequence[Layer]) -> Mapping[int, tuple[int, tuple[str, ...]]]:
    """Return, for each layer, how many layers its longest way from the input has, and their kinds."""
    routes: dict[int, tuple[int, tuple[str, ...]]] = {_INPUT: (0, ())}
    for position, layer in enumerate(layers):
        length, kinds = max((routes[source] for source in layer.inputs), default=routes[_INPUT])
        routes[position] = length + 1, (*kinds, layer.kind)
    return routes


# Activations that stand by themselves

_LINEAR: Final = "linear"


def _own_activation(layer: Layer) -> str | None:
    """Return the activation that a layer is or carries besides doing nothing else, None where it does more."""
    if layer.kind == "Activation" or layer.traits.passive:
        return layer.activation
    return layer.traits.activates or None


def _join(kept: list[Layer], place: int, activation: str) -> bool:
    """Give the activation to the layer at `place`, or to that before it; say whether one had room for it."""
    while place != _INPUT and kept[place].traits.after_activation:
        place = next(iter(kept[place].inputs), _INPUT)
    if place == _INPUT or kept[place].activation != _LINEAR:
        return False
    attributes = dict(kept[place].attributes) | {ACTIVATION: activation}
    kept[place] = replace(kept[place], attributes=tuple(sorted(attributes.items())))
    return True


# How two lists of layers are laid side by side

# Costs of the alignment: only their order matters. A layer that changed its kind is one difference, and so cheaper
# than one missing and one extra layer; a wrong activation never moves a layer to another place.
_GAP: Final = 10
_OTHER_KIND: Final = 15
_OTHER_SIZE: Final = 10
_OTHER_CODE_SIZE: Final = 2
_OTHER_ACTIVATION: Final = 1

_Pair = tuple[int | None, int | None]


class _Comparison:
    """The two lists of layers and the rules by which they are compared; holds no other state."""

    def __init__(self, wanted: Sequence[Layer], found: Sequence[Layer], rules: ComparisonRules) -> None:
        self._wanted = wanted
        self._found = found
        self._rules = rules
        self._wanted_codes = codes(layer_sizes(wanted), rules.code_size)
        self._found_codes = codes(layer_sizes(found), rules.code_size)

    def differences(self) -> tuple[Difference, ...]:
        result: list[Difference] = []
        position = 0
        pairs = self._align()
        wired = _Wiring(self._wanted, self._found, pairs)
        for wanted, found in pairs:
            difference = self._difference(wanted, found, position, wired)
            if difference is not None:
                result.append(difference)
            position += found is not None
        return tuple(result)

    def _difference(self, wanted: int | None, found: int | None, position: int, wired: _Wiring) -> Difference | None:
        expected = None if wanted is None else self._wanted[wanted]
        actual = None if found is None else self._found[found]
        is_output = wanted == len(self._wanted) - 1
        if wanted is None or found is None:
            kind = DifferenceKind.EXTRA if wanted is None else DifferenceKind.MISSING
            return Difference(kind, position, expected, actual, is_output=is_output)
        changed = self._changed(wanted, found)
        if not changed and wired.differs(wanted, found):
            changed = (INPUTS,)
            expected, actual = wired.named(self._wanted, wanted), wired.named(self._found, found)
        if not changed:
            return None
        return Difference(DifferenceKind.CHANGED, position, expected, actual, changed, is_output)

    def _changed(self, wanted: int, found: int) -> tuple[str, ...]:
        expected, actual = self._wanted[wanted], self._found[found]
        changed = ("kind",) if expected.kind != actual.kind else self._changed_settings(wanted, found)
        return changed if self._activation_fits(wanted, found) else (*changed, ACTIVATION)

    def _changed_settings(self, wanted: int, found: int) -> tuple[str, ...]:
        expected, actual = dict(self._wanted[wanted].attributes), self._found[found]
        ignored = {"units"} if self._rules.ignore_code_units and wanted in self._wanted_codes else set()
        return tuple(
            name
            for name in COMPARED_ATTRIBUTES
            if name in expected and name not in ignored and expected[name] != actual.attribute(name)
        )

    def _activation_fits(self, wanted: int, found: int) -> bool:
        is_output = wanted == len(self._wanted) - 1
        allowed = self._rules.output_activations if is_output else self._rules.activations
        actual = self._found[found].activation
        is_own = actual == self._wanted[wanted].activation
        return actual in allowed or (is_own and (self._rules.own_output or not is_output))

    def _align(self) -> list[_Pair]:
        """Pair the layers with the least sum of costs (Needleman and Wunsch 1970), from the end to the start."""
        costs = self._cost_table()
        pairs: list[_Pair] = []
        i, j = len(self._wanted), len(self._found)
        while i or j:
            if i and j and costs[i][j] == costs[i - 1][j - 1] + self._cost(i - 1, j - 1):
                i, j = i - 1, j - 1
                pairs.append((i, j))
            elif i and costs[i][j] == costs[i - 1][j] + _GAP:
                i -= 1
                pairs.append((i, None))
            else:
                j -= 1
                pairs.append((None, j))
        return pairs[::-1]

    def _cost_table(self) -> list[list[int]]:
        """Entry [i][j]: least cost of pairing the first i wanted with the first j found layers."""
        table = [[_GAP * j for j in range(len(self._found) + 1)]]
        for i in range(len(self._wanted)):
            row = [_GAP * (i + 1)]
            for j in range(len(self._found)):
                row.append(min(table[i][j] + self._cost(i, j), table[i][j + 1] + _GAP, row[j] + _GAP))
            table.append(row)
        return table

    def _cost(self, wanted: int, found: int) -> int:
        activation = 0 if self._activation_fits(wanted, found) else _OTHER_ACTIVATION
        if self._wanted[wanted].kind != self._found[found].kind:
            return _OTHER_KIND + activation
        if self._changed_settings(wanted, found):
            return _OTHER_SIZE + activation
        is_other_code = (
            self._rules.ignore_code_units and wanted in self._wanted_codes and found not in self._found_codes
        )
        return activation + (_OTHER_CODE_SIZE if is_other_code else 0)


class _Wiring:
    """What feeds the layers of two models that were laid side by side; without branches it cannot differ."""

    def __init__(self, wanted: Sequence[Layer], found: Sequence[Layer], pairs: Sequence[_Pair]) -> None:
        self._wanted = wanted
        self._found = found
        self._partners = {i: j for i, j in pairs if i is not None and j is not None}
        self._paired = set(self._partners.values())

    def differs(self, wanted: int, found: int) -> bool:
        """Say whether each of two counterparts is fed by something that does not feed the other.

        What stands on one side alone (a layer, a join of branches) is a difference of its own, and passed over here.
        """
        expected = {self._partners.get(i, _INPUT) for i in _sources(self._wanted, wanted, set(self._partners))}
        actual = _sources(self._found, found, self._paired)
        return bool(expected - actual) and bool(actual - expected)

    def named(self, layers: Sequence[Layer], position: int) -> Layer:
        """Return a layer that tells what feeds it: kind and number of each."""
        fed = tuple("Input" if i == _INPUT else f"{layers[i].kind} {i + 1}" for i in layers[position].inputs)
        layer = layers[position]
        return replace(layer, attributes=tuple(sorted({**dict(layer.attributes), INPUTS: fed}.items())))


def _sources(layers: Sequence[Layer], position: int, known: set[int]) -> set[int]:
    """Return the nearest layers before one that have a counterpart in the other model, or the input."""
    found: set[int] = set()
    pending = list(layers[position].inputs)
    while pending:
        place = pending.pop()
        if place == _INPUT or place in known:
            found.add(place)
        else:
            pending += layers[place].inputs
    return found
