"""What a student's rebuilt models are measured by besides their reconstructions, as the reference's `JUDGED_BY` says.

The same numbers on the same hidden data with the same noise as in `grader.rebuild.facts.statistics`, which measures the
references: the two meet in the checks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from grader.domain.architecture import shape_size
from grader.domain.measurement import Measurement, Quantity
from grader.domain.units import Unit
from grader.rebuild.network.roles import Cast
from grader.rebuild.quantities import quality
from grader.rebuild.quantities.latent import NOISE_SEED, latent_numbers, read_spread
from grader.rebuild.quantities.material import Array
from grader.rebuild.quantities.sparsity import IMAGES as SPARSE_IMAGES
from grader.rebuild.quantities.sparsity import sparseness

ACTIVE_ABOVE = 0.1
NO_ERROR = 1e-9  # pixel²; only an identity comes so near
WITHIN = 0.01  # beyond [0, 1] by more than this counts as outside


def family_measurements(source: ModuleType, cast: Cast, images: Array, train: Array) -> list[Measurement]:
    """Measure what the reference is judged by; nothing where the models that it takes were not found.

    Args:
        source: Module of the reference.
        cast: The rebuilt models in their roles.
        images: Samples to measure on, as the data set has them: (n, 28, 28), or points (n, 3).
        train: Training samples in the same layout.
    """
    measure = _FAMILIES.get(getattr(source, "JUDGED_BY", ""))
    return [] if measure is None else measure(source, cast, images, train)


def clean_samples(source: ModuleType, samples: Array) -> Array:
    """Return samples without noise in the layout in which the reference's models take and give them."""
    targets: Array = source.inputs_and_targets(samples, np.random.default_rng(NOISE_SEED))[1]
    return targets


def noisy_samples(source: ModuleType, clean: Array) -> Array:
    """Return clean samples, in the reference's layout, with its noise: the same on the same pixels for every model."""
    noisy: Array = source.add_noise(clean, np.random.default_rng(NOISE_SEED))
    return noisy


def code_numbers(decoder: Any, codes: Array) -> dict[Quantity, float]:
    """Return sparseness, mean |code| and the share of numbers above 0.1 of codes (n, K)."""
    return {
        Quantity.SPARSENESS: sparseness(decoder, codes),
        Quantity.CODE_ACTIVITY: float(np.abs(codes).mean()),
        Quantity.ACTIVE_SHARE: float((codes > ACTIVE_ABOVE).mean()),
    }


def output_range(outputs: Array) -> Measurement:
    """Return the share of the output numbers that lie outside [0, 1] by more than 0.01."""
    outside = (outputs < -WITHIN) | (outputs > 1 + WITHIN)
    return Measurement(Quantity.OUTSIDE_RANGE, float(outside.mean()), "1", "outputs below -0.01 or above 1.01")


def _denoising(source: ModuleType, cast: Cast, images: Array, _train: Array) -> list[Measurement]:
    noisy = noisy_samples(source, clean_samples(source, images)).reshape(images.shape)
    outputs = quality.reconstruct(_model(cast.autoencoder), noisy)
    noisy_error = quality.mean_squared_error(images, outputs)
    clean_error = quality.mean_squared_error(images, quality.reconstruct(_model(cast.autoencoder), images))
    how = f"noise of the reference's own kind on {len(images)} images, compared with the clean ones"
    ratio = noisy_error / max(clean_error, NO_ERROR)
    divided = f"error on {len(images)} images with noise, divided by that on the same without"
    return [
        Measurement(Quantity.DENOISED_MSE, noisy_error, Unit.PIXEL_SQUARED, how),
        Measurement(Quantity.NOISE_RATIO, ratio, "1", divided),
    ]


def _sparse(_source: ModuleType, cast: Cast, images: Array, _train: Array) -> list[Measurement]:
    if cast.encoder is None or cast.decoder is None:
        return []
    model = cast.encoder.model
    codes = quality.predict(model, quality.as_input(model, images))
    how = f"codes of {len(images)} images"
    told = {
        Quantity.SPARSENESS: f"change of up to {SPARSE_IMAGES} decoded images when one unit at a time is put to rest",
        Quantity.CODE_ACTIVITY: how,
        Quantity.ACTIVE_SHARE: f"{how}, above {ACTIVE_ABOVE}",
    }
    numbers = code_numbers(cast.decoder.model, codes)
    return [Measurement(name, value, "1", told[name]) for name, value in numbers.items()]


def _variational(_source: ModuleType, cast: Cast, images: Array, train: Array) -> list[Measurement]:
    if cast.decoder is None:
        return []
    moments = next((m.moments for m in (cast.encoder, cast.autoencoder) if m is not None and m.moments), None)
    heads = None if cast.encoder is None else cast.encoder.heads
    if moments is not None:
        mean, log_variance = _pair(moments, images)
        how = f"mean and log-variance of {len(images)} images"
    elif heads is not None and shape_size(cast.decoder.input_shape) == shape_size(heads.outputs[0].shape[1:]):
        mean, log_variance, form = read_spread(*_pair(heads, images), cast.decoder.model, images)
        how = f"mean and {form} of {len(images)} images, the reading with the best ELBO"
    else:
        return []
    numbers = latent_numbers(mean, log_variance, cast.decoder.model, images, train)
    return [Measurement(name, value, _UNITS.get(name, Unit.PURE), how) for name, value in numbers.items()]


def _pair(model: Any, images: Array) -> tuple[Array, Array]:
    """Return both outputs of a model for images."""
    inputs = quality.as_input(model, images)
    parts = [model(inputs[start : start + quality.BATCH]) for start in range(0, len(inputs), quality.BATCH)]
    first, second = (np.concatenate([np.asarray(part[index]) for part in parts]) for index in (0, 1))
    return first, second


def _plane(source: ModuleType, cast: Cast, images: Array, train: Array) -> list[Measurement]:
    outputs = quality.reconstruct(_model(cast.autoencoder), images)
    _, spread, directions = np.linalg.svd(outputs - outputs.mean(axis=0), full_matrices=False)
    wanted = source.pca_plane(train).directions
    if spread[len(wanted) - 1] <= _FLAT * spread[0]:
        return []  # the answers lie on a line or in a point: they span no plane
    angles = source.principal_angles(directions[: len(wanted)], wanted)
    return [Measurement(Quantity.PLANE_ANGLE, float(angles[-1]), Unit.DEGREE, "plane of all answers against PCA's")]


_FLAT = 1e-4
_UNITS: Mapping[Quantity, Unit] = {
    Quantity.NEGATIVE_ELBO: Unit.NAT_PER_IMAGE,
    Quantity.KL_DIVERGENCE: Unit.NAT_PER_IMAGE,
    Quantity.PRIOR_DISTANCE: Unit.PIXEL,
}

_FAMILIES: Mapping[str, Callable[[ModuleType, Cast, Array, Array], list[Measurement]]] = {
    "denoising": _denoising,
    "denoising_layer": _denoising,
    "sparse": _sparse,
    "variational": _variational,
    "plane": _plane,
}


def _model(rebuilt: Any) -> Any:
    return rebuilt.model
