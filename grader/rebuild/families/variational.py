"""Variational autoencoders: KL divergence and ELBO of the code, and what is decoded from the prior.

    KL      = ½ · Σ over the code of ( μ² + σ² - log σ² - 1 )        mean over images, nats
    -ELBO   = Σ over pixels of the binary cross-entropy + KL         one code z = μ + σ·ε drawn for each image

Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014; active units: Burda, Grosse and Salakhutdinov,
"Importance Weighted Autoencoders", 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from grader.domain.architecture import shape_size
from grader.domain.facts import Baseline
from grader.domain.measurement import Measurement, Quantity
from grader.domain.portrait import Portrait
from grader.domain.units import Unit
from grader.rebuild.families.case import Case
from grader.rebuild.families.family import Family, TrainedModels, mean_image_entropy, reconstruction
from grader.rebuild.families.judgement import BCE, MSE, Baselines, Judgement
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.noisy_samples import NOISE_SEED
from grader.rebuild.quantities.portrait_measurements import CODES_SHOWN, code_plane, codes_of
from grader.rebuild.quantities.reference_data import Array, ReferenceData
from grader.rebuild.quantities.samples import Samples
from reference.contract import Autoencoder, Reference
from reference.sampling import kl_divergence, moments

PRIOR_SAMPLES = 200
PRIOR_NEIGHBOURS = 2_000
VARYING_ABOVE = 0.01
_FEW = 8

_UNITS: Mapping[Quantity, Unit] = {
    Quantity.NEGATIVE_ELBO: Unit.NAT_PER_IMAGE,
    Quantity.KL_DIVERGENCE: Unit.NAT_PER_IMAGE,
    Quantity.PRIOR_DISTANCE: Unit.PIXEL,
}


class Variational(Family):
    """Codes that are drawn; a reference names the layers of the two moments `z_mean` and `z_log_variance`."""

    name = "variational"
    statistics = MappingProxyType({
        Quantity.NEGATIVE_ELBO: Judgement(Unit.NAT_PER_IMAGE, above=(Baseline.COLLAPSED,)),
        Quantity.KL_DIVERGENCE: Judgement(Unit.NAT_PER_IMAGE, above=(Baseline.CONTROL,), below=(Baseline.COLLAPSED,)),
        Quantity.ACTIVE_UNITS: Judgement("1", below=(Baseline.COLLAPSED,)),
        Quantity.MEDIAN_SIGMA: Judgement("1", below=(Baseline.CONTROL,)),
        Quantity.PRIOR_DISTANCE: Judgement(Unit.PIXEL, above=(Baseline.CONTROL,), fallback=(Baseline.UNTRAINED,)),
        Quantity.RECONSTRUCTION_MSE: MSE,
        Quantity.RECONSTRUCTION_BCE: BCE,
    })  # fmt: skip
    prescribes_layers = False

    def measure(
        self, reference: Reference, models: TrainedModels, samples: Samples, outputs: Array
    ) -> list[Measurement]:
        """Measure the code's distribution if mean and spread are known or can be identified by the ELBO."""
        del reference
        found, images = reconstruction(samples, outputs), samples.images
        if models.decoder is None:
            return found
        if models.moments is not None:
            mean, log_variance = _both_outputs(models.moments, images)
            how = f"mean and log-variance of {len(images)} images"
        elif models.heads is not None and _fit(models.heads, models.decoder):
            mean, log_variance, form = read_spread(*_both_outputs(models.heads, images), models.decoder, images)
            how = f"mean and {form} of {len(images)} images, the reading with the best ELBO"
        else:
            return found
        numbers = latent_numbers(mean, log_variance, models.decoder, images, samples.train[:PRIOR_NEIGHBOURS])
        return [
            *found,
            *(Measurement(name, value, _UNITS.get(name, Unit.PURE), how) for name, value in numbers.items()),
        ]

    def of_student(self, case: Case) -> TrainedModels:
        """Add the distribution from another model of the notebook, if the encoder gives the mean alone."""
        found, encoder = super().of_student(case), case.cast.encoder
        if found.moments is not None or found.heads is not None or encoder is None:
            return found
        moments = _with_its_mean(encoder, [one for one in case.rebuilt.models if one.moments is not None], case)
        if moments is not None:
            return replace(found, moments=moments)
        return replace(found, heads=_with_its_mean(encoder, [one for one in case.rebuilt.models if one.heads], case))

    def portrait(self, reference: Reference, models: TrainedModels, samples: Samples) -> Portrait:
        """Draw the means of the codes, class by class."""
        del reference
        source = models.moments or models.heads
        images = samples.images[:CODES_SHOWN]
        if source is not None:
            means = _both_outputs(source, images)[0]
        elif models.encoder is not None:
            means = codes_of(models.encoder, images)
        else:
            return Portrait()
        return Portrait(code_plane(means, samples.labels))

    def of_reference(
        self, reference: Reference, models: Autoencoder, material: ReferenceData, samples: Samples, seed: int
    ) -> TrainedModels:
        """Add the moments of the reference's encoder."""
        found = super().of_reference(reference, models, material, samples, seed)
        return replace(found, moments=moments(models.encoder))

    def baselines(self, reference: Reference, material: ReferenceData) -> Baselines:
        """Add the numbers of a collapsed posterior, whose decoder outputs the mean image."""
        collapsed = mean_image_entropy(material) * material.hidden[0].size
        return super().baselines(reference, material) | {
            Quantity.NEGATIVE_ELBO: {Baseline.COLLAPSED: collapsed},
            Quantity.KL_DIVERGENCE: {Baseline.COLLAPSED: 0.0},
            Quantity.ACTIVE_UNITS: {Baseline.COLLAPSED: 0.0},
            Quantity.MEDIAN_SIGMA: {Baseline.COLLAPSED: 1.0},
        }


