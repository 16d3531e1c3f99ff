"""Tests whether an encoder accepts sequences of any length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import tensorflow as tf

from grader.domain.evidence import Evidence, TensorClaim
from grader.domain.measurement import Measurement, Quantity
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop
from grader.rebuild.quantities.reference_data import Array

SAMPLES = 4
_DOES_NOT_RUN = (tf.errors.OpError, ValueError, TypeError)


def length_measurements(
    reader: RebuiltModel | None, evidence: Evidence, arrays: Arrays, images: Array
) -> list[Measurement]:
    """Return whether a model runs on sequences that are shorter and longer than the data's.

    If its input declares one length, it is rebuilt with an open one: recurrent layers have the same weights at every
    step, while `Flatten` followed by a Dense, or a `Reshape`, work only for the length for which they were made.

    Args:
        reader: The encoder, or the autoencoder if there is none.
        evidence: The description of its layers.
        arrays: Vetted arrays.
        images: Samples (n, steps, numbers); for other data nothing is measured.

    Returns:
        ANY_LENGTH, if the model takes steps of numbers.
    """
    if reader is None or images.ndim != 3 or len(reader.input_shape) != 2:
        return []
    if reader.input_shape[-1] != images.shape[2] or reader.input_shape[0] not in (None, images.shape[1]):
        return []
    steps = images.shape[1]
    lengths = steps // 2, steps + steps // 2
    answer = _with_open_length(reader, evidence, arrays)
    twice = np.concatenate([images[:SAMPLES], images[:SAMPLES]], axis=1)
    runs = answer is not None and all(_runs(answer, twice[:, :length]) for length in lengths)
    how = f"rebuilt with an open length, on sequences of {lengths[0]} and {lengths[1]} steps"
    return [Measurement(Quantity.ANY_LENGTH, float(runs), "1", how)]


def _with_open_length(reader: RebuiltModel, evidence: Evidence, arrays: Arrays) -> Callable[[Array], object] | None:
    """Return the model with an open time axis, None if its layers do not allow one."""
    if reader.input_shape[0] is None:
        return _caller(reader)
    inputs = (TensorClaim(reader.claim.inputs[0].tensor, (None, None, reader.input_shape[1])),)
    workshop = Workshop(evidence.operations, arrays, evidence.models)
    try:
        return _caller(workshop.rebuild(replace(reader.claim, inputs=inputs), whole=len(reader.ends) > 1))
    except RefusedError:
        return None


def _caller(reader: RebuiltModel) -> Callable[[Array], object]:
    return lambda samples: reader.model(samples, training=False)


def _runs(answer: Callable[[Array], object], samples: Array) -> bool:
    try:
        return bool(np.isfinite(np.asarray(answer(samples))).all())
    except _DOES_NOT_RUN:
        return False
