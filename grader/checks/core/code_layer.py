"""Where the code of an autoencoder is, and how many numbers it holds."""

from __future__ import annotations

from collections.abc import Sequence

from grader.domain.architecture import Architecture, Layer, shape_size
from grader.domain.measurement import Measurements, Quantity, Role


def code_size(measurements: Measurements) -> int | None:
    """Return how many numbers one code holds.

    The measured quantity comes first, then the encoder's output, then the narrowest layer of the autoencoder: a
    notebook without an encoder still has a code. None where nothing of that is known.
    """
    measured = measurements.value(Quantity.CODE_SIZE)
    if measured is not None:
        return round(measured)
    encoder = measurements.models.get(Role.ENCODER)
    if encoder is not None:
        return shape_size(encoder.architecture.output_shape)
    autoencoder = measurements.models.get(Role.AUTOENCODER)
    return None if autoencoder is None else _narrowest_size(autoencoder.architecture)


def narrowest(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the positions of the smallest size, without the last layer, which is the image again."""
    inner = sizes[:-1]
    smallest = min(inner, default=0)
    return tuple(place for place, size in enumerate(inner) if size == smallest)


def codes(sizes: Sequence[int], size: int | None) -> tuple[int, ...]:
    """Return the positions of layers that may be the code: those of its size, where it is known, else the narrowest.

    The code of a sparse autoencoder is wider than the layers around it.
    """
    known = tuple(place for place, own in enumerate(sizes[:-1]) if own == size)
    return known or narrowest(sizes)


def layer_sizes(layers: Sequence[Layer]) -> tuple[int, ...]:
    """Return the size of every layer's output; a layer of free length counts as endlessly wide: it is no code."""
    return tuple(_WIDER_THAN_ANY if layer.size is None else layer.size for layer in layers)


_WIDER_THAN_ANY = 2**62


def _narrowest_size(architecture: Architecture) -> int | None:
    sizes = layer_sizes(architecture.active_layers)[:-1]
    smallest = min(sizes, default=_WIDER_THAN_ANY)
    return None if smallest == _WIDER_THAN_ANY else smallest
