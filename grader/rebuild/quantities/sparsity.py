"""How few units of a code describe an image, measured by their effect on the image and not by their magnitude.

A code can be multiplied by 0.001, shifted or sign-reversed, unit by unit, and the decoder can undo it: the network
stays the same. What does not change is how much the image moves when a unit is reset to its resting value, its median
over many images. With d_ij the root mean square of that change for unit j and image i, the number of units that
describe image i is

    n_i = (sum over j of d_ij²)² / (sum over j of d_ij⁴)        (the participation ratio)

It is K if all K units contribute equally, and 1 if one unit does everything. The judged number is K / n, the units for
each one that describes an image. Networks like the reference `sparse` (300 units, sample, 10 epochs, one run each):

| code | units above 0.1 | n / K | K / n |
|---|---|---|---|
| sigmoid, l1 = 1e-4 (the reference) | 13 % | 4.8 % | 20.7 |
| sigmoid, l1 = 1e-3 | 2 % | 1.0 % | 97 |
| sigmoid, KL to a mean activity of 0.1, weight 0.05 | 39 % | 5.1 % | 19.7 |
| relu, l1 = 1e-4 | 10 % | 3.6 % | 28 |
| relu, no penalty | 49 % | 18.7 % | 5.4 |
| sigmoid, l1 = 1e-14 | 99 % | 35.5 % | 2.8 |
| sigmoid, no penalty | 99 % | 35.4 % | 2.8 |
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import Array

IMAGES: Final = 100
SAYS_NOTHING: Final = 0.01
"""Root mean square change of the pixels, by all units together, below which a code does not affect an image."""


def sparseness(decoder: Any, codes: Array) -> float:
    """Return K / n of the module's docstring, n averaged over images: 1 if all units describe every image equally.

    An image that the code does not affect counts as described by all units: a dead code is not sparse.

    Args:
        decoder: Keras model from one code to one image.
        codes: (n, …) of many images; the first ones are examined, all of them determine the resting values.
    """
    effects = _effects(decoder, codes)
    squares = effects**2
    total = squares.sum(axis=1)
    speaking = total > SAYS_NOTHING**2
    shares = np.ones(len(effects))
    shares[speaking] = total[speaking] ** 2 / (squares[speaking] ** 2).sum(axis=1) / effects.shape[1]
    return float(1 / shares.mean())


def _effects(decoder: Any, codes: Array) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return, for each image and unit, how far the decoded image moves when the unit is reset to its resting value."""
    rows = codes.reshape(len(codes), -1)
    rest, rows = np.median(rows, axis=0), rows[:IMAGES]
    whole = _decoded(decoder, rows, codes.shape[1:])
    together = max(1, image_metrics.BATCH // len(rows))
    effects = np.zeros(rows.shape)
    for first in range(0, rows.shape[1], together):
        units = range(first, min(first + together, rows.shape[1]))
        changed = np.concatenate([_at_rest(rows, unit, rest[unit]) for unit in units])
        moved = _decoded(decoder, changed, codes.shape[1:]).reshape(len(units), *whole.shape) - whole
        effects[:, first : units.stop] = np.sqrt((moved**2).mean(axis=2)).T
    return effects


def _at_rest(rows: Array, unit: int, rest: float) -> Array:
    changed = rows.copy()
    changed[:, unit] = rest
    return changed


def _decoded(decoder: Any, rows: Array, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    answers = image_metrics.predict(decoder, rows.reshape(len(rows), *shape))
    return answers.reshape(len(rows), -1).astype(np.float64)
