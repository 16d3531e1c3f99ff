"""Which layers of an autoencoder may hold its code, by their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.domain.architecture import Layer

WIDER_THAN_ANY: Final = 2**62
"""Represents a dimension of unknown length."""


def narrowest(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the positions of the smallest size; the last layer, which is the image again, is left out."""
    inner = sizes[:-1]
    smallest = min(inner, default=0)
    return tuple(place for place, size in enumerate(inner) if size == smallest)


def possible_codes(sizes: Sequence[int], size: int | None) -> tuple[int, ...]:
    """Return the positions of layers that may be the code: those of its size if it is known, else the narrowest.

    A size is needed because the code of a sparse autoencoder is wider than the layers around it.
    """
    known = tuple(place for place, own in enumerate(sizes[:-1]) if own == size)
    return known or narrowest(sizes)


def layer_sizes(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Return the output size of every layer; a layer of unknown length counts as infinite: it is no code."""
    return tuple(WIDER_THAN_ANY if layer.size is None else layer.size for layer in layers)
