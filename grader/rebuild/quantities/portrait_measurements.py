"""Drawings of a model for its report: positions of codes, activity of units, distribution of errors.

They are kept small: a few hundred rounded numbers for each hand-in, since they are stored with every grade.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from grader.domain.measurement import ImageStrip
from grader.domain.portrait import CodePlane, RowErrors
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import Array
from grader.rebuild.quantities.samples import strip

CODES_SHOWN: Final = 300
ACTIVITY_IMAGES: Final = 500
UNITS_SHOWN: Final = 128
BINS: Final = 24
_DIGITS: Final = 3
_SMALLEST: Final = 1e-9


def code_plane(codes: Array, labels: npt.NDArray[np.int64] | None) -> CodePlane:
    """Project codes (n, K) on the plane of their two largest principal components; unchanged if K is 2.

    Args:
        codes: The first few hundred are shown; the plane is computed from all of them.
        labels: Class of each, or None.
    """
    rows = np.asarray(codes, np.float64).reshape(len(codes), -1)
    if rows.shape[1] < 2 or len(rows) < 2 or not np.isfinite(rows).all():
        return CodePlane()
    centred = rows - rows.mean(axis=0)
    variance = float((centred**2).sum())
    if variance <= _SMALLEST:
        return CodePlane()
    if rows.shape[1] == 2:
        flat, share = rows, 1.0
    else:
        directions = np.linalg.svd(centred, full_matrices=False)[2][:2]
        signs = np.sign(directions[np.arange(2), np.abs(directions).argmax(axis=1)])  # else two runs may be mirrored
        flat = centred @ (directions * signs[:, np.newaxis]).T
        share = float((flat**2).sum() / variance)
    shown = np.round(flat[:CODES_SHOWN], _DIGITS)
    classes = () if labels is None else tuple(int(one) for one in labels[: len(shown)])
    return CodePlane(tuple((float(x), float(y)) for x, y in shown), classes, round(min(1.0, share), _DIGITS))


def code_activity(codes: Array) -> tuple[float, ...]:
    """Return the mean |code| of each number of codes (n, K), the largest first, as many as a drawing shows."""
    means = np.abs(np.asarray(codes, np.float64).reshape(len(codes), -1)).mean(axis=0)
    if not np.isfinite(means).all():
        return ()
    return tuple(float(one) for one in np.round(np.sort(means)[::-1][:UNITS_SHOWN], _DIGITS + 1))


def row_errors(scores: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.int64]) -> RowErrors:
    """Return histograms of the scores of normal rows (label 0) and of frauds (1), with logarithmic bins.

    The sizes are equal steps of the logarithm between the smallest and the largest score.
    """
    found = np.maximum(np.asarray(scores, np.float64), _SMALLEST)
    if not len(found) or not np.isfinite(found).all() or found.min() == found.max():
        return RowErrors()
    edges = np.geomspace(found.min(), found.max(), BINS + 1)
    edges[0], edges[-1] = found.min(), found.max()  # the extremes belong to the outermost bins despite rounding
    shares = []
    for label in (0, 1):
        counts = np.histogram(found[labels == label], edges)[0]
        shares.append(tuple(float(one) for one in np.round(counts / max(1, counts.sum()), _DIGITS + 1)))
    return RowErrors(tuple(float(f"{edge:.4g}") for edge in edges), *shares)


def codes_of(encoder: Any, images: Array) -> Array:
    """Return the codes of images as rows (n, K)."""
    return image_metrics.predict(encoder, image_metrics.as_input(encoder, images)).reshape(len(images), -1)


def denoised_strips(autoencoder: Any, noisy: Array) -> tuple[ImageStrip, ...]:
    """Return pictures of noisy images (n, height, width) and of their reconstructions."""
    return strip("noisy", noisy), strip("denoised", image_metrics.reconstruct(autoencoder, noisy))
