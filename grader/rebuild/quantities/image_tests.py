"""Tests which images a model reconstructs, if nothing says what it was trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from grader.domain.datasets import Held
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.network.roles import concrete
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.noisy_samples import noisy_samples
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import Samples, load_samples
from reference import data
from reference.contract import load

NOISE_OF: Final = "denoising-dense"
"""The reference whose noise is added to images, to see which model expects noise."""


def image_tests(
    model: RebuiltModel, choice: DataChoice, judged: Callable[[Samples], RebuiltModel]
) -> dict[str, tuple[float, float]]:
    """Measure a model on hidden images of each data set that fits it: its skill, and how noise increases its error.

    A model that does not run on images, or whose outputs are not finite, has no skill.

    Args:
        model: For the shapes of its input and output.
        choice: The images.
        judged: Returns the model converted to pixels in [0, 1], for a data set.
    """
    found = {}
    for name in data.NAMES:
        images = load_samples(name, Held.HIDDEN, choice)
        if not _takes(model, images):
            continue
        between_pixels = judged(images)
        error = _error(between_pixels, images.images, images.images)
        noisy = _error(between_pixels, noisy_samples(load(NOISE_OF), images.images), images.images)
        if np.isfinite(error):
            mean = images.mean_image_error()
            found[name] = (mean - error) / mean, noisy / max(error, 1e-12) if np.isfinite(noisy) else 1e12
    return found


def _takes(model: RebuiltModel, images: Samples) -> bool:
    sample = images.images.shape[1:]
    return concrete(model.input_shape, sample) is not None and concrete(model.output_shape, sample) is not None


def _error(model: RebuiltModel, given: image_metrics.Array, wanted: image_metrics.Array) -> float:
    outputs = image_metrics.answers(model.model, given)
    return np.inf if outputs is None else image_metrics.mean_squared_error(wanted.reshape(len(wanted), -1), outputs)
