"""Numbers of a variational autoencoder: what its code says, what it costs, and what its prior draws.

    KL      = ½ · Σ over the code of ( μ² + σ² - log σ² - 1 )        mean over images, nats
    -ELBO   = Σ over pixels of the binary cross-entropy + KL         one code z = μ + σ·ε drawn for each image

Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014; active units: Burda, Grosse and Salakhutdinov,
"Importance Weighted Autoencoders", 2016.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.domain.measurement import Quantity
from grader.rebuild.quantities import quality
from grader.rebuild.quantities.material import Array
from reference.sampling import kl_divergence

NOISE_SEED = 20_260_202  # every model is given the same noise
PRIOR_SAMPLES = 200
PRIOR_NEIGHBOURS = 2_000
VARYING_ABOVE = 0.01


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
    """Return mean, log-variance and what the second output of an encoder was taken for.

    Whether it stands for σ, σ² or the logarithm of either, the notebook's own loop knows and the graph does not. Taken
    for what it is not, a trained encoder has a worse ELBO; so the best of them is what it is.

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
    """Return the binary cross-entropy of what is decoded of drawn codes, in nats an image."""
    noise = np.random.default_rng(NOISE_SEED).normal(size=mean.shape)
    decoded = _decode(decoder, mean + np.exp(0.5 * log_variance) * noise).reshape(images.shape)
    return quality.binary_cross_entropy(images, decoded) * images[0].size


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
    return quality.predict(decoder, codes.astype(np.float32).reshape(len(codes), *shape))


def _rows(values: Array) -> Array:
    return np.asarray(values, np.float32).reshape(len(values), -1)
