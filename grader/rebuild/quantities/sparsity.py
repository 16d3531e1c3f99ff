"""How few units of a code describe an image, measured by what they do and not by the size of their numbers.

A code can be multiplied by 0.001, shifted or turned round, unit by unit, and its decoder can undo that: the network is
the same. What stays the same is how far the image moves when a unit is put back to its rest, its median over many
images. With d the root mean square of that change for unit j and image i, the units that describe image i are as many
as

    n_i = (sum over j of d_ij²)² / (sum over j of d_ij⁴)        (the participation ratio)

K where all of K units do the same, 1 where one does everything. What is judged is K / n, the units for each one that
describes an image. Of networks like the reference `sparse` (300 units, sample, 10 epochs, one run each):

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
"""Root mean square change of the pixels, by all units together, below which a code says nothing of an image."""


def sparseness(decoder: Any, codes: Array) -> float:
    """Return K / n of the module's docstring, n averaged over images: 1 where all units describe every image alike.

    An image of which the code says nothing counts as described by all units: a dead code is no sparse one.

    Args:
        decoder: Keras model from one code to one image.
        codes: (n, …) of many images; the first ones are looked at, all of them say where a unit rests.
    """
    effects = _effects(decoder, codes)
    squares = effects**2
    total = squares.sum(axis=1)
    speaking = total > SAYS_NOTHING**2
    shares = np.ones(len(effects))
    shares[speaking] = total[speaking] ** 2 / (squares[speaking] ** 2).sum(axis=1) / effects.shape[1]
    return float(1 / shares.mean())


def _effects(decoder: Any, codes: Array) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return, for each image and unit, how far the decoded image moves when the unit is put to its rest."""
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
