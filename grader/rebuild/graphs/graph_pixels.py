"""Wraps an exported graph so that it maps pixels in [0, 1] to such, as `quantities.conventions` does for models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from grader.domain.evidence import Evidence, ModelClaim
from grader.domain.measurement import Role
from grader.domain.messages import Message
from grader.rebuild.network.model import RebuiltModel
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.conventions import (
    ANSWERS_WITH_LOGITS,
    CHOOSING_IMAGES,
    PixelScale,
    best_scale,
    fits_of,
)
from grader.rebuild.quantities.reference_data import Array
from grader.rebuild.quantities.samples import ScaledImages


@dataclass(frozen=True)
class Convention:
    """The range of the training pixels, and whether the model returns logits."""

    scale: PixelScale | None = None
    logits: bool = False

    def around(self, model: RebuiltModel, role: Role) -> RebuiltModel:
        """Return a model that takes and returns pixels in [0, 1]; codes stay as they are."""
        ends = role is not Role.DECODER, role is not Role.ENCODER
        return replace(model, model=Converted(model.model, self, *ends))

    def conventions(self) -> tuple[Message, ...]:
        """Return sentences about the conversions."""
        return (() if self.scale is None else (self.scale.sentence(),)) + ((_LOGITS,) if self.logits else ())


_LOGITS = ANSWERS_WITH_LOGITS


@dataclass(frozen=True)
class Converted:
    """A graph with conversions, called like a model."""

    inner: Any
    convention: Convention
    takes_pixels: bool = True
    gives_pixels: bool = True

    @property
    def inputs(self) -> Any:
        """What it takes."""
        return self.inner.inputs

    @property
    def outputs(self) -> Any:
        """What it returns."""
        return self.inner.outputs

    def __call__(self, samples: Any, training: bool = False) -> Array:  # noqa: FBT001, FBT002 - as Keras's
        """Return its output for a batch."""
        scale, numbers = self.convention.scale, np.asarray(samples, np.float32)
        if scale is not None and self.takes_pixels:
            numbers = numbers * np.float32(scale.given.width) + np.float32(scale.given.black)
        answer = np.asarray(self.inner(numbers, training=training), np.float32)
        if self.gives_pixels and self.convention.logits:
            answer = np.asarray(tf.math.sigmoid(answer))
        if scale is not None and self.gives_pixels:
            answer = (answer - np.float32(scale.answered.black)) / np.float32(scale.answered.width)
        return answer


def convention_of(whole: RebuiltModel, evidence: Evidence, train: Array | ScaledImages) -> Convention:
    """Choose as for rebuilt models: the convention of fits and loss under which training images are reconstructed best.

    Args:
        whole: The autoencoder.
        evidence: For its training data.
        train: Training samples, in the layout of the data set.
    """
    images = train[:CHOOSING_IMAGES]
    plain = Convention(logits=_on_logits(whole.claim) and _is_better(whole, Convention(logits=True), images))
    if images.ndim != 3:  # points in space have no black and white
        return plain

    def error(scale: PixelScale | None) -> float:
        return _error(whole, replace(plain, scale=scale), images)

    return replace(plain, scale=best_scale(fits_of(whole, evidence), images, error))


def _on_logits(claim: ModelClaim) -> bool:
    return claim.compiled.get("from_logits") is True and "binary" in str(claim.compiled.get("loss", "")).lower()


def _is_better(whole: RebuiltModel, convention: Convention, images: Array) -> bool:
    return _error(whole, convention, images) < _error(whole, Convention(), images)


def _error(whole: RebuiltModel, convention: Convention, images: Array) -> float:
    outputs = image_metrics.reconstruct(convention.around(whole, Role.AUTOENCODER).model, images)
    error = image_metrics.mean_squared_error(images, outputs)
    return float(error) if np.isfinite(error) else np.inf
