"""Gives a Sequential that never saw an input the shape that its role has: in a copy, the student's own stays as it is.

`Sequential([Flatten(), Dense(100), …])` knows its shapes only when it is called, which in many notebooks happens cells
later, and in half-done ones never. Its layers are judged as if it got what the reference's model of that role gets.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from .call_tracing import is_plain
from .layer_rules import known_traits
from .layer_traits import UNKNOWN, Reads

Shape = tuple[int | None, ...]


def with_input(model: Any, shape: Sequence[int | None]) -> Any:
    """Return a copy of a Sequential without a shape, built for samples of `shape`, else the model itself.

    Args:
        model: Any model.
        shape: What the reference's model of the same role takes, (28, 28) for one image.
    """
    import keras

    if not isinstance(model, keras.Sequential) or not is_plain(model):
        return model
    if model.built or not model.layers or _has_been_called(model):
        return model
    drawn = random.getstate()  # each new layer draws a seed
    try:
        return _built(model, tuple(shape)) or model
    finally:
        random.setstate(drawn)


def _built(model: Any, shape: Shape) -> Any:
    """Return a copy built for the first shape that its layers take, None if they take none."""
    import keras

    for candidate in _candidates(model, shape):
        try:
            copies = [type(layer).from_config(layer.get_config()) for layer in model.layers]
            return keras.Sequential([keras.Input(candidate, name="input"), *copies], name=model.name)
        except Exception:  # noqa: S112 - a layer of the student's own may fail with anything; then nothing is assumed
            continue
    return None


def _has_been_called(model: Any) -> bool:
    """Return whether a layer belongs to another model as well, which shows what it takes."""
    return any(getattr(layer, "_inbound_nodes", ()) or layer.weights for layer in model.layers)


def _candidates(model: Any, shape: Shape) -> Iterator[Shape]:
    known = [length for length in shape if length is not None]
    flat = (math.prod(known),) if len(known) == len(shape) else None
    if _takes_flat_samples(model) and flat is not None:
        yield flat
        return
    yield shape
    if len(shape) == 2:
        yield (*shape, 1)
    if flat is not None and flat != shape:
        yield flat


def _takes_flat_samples(model: Any) -> bool:
    """Return whether the first layer that matters takes samples of any shape, and its author means flat ones."""
    traits = known_traits()
    kinds = (traits.get(type(layer).__name__, UNKNOWN) for layer in model.layers)
    first = next((kind for kind in kinds if not (kind.idle_at_inference or kind.normalisation)), UNKNOWN)
    return first.learns and first.reads is Reads.ANY_ORDER
