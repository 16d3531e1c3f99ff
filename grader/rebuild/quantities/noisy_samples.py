"""Samples in the form that a reference takes, with and without its noise: the same noise for every model."""

from __future__ import annotations

from typing import Final

import numpy as np

from grader.rebuild.quantities.reference_data import Array
from reference.contract import Reference

NOISE_SEED: Final = 20_260_202


def clean_samples(reference: Reference, samples: Array) -> Array:
    """Return samples without noise in the layout of the reference's models."""
    targets: Array = reference.inputs_and_targets(samples, np.random.default_rng(NOISE_SEED))[1]
    return targets


def noisy_samples(reference: Reference, clean: Array) -> Array:
    """Return clean samples, in the reference's layout, with its noise: the same noise for every model."""
    noisy: Array = reference.offer("add_noise")(clean, np.random.default_rng(NOISE_SEED))
    return noisy
