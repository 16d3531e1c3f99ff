"""Which layers of an autoencoder may hold its code, by their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.domain.architecture import Layer

WIDER_THAN_ANY: Final = 2**62
"""Stands for a free length."""


def narrowest(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the positions of the smallest size, without the last layer, which is the image again."""
    inner = sizes[:-1]
    smallest = min(inner, default=0)
    return tuple(place for place, size in enumerate(inner) if size == smallest)


def possible_codes(sizes: Sequence[int], size: int | None) -> tuple[int, ...]:
    """Return the positions of layers that may be the code: those of its size, where it is known, else the narrowest.

    The code of a sparse autoencoder is wider than the layers around it.
    """
    known = tuple(place for place, own in enumerate(sizes[:-1]) if own == size)
    return known or narrowest(sizes)


def layer_sizes(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Return the size of every layer's output; a layer of free length counts as endlessly wide: it is no code."""
    return tuple(WIDER_THAN_ANY if layer.size is None else layer.size for layer in layers)
