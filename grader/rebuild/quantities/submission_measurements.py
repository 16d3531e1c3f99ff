"""Measures how the models of one submission transform samples, and finds the code."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grader.domain.architecture import Architecture, shape_size
from grader.domain.measurement import ImageStrip, Measurement, Quantity, Role
from grader.domain.messages import Message, message
from grader.domain.units import Unit
from grader.rebuild.network.canonical import JOINED, is_cut
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.network.roles import Cast
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import Array
from grader.rebuild.quantities.samples import Samples, strip

COMPOSITION_IMAGES = 256
DIRECTIONS_ABOVE = 64
RANDOM_INPUTS = 64
FREE_LENGTH = 28
WITHIN = 0.01  # numbers outside [0, 1] by more than this count as outside


def behaviour(cast: Cast, samples: Samples, outputs: Array, *, jacobian_images: int) -> list[Measurement]:
    """Measure quantities of models of any family on samples.

    Args:
        cast: The models in their roles; an autoencoder is among them.
        samples: The samples to measure on.
        outputs: The autoencoder's outputs for them.
        jacobian_images: Number of samples at which the rank of the Jacobian is computed.
    """
    autoencoder = cast.autoencoder
    assert autoencoder is not None  # noqa: S101 - the caller looked
    how = f"rebuilt model on {len(samples.images)} images"
    spread = float(np.sqrt(np.mean((outputs - outputs.mean(axis=0)) ** 2)))
    most = _most_directions(cast)
    rank = image_metrics.jacobian_rank(autoencoder.model, samples.images[:jacobian_images], at_most=most)
    values = [
        Measurement(Quantity.OUTPUT_SPREAD, spread, Unit.PIXEL, how),
        output_range(outputs),
        Measurement(
            Quantity.BOTTLENECK_RANK,
            rank,
            "1",
            f"singular values of the Jacobian at {jacobian_images} images" + (f", up to {most}" if most else ""),
        ),
    ]
    if cast.encoder is not None and cast.decoder is not None:
        values += _chained(cast, samples, outputs)
    return values


def output_range(outputs: Array) -> Measurement:
    """Return the share of the output numbers that lie outside [0, 1] by more than 0.01."""
    outside = (outputs < -WITHIN) | (outputs > 1 + WITHIN)
    return Measurement(Quantity.OUTSIDE_RANGE, float(outside.mean()), "1", "outputs below -0.01 or above 1.01")


def structure(cast: Cast, *, inputs: int) -> list[Measurement]:
    """Measure what depends on the layers alone, on random inputs of the autoencoder's input size.

    Args:
        cast: The models in their roles; an autoencoder is among them.
        inputs: Number of inputs at which the rank of the Jacobian is computed.
    """
    whole = cast.autoencoder
    assert whole is not None  # noqa: S101 - the caller looked
    shape = tuple(FREE_LENGTH if length is None else length for length in whole.input_shape)
    drawn = np.random.default_rng(0).random((RANDOM_INPUTS, *shape), dtype=np.float32)
    rank = image_metrics.jacobian_rank(whole.model, drawn[:inputs], at_most=_most_directions(cast))
    how = f"singular values of the Jacobian at {inputs} random inputs"
    values = [Measurement(Quantity.BOTTLENECK_RANK, rank, "1", how)]
    gap = None
    if cast.encoder is not None and cast.decoder is not None:
        gap = image_metrics.difference(whole.model, (cast.encoder.model, cast.decoder.model), drawn)
    if gap is not None:
        values.append(Measurement(Quantity.COMPOSITION_GAP, gap, "1", f"{RANDOM_INPUTS} random inputs"))
    return values


def _most_directions(cast: Cast) -> int | None:
    """Return the rank up to which ranks must be exact: well above the size of the code, None without a code.

    A code as large as the input cannot be passed by more numbers than it holds, and any rank will do.
    """
    code = None if cast.encoder is None else shape_size(cast.encoder.output_shape)
    if code is None or cast.autoencoder is None:
        return None
    given = shape_size(cast.autoencoder.input_shape)
    return DIRECTIONS_ABOVE if given is not None and code >= given else 2 * code + DIRECTIONS_ABOVE


def _chained(cast: Cast, samples: Samples, outputs: Array) -> list[Measurement]:
    """Measure both halves one after the other; `outputs` are those of the autoencoder."""
    assert cast.autoencoder and cast.encoder and cast.decoder  # noqa: S101, PT018 - the caller looked
    encoder, decoder = cast.encoder.model, cast.decoder.model
    codes = image_metrics.encoded(encoder, samples.images)
    chained = image_metrics.decoded(decoder, image_metrics.six_digits(codes), samples.images)
    if chained is None:
        return []
    few = samples.images[:COMPOSITION_IMAGES]
    direct = outputs[: len(few)] if cast.companion is None else image_metrics.reconstruct(cast.companion.model, few)
    gap = image_metrics.relative_gap(direct, chained[: len(few)])
    lost = image_metrics.rounding_gap_of_codes(decoder, codes[: len(few)], few) or 0.0
    return [
        Measurement(Quantity.ROUNDING_GAP, lost, "1", f"{len(few)} images"),
        Measurement(Quantity.COMPOSITION_GAP, gap, "1", f"{len(few)} images"),
        Measurement(
            Quantity.THROUGH_CODE_MSE,
            image_metrics.mean_squared_error(samples.images, chained),
            Unit.PIXEL_SQUARED,
            f"codes as numbers of six digits, {len(samples.images)} images",
        ),
    ]


def strips(model: RebuiltModel, samples: Samples) -> tuple[ImageStrip, ...]:
    """Return pictures of samples and their reconstructions; none if the samples are no images."""
    if not len(samples.strip_images):
        return ()
    outputs = image_metrics.reconstruct(model.model, samples.strip_images)
    return strip("original", samples.strip_images), strip("student", outputs)


def find_code(architectures: Mapping[Role, Architecture]) -> tuple[int, Message | None]:
    """Find the code: its size, and any path around it.

    The code is the output of the encoder's last layer if that layer is part of the autoencoder; else of a layer that
    outputs as many numbers as the encoder, since a code may be wider than the layer before it; else of the narrowest
    layer. It is a bottleneck if every path from input to output leads through it.
    """
    whole = architectures[Role.AUTOENCODER]
    positions = _code_positions(whole, architectures.get(Role.ENCODER))
    if not positions:
        return shape_size(whole.input_shape) or 0, None
    encoder = architectures.get(Role.ENCODER)
    code = whole.layers[positions[0]].size or 0
    if len(positions) > 1 and encoder is not None:  # within the encoder, layers may pass on more than leaves it
        code = shape_size(encoder.output_shape) or 0
    if is_cut(whole, positions):
        return code, None
    joins = [other for other in whole.layers[max(positions) + 1 :] if len(other.inputs) > 1]
    name = joins[0].kind if joins else whole.layers[whole.output].kind
    return code, message("`{layer}` brings in numbers that did not pass through the code.", layer=name)


def _code_positions(whole: Architecture, encoder: Architecture | None) -> tuple[int, ...]:
    """Return the positions of the encoder's end in the autoencoder: one layer, or all whose states form the code."""
    if encoder is not None and encoder.layers:
        end = encoder.layers[encoder.output]
        joined = end.kind == JOINED and not end.operation and -1 not in end.inputs
        last = [encoder.layers[place].operation for place in (end.inputs if joined else (encoder.output,))]
        places = {layer.operation: place for place, layer in reversed([*enumerate(whole.layers)])}
        if all(operation in places for operation in last):
            return tuple(dict.fromkeys(places[operation] for operation in last))
    inner = [i for i, layer in enumerate(whole.layers) if not layer.traits.passive and i != whole.output]
    given = None if encoder is None else shape_size(encoder.output_shape)
    alike = [i for i in inner if given is not None and whole.layers[i].size == given]
    best = next(iter(alike), min(inner, key=lambda i: whole.layers[i].size or 2**31, default=None))
    return () if best is None else (best,)
