"""Where the code of an autoencoder is, and how many numbers it holds."""

from __future__ import annotations

from grader.domain.architecture import Architecture, shape_size
from grader.domain.code_place import WIDER_THAN_ANY, layer_sizes
from grader.domain.measurement import Measurements, Quantity, Role


def code_size(measurements: Measurements) -> int | None:
    """Return how many numbers one code holds.

    In this order: the measured quantity, the encoder's output, the narrowest layer of the autoencoder, since a notebook
    without an encoder still has a code. None if none of them is known.
    """
    measured = measurements.value(Quantity.CODE_SIZE)
    if measured is not None:
        return round(measured)
    encoder = measurements.models.get(Role.ENCODER)
    if encoder is not None:
        return shape_size(encoder.architecture.output_shape)
    autoencoder = measurements.models.get(Role.AUTOENCODER)
    return None if autoencoder is None else _narrowest_size(autoencoder.architecture)


def _narrowest_size(architecture: Architecture) -> int | None:
    sizes = layer_sizes(architecture.active_layers)[:-1]
    smallest = min(sizes, default=WIDER_THAN_ANY)
    return None if smallest == WIDER_THAN_ANY else smallest
