"""Two models aligned layer by layer, as a diff aligns two texts; checks, reports and validation all use this module.

Both models are in canonical form, so only what they compute is compared, not how they were written. An extra layer
counts as one difference: the layers after it are still compared with their true counterparts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from grader.domain.architecture import Architecture, Layer
from grader.domain.code_place import layer_sizes, possible_codes
from grader.domain.counted_layers import ACTIVATION, INPUT, CountedLayer, counted_layers, reading_order

BATCH_NORMALIZATION: Final = "BatchNormalization"

COMPARED_ATTRIBUTES: Final = (
    "units", "filters", "kernel_size", "strides", "padding", "pool_size", "size", "return_sequences", "n"
)  # fmt: skip
"""Attributes that make two layers of one kind different, besides the activation; biases and penalties do not."""

INPUTS: Final = "inputs"

Pair = tuple[int | None, int | None]
"""Positions of two counterparts; None on the side that has none."""


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
        expected: The layer of the expected model, None if EXTRA.
        actual: The layer of the actual model, None if MISSING.
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
class LayerRules:
    """Which differences between two models are allowed.

    Attributes:
        activations: Activations allowed in every layer but the last, besides the expected model's own.
        output_activations: The same for the last layer.
        own_output: Whether the expected model's own activation is allowed in its last layer; if False, only
            `output_activations` are.
        ignore_code_units: The width of the code may differ: another check judges it.
        code_size: Size of the expected model's code. Without it, or if no layer has it, it is the narrowest layer.
        allow_batch_normalization: Whether BatchNormalization layers that the expected model lacks are allowed.
    """

    activations: tuple[str, ...] = ()
    output_activations: tuple[str, ...] = ()
    own_output: bool = True
    ignore_code_units: bool = False
    code_size: int | None = None
    allow_batch_normalization: bool = False


@dataclass(frozen=True, slots=True)
class AlignedLayers:
    """One row of the alignment: two counterparts, or a layer without one.

    Attributes:
        expected: The layer of the expected model, or None.
        actual: The layer of the actual model, or None.
        difference: How they differ under the rules; None if they do not, or if the layers do not count.
    """

    expected: CountedLayer | None
    actual: CountedLayer | None
    difference: Difference | None = None


def compare(expected: Architecture, actual: Architecture, rules: LayerRules) -> tuple[Difference, ...]:
    """Return every difference between the layers that count, in the order of the layers."""
    return tuple(row.difference for row in align(expected, actual, rules) if row.difference is not None)


def align(expected: Architecture, actual: Architecture, rules: LayerRules) -> tuple[AlignedLayers, ...]:
    """Align two models, each layer in a row: the layers that count by the rules, the others between them."""
    wanted = counted_layers(expected)
    has_normalization = any(one.layer.kind == BATCH_NORMALIZATION for one in wanted)
    forgiven = {BATCH_NORMALIZATION} if rules.allow_batch_normalization and not has_normalization else set()
    found = counted_layers(actual, drop=forgiven)
    comparison = _Comparison([one.layer for one in wanted], [one.layer for one in found], rules)
    left, right = _Uncounted(expected), _Uncounted(actual)
    rows: list[AlignedLayers] = []
    for (i, j), difference in comparison.pairs():
        first, second = None if i is None else wanted[i], None if j is None else found[j]
        rows += _between(left.before(first), right.before(second))
        rows.append(AlignedLayers(first, second, difference))
    return (*rows, *_between(left.rest(), right.rest()))


def least_cost_pairs(first: int, second: int, cost: Callable[[int, int], int], *, gap: int) -> list[Pair]:
    """Pair two lists in order at the least total cost (Needleman and Wunsch 1970).

    Args:
        first: Length of one list.
        second: Length of the other.
        cost: Cost of pairing these two positions.
        gap: Cost of leaving one position unpaired.
    """
    costs = [[gap * j for j in range(second + 1)]]  # [i][j]: cost of the first i and the first j
    for i in range(first):
        row = [gap * (i + 1)]
        for j in range(second):
            row.append(min(costs[i][j] + cost(i, j), costs[i][j + 1] + gap, row[j] + gap))
        costs.append(row)
    pairs: list[Pair] = []
    i, j = first, second
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + cost(i - 1, j - 1):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and costs[i][j] == costs[i - 1][j] + gap:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]


def exact_pairs(expected: Sequence[Layer], actual: Sequence[Layer]) -> list[Pair]:
    """Pair layers exactly as written, for callers to whom every setting and every shape matters."""

    def cost(i: int, j: int) -> int:
        wanted, found = expected[i], actual[j]
        if wanted.kind != found.kind:
            return _OTHER_KIND
        same = (wanted.attributes, wanted.output_shape) == (found.attributes, found.output_shape)
        return 0 if same else _OTHER_SIZE

    return least_cost_pairs(len(expected), len(actual), cost, gap=_GAP)


# Layers that do not count


class _Uncounted:
    """Iterates over the layers of a model that do not count, in order."""

    def __init__(self, architecture: Architecture) -> None:
        order = reading_order(architecture)
        beside = [position for position in range(len(architecture.layers)) if position not in order]
        self._layers = architecture.layers
        self._left = [*order, *beside]

    def before(self, counted: CountedLayer | None) -> list[CountedLayer]:
        """Take those that come before a layer that counts; nothing if this side has no such layer."""
        if counted is None:
            return []
        place = self._left.index(counted.position)
        passed, self._left = self._left[:place], self._left[place + 1 :]
        return [CountedLayer(position, self._layers[position]) for position in passed]

    def rest(self) -> list[CountedLayer]:
        """Take those after the last layer that counts."""
        return [CountedLayer(position, self._layers[position]) for position in self._left]


def _between(expected: Sequence[CountedLayer], actual: Sequence[CountedLayer]) -> Iterator[AlignedLayers]:
    for i, j in exact_pairs([one.layer for one in expected], [one.layer for one in actual]):
        yield AlignedLayers(None if i is None else expected[i], None if j is None else actual[j])


# Aligning two lists of layers

# Costs of the alignment: only their order matters. A layer that changed its kind is one difference, and so cheaper
# than one missing and one extra layer; a wrong activation never moves a layer to another place.
_GAP: Final = 10
_OTHER_KIND: Final = 15
_OTHER_SIZE: Final = 10
_OTHER_CODE_SIZE: Final = 2
_OTHER_ACTIVATION: Final = 1


class _Comparison:
    """Two lists of layers and the rules for comparing them; it has no other state."""

    def __init__(self, wanted: Sequence[Layer], found: Sequence[Layer], rules: LayerRules) -> None:
        self._wanted = wanted
        self._found = found
        self._rules = rules
        self._wanted_codes = possible_codes(layer_sizes(wanted), rules.code_size)
        self._found_codes = possible_codes(layer_sizes(found), rules.code_size)

    def pairs(self) -> Iterator[tuple[Pair, Difference | None]]:
        """Yield the counterparts in order, each pair with its difference."""
        position = 0
        pairs = least_cost_pairs(len(self._wanted), len(self._found), self._cost, gap=_GAP)
        wired = _Wiring(self._wanted, self._found, pairs)
        for wanted, found in pairs:
            yield (wanted, found), self._difference(wanted, found, position, wired)
            position += found is not None

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
    """The layers that feed each layer of two aligned models; it differs only in models with branches."""

    def __init__(self, wanted: Sequence[Layer], found: Sequence[Layer], pairs: Sequence[Pair]) -> None:
        self._wanted = wanted
        self._found = found
        self._partners = {i: j for i, j in pairs if i is not None and j is not None}
        self._paired = set(self._partners.values())

    def differs(self, wanted: int, found: int) -> bool:
        """Return whether either counterpart is fed by a layer that does not feed the other.

        A layer or a join that only one side has is a difference by itself and is passed over here.
        """
        expected = {self._partners.get(i, INPUT) for i in _sources(self._wanted, wanted, set(self._partners))}
        actual = _sources(self._found, found, self._paired)
        return bool(expected - actual) and bool(actual - expected)

    def named(self, layers: Sequence[Layer], position: int) -> Layer:
        """Return a description of a layer's sources: kind and number of each."""
        fed = tuple("Input" if i == INPUT else f"{layers[i].kind} {i + 1}" for i in layers[position].inputs)
        layer = layers[position]
        return replace(layer, attributes=tuple(sorted({**dict(layer.attributes), INPUTS: fed}.items())))


def _sources(layers: Sequence[Layer], position: int, known: set[int]) -> set[int]:
    """Return the nearest layers before one that have a counterpart in the other model, or the input."""
    found: set[int] = set()
    pending = list(layers[position].inputs)
    while pending:
        place = pending.pop()
        if place == INPUT or place in known:
            found.add(place)
        else:
            pending += layers[place].inputs
    return found
