"""A classifier that stands on a pretrained encoder: how right it is, and whose weights it began with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.domain.architecture import shape_size
from grader.domain.measurement import Measurement, Quantity
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.roles import Cast, concrete
from grader.rebuild.quantities import quality
from grader.rebuild.quantities.material import Array, Labels

CLASSES = 10
_SUMS_TO_ONE = 1e-3
_FROM_SCRATCH = ("scratch", "cero", "rival")


def transfer_measurements(
    models: Sequence[RebuiltModel], cast: Cast, arrays: Arrays, images: Array, labels: Labels
) -> list[Measurement]:
    """Measure the classifiers of a notebook on labelled images.

    Args:
        models: All rebuilt models.
        cast: The autoencoder and its parts.
        arrays: Vetted arrays.
        images: (n, 28, 28) in [0, 1], never trained on.
        labels: Class of each, (n,).
    """
    found = [model for model in models if _classifies(model, images.shape[1:])]
    if not found:
        return []
    rivals = [model for model in found if _is_named(model, _FROM_SCRATCH)]
    main = max((model for model in found if model not in rivals), key=_standing, default=found[0])
    how = f"rebuilt classifier on {len(images)} labelled images"
    outputs = quality.predict(main.model, quality.as_input(main.model, images)).reshape(len(images), -1)
    values = [
        Measurement(Quantity.ACCURACY, accuracy(outputs, labels), "1", how),
        Measurement(Quantity.PROBABILITIES, probabilities(outputs), "1", "share of answers that are probabilities"),
    ]
    if rivals:
        rival = quality.predict(rivals[0].model, quality.as_input(rivals[0].model, images)).reshape(len(images), -1)
        values.append(Measurement(Quantity.SCRATCH_ACCURACY, accuracy(rival, labels), "1", how))
    if cast.encoder is not None:
        similar = similarity(_kernels(cast.encoder, arrays), _kernels(main, arrays))
        values.append(Measurement(Quantity.ENCODER_SIMILARITY, similar, "1", "cosine of the matrices of both encoders"))
    return values


def accuracy(outputs: Array, labels: Labels) -> float:
    """Return the share, in [0, 1], of rows whose largest number stands at the label."""
    return float((outputs.argmax(axis=1) == labels).mean())


def probabilities(outputs: Array) -> float:
    """Return the share of rows without a negative number that sum to 1."""
    return float(((outputs >= 0).all(axis=1) & (np.abs(outputs.sum(axis=1) - 1) < _SUMS_TO_ONE)).mean())


def similarity(first: Sequence[Array], second: Sequence[Array]) -> float:
    """Return the cosine between all numbers of the first matrices and those of the same shapes in the second.

    1 where they are equal, about 0 where they have nothing to do with each other. Matrices are paired in order; one
    that finds no partner counts as nothing in common.
    """
    left = list(second)
    dot = mine = theirs = 0.0
    for matrix in first:
        place = next((n for n, other in enumerate(left) if other.shape == matrix.shape), None)
        partner = np.zeros_like(matrix) if place is None else left.pop(place)
        dot += float(np.sum(matrix * partner, dtype=np.float64))
        mine += float(np.sum(matrix**2, dtype=np.float64))
        theirs += float(np.sum(partner**2, dtype=np.float64))
    return dot / (mine * theirs) ** 0.5 if mine > 0 and theirs > 0 else 0.0


def _classifies(model: RebuiltModel, sample: tuple[int, ...]) -> bool:
    takes_images = concrete(model.input_shape, sample) is not None
    return takes_images and shape_size(model.output_shape) == CLASSES and len(model.output_shape) == 1


def _is_named(model: RebuiltModel, words: Sequence[str]) -> bool:
    return any(word in name.lower() for name in model.claim.names for word in words)


def _standing(model: RebuiltModel) -> tuple[bool, bool, int]:
    names = model.claim.names
    return "classifier" in names, any("clas" in name.lower() for name in names), model.claim.created


def _kernels(model: RebuiltModel, arrays: Arrays) -> list[Array]:
    names = dict.fromkeys(name for step in model.steps for name in step.arrays)
    return [np.asarray(arrays[name], np.float32) for name in names if name in arrays and arrays[name].ndim > 1]