FAMILIES = (Variational(),)


def _with_its_mean(encoder: RebuiltModel, models: Sequence[RebuiltModel], case: Case) -> Any | None:
    """Return mean and spread of the first model that holds the encoder's weights and gives its code as the mean."""
    images = case.samples.images[:_FEW]
    codes = image_metrics.answers(encoder.model, images)
    for one in models:
        source: Any = one.moments or one.heads
        if codes is None or not encoder.held <= one.held or shape_size(one.input_shape) != images[0].size:
            continue
        source = source if case.scale is None else case.scale.between(source, outputs=False)
        means = image_metrics.answers(keras.Model(source.inputs[0], source.outputs[0]), images)
        if means is not None and means.shape == codes.shape and np.allclose(means, codes, rtol=1e-3, atol=1e-4):
            return source
    return None


def _fit(heads: Any, decoder: Any) -> bool:
    """Return whether the decoder takes as many numbers as each of the two outputs holds."""
    return shape_size(tuple(decoder.inputs[0].shape[1:])) == shape_size(tuple(heads.outputs[0].shape[1:]))


def _both_outputs(model: Any, images: Array) -> tuple[Array, Array]:
    """Return both outputs of a model for images."""
    inputs = image_metrics.as_input(model, images)
    parts = [model(inputs[start : start + image_metrics.BATCH]) for start in range(0, len(inputs), image_metrics.BATCH)]
    first, second = (np.concatenate([np.asarray(part[index]) for part in parts]) for index in (0, 1))
    return first, second


def latent_numbers(
    mean: Array, log_variance: Array, decoder: Any, images: Array, train: Array
) -> dict[Quantity, float]:
    """Return ELBO, KL, active units, median σ and the distance of prior samples to real images.

    Args:
        mean: Of the code of each image, (n, K).
        log_variance: The same, (n, K).
        decoder: Code to image, a Keras model.
        images: The images, (n, 28, 28) in [0, 1], or flat, or with a channel.
        train: Training images in any of these layouts, for the distance.
    """
    mean, log_variance = _rows(mean), np.clip(_rows(log_variance), -60, 60)
    divergence = float(np.asarray(kl_divergence(mean, log_variance)).mean())
    return {
        Quantity.NEGATIVE_ELBO: _entropy(mean, log_variance, decoder, images) + divergence,
        Quantity.KL_DIVERGENCE: divergence,
        Quantity.ACTIVE_UNITS: float((mean.var(axis=0) > VARYING_ABOVE).sum()),
        Quantity.MEDIAN_SIGMA: float(np.median(np.exp(0.5 * log_variance))),
        Quantity.PRIOR_DISTANCE: prior_distance(decoder, mean.shape[1], train),
    }


def read_spread(mean: Array, spread: Array, decoder: Any, images: Array) -> tuple[Array, Array, str]:
    """Return mean, log-variance and the interpretation of an encoder's second output.

    The second output may be σ, σ² or the logarithm of either; only the notebook's own loop knows which. For a trained
    encoder a wrong interpretation gives a worse ELBO, so the one with the best ELBO is right.

    Args:
        mean: First output for each image, (n, K).
        spread: Second output, (n, K).
        decoder: Code to image, a Keras model.
        images: The images.
    """
    mean, spread = _rows(mean), _rows(spread)
    readings = {"log-variance": spread, "log-deviation": 2 * spread}
    if (spread >= 0).all():
        logarithm = np.log(np.maximum(spread, _TINY))
        readings = {"deviation": 2 * logarithm, "variance": logarithm, **readings}
    costs = {form: _cost(mean, np.clip(one, -60, 60), decoder, images) for form, one in readings.items()}
    best = min(costs, key=lambda form: costs[form])
    return mean, np.clip(readings[best], -60, 60), best


_TINY = 1e-12


def _cost(mean: Array, log_variance: Array, decoder: Any, images: Array) -> float:
    cost = _entropy(mean, log_variance, decoder, images) + float(np.asarray(kl_divergence(mean, log_variance)).mean())
    return cost if np.isfinite(cost) else np.inf


def _entropy(mean: Array, log_variance: Array, decoder: Any, images: Array) -> float:
    """Return the binary cross-entropy of decoded random codes, in nats per image."""
    noise = np.random.default_rng(NOISE_SEED).normal(size=mean.shape)
    decoded = _decode(decoder, mean + np.exp(0.5 * log_variance) * noise).reshape(images.shape)
    return image_metrics.binary_cross_entropy(images, decoded) * images[0].size


def prior_distance(decoder: Any, code_size: int, train: Array) -> float:
    """Return the mean distance of 200 decoded N(0, I) codes to the nearest of the first 2,000 training images.

    Distances are roots of sums of squared pixel differences.
    """
    codes = np.random.default_rng(NOISE_SEED).normal(size=(PRIOR_SAMPLES, code_size))
    drawn = _decode(decoder, codes).reshape(PRIOR_SAMPLES, -1)
    real = train[:PRIOR_NEIGHBOURS].reshape(-1, drawn.shape[1])
    squares = (drawn**2).sum(axis=1)[:, np.newaxis] + (real**2).sum(axis=1) - 2 * drawn @ real.T
    return float(np.sqrt(np.maximum(squares.min(axis=1), 0)).mean())


def _decode(decoder: Any, codes: np.ndarray) -> Array:
    shape = tuple(1 if length is None else length for length in decoder.inputs[0].shape[1:])
    return image_metrics.predict(decoder, codes.astype(np.float32).reshape(len(codes), *shape))


def _rows(values: Array) -> Array:
    return np.asarray(values, np.float32).reshape(len(values), -1)
