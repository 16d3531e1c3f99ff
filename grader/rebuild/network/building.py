"""Builds one of Keras's own layers from one claimed layer; it can hold only the claimed arrays."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from grader.domain.evidence import JsonValue
from grader.rebuild.network.allowlist import (
    CELLS,
    IDENTITY_AT_INFERENCE,
    WRAPPERS,
    accept_layer,
    cells_of,
    inner_layer,
)

ArrayShape = tuple[int, ...]

_NAMES = {"GroupedQueryAttention": "GroupQueryAttention"}
"""Classes that `keras.layers` has under a name other than their own."""


def make_layer(kind: str, config: Mapping[str, JsonValue], shapes: Collection[ArrayShape]) -> Any:
    """Make a layer that is on the allowlist.

    Args:
        kind: Keras's class name.
        config: Claimed settings.
        shapes: Shapes of the arrays claimed for it. A layer that needs an array of another shape raises `ValueError`
            when built, before any memory is allocated.

    Raises:
        RefusedError: The layer or one of its settings is not on the list.
    """
    settings = accept_layer(kind, config)
    if kind == "Bidirectional":
        there, back = (_inner(kind, config, shapes, key) for key in ("layer", "backward_layer"))
        return BothWays(there, back, settings["merge_mode"])
    if kind in WRAPPERS:
        return getattr(keras.layers, kind)(_inner(kind, config, shapes, "layer"))
    if kind in IDENTITY_AT_INFERENCE:  # inside a wrapper
        return keras.layers.Identity()
    if kind == "RNN":
        cells = [_cell(cell, shapes) for cell in cells_of(config)]
        return keras.layers.RNN(cells if len(cells) > 1 else cells[0], **settings)
    layer_class = getattr(keras.layers, _NAMES.get(kind, kind))
    return layer_class(**settings, **_initializers(layer_class, shapes))


def fill(layer: Any, arrays: Sequence[Any]) -> None:
    """Give a layer its arrays.

    Raises:
        ValueError: Their number or shapes do not fit.
    """
    layer.set_weights(arrays)
    if isinstance(layer, keras.layers.Normalization):
        layer.finalize_state()  # it computes with copies of its arrays


class Standardised(keras.layers.Layer):
    """`Normalization` with a given mean and variance instead of adapted ones.

    Args:
        mean: Has as many axes as the batch.
        variance: Has the same shape.
        invert: Whether it reverses another normalisation.
    """

    def __init__(self, mean: Any, variance: Any, *, invert: bool) -> None:
        super().__init__()
        self._mean = np.asarray(mean, np.float32)
        self._deviation = np.maximum(np.sqrt(np.asarray(variance, np.float32)), keras.backend.epsilon())
        self._invert = invert

    def call(self, inputs: Any) -> Any:
        """Return (inputs - mean) / deviation, or the inverse."""
        if self._invert:
            return inputs * self._deviation + self._mean
        return (inputs - self._mean) / self._deviation


class BothWays(keras.layers.Layer):
    """Our `Bidirectional`: a recurrent layer forwards and its twin backwards, joined.

    Keras's class creates its inner layers by deserialisation, which we never do.

    Args:
        forwards: A recurrent layer.
        backwards: Its twin that goes backwards.
        join: How their outputs are joined.
    """

    def __init__(self, forwards: Any, backwards: Any, join: str) -> None:
        super().__init__()
        self._forwards, self._backwards, self._join = forwards, backwards, join
        for layer in (forwards, backwards):
            layer.zero_output_for_mask = layer.return_sequences
        self.supports_masking = True

    def build(self, shape: Any, **_: Any) -> None:
        """Build both directions."""
        for layer in (self._forwards, self._backwards):
            if not layer.built:
                layer.build(shape)
        self.built = True

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None) -> Any:
        """Return both directions, joined in time order, and their states if they return them."""
        half = None if initial_state is None else len(initial_state) // 2
        halves = (None, None) if initial_state is None else (initial_state[:half], initial_state[half:])
        there = self._forwards(sequences, initial_state=halves[0], mask=mask)
        back = self._backwards(sequences, initial_state=halves[1], mask=mask)
        if not self._forwards.return_state:
            return self._joined(there, back)
        return [self._joined(there[0], back[0]), *there[1:], *back[1:]]

    def _joined(self, there: Any, back: Any) -> Any:
        if self._forwards.return_sequences:
            back = keras.ops.flip(back, axis=1)
        if self._join == "concat":
            return keras.ops.concatenate([there, back], axis=-1)
        if self._join == "mul":
            return there * back
        return (there + back) / (2 if self._join == "ave" else 1)

    def compute_mask(self, _sequences: Any, mask: Any = None) -> Any:
        """Pass the mask on if the output is a sequence, as `Bidirectional` does."""
        passed = mask if self._forwards.return_sequences else None
        states = len(self._forwards.state_size if isinstance(self._forwards.state_size, list) else [0])
        return [passed, *[None] * (2 * states)] if self._forwards.return_state else passed


def _inner(kind: str, config: Mapping[str, JsonValue], shapes: Collection[ArrayShape], key: str) -> Any:
    inner = inner_layer(kind, config, key)
    return make_layer(inner["class_name"], inner["config"], shapes)


def _cell(claim: Mapping[str, Any], shapes: Collection[ArrayShape]) -> Any:
    kind = claim["class_name"]
    cell_class = getattr(keras.layers, kind)
    return cell_class(**CELLS[kind].accept(kind, claim["config"]), **_initializers(cell_class, shapes))


def _initializers(layer_class: Any, shapes: Collection[ArrayShape]) -> dict[str, Any]:
    """Return initialisers that make each array of a layer zeros of one of `shapes`, or raise an error."""
    names = inspect.signature(layer_class.__init__).parameters
    initializers = {name: _Zeros(shapes) for name in names if name.endswith("_initializer")}
    return initializers | ({"unit_forget_bias": False} if "unit_forget_bias" in names else {})


class _Zeros(keras.initializers.Initializer):
    """Zeros, only in the claimed shapes; a copy of it is just as strict."""

    def __init__(self, shapes: Collection[ArrayShape]) -> None:
        self._shapes = frozenset(shapes)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None, **_: Any) -> Any:
        if tuple(shape) not in self._shapes:
            raise ValueError(f"it needs an array of shape {tuple(shape)} and has those of {sorted(self._shapes)}")
        return keras.ops.zeros(shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the settings from which a layer copies an initialiser."""
        return {"shapes": self._shapes}
