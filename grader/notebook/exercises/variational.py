"""The walk from one digit to another: an interpolation is known by its ends and its even steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message
from grader.notebook.exercises.exercise import Exercise, Names, finding


def _line(names: Names) -> Iterator[Finding]:
    """Decode the stops of the straight line and compare the ends first, then what lies between."""
    first, last, steps = np.asarray(names["first"]), np.asarray(names["last"]), int(names["steps"])
    line = np.asarray(names["line"], dtype=float)
    hint = message("Weights from 0 to 1 in `steps` even steps: (1 − w)·first + w·last, then the decoder.")
    if len(line) != steps:
        expected, actual = message("{count} images", count=steps), message("{count} images", count=len(line))
        yield finding("line", expected, actual, hint=hint)
        return
    weights = np.linspace(0, 1, steps).reshape(steps, *[1] * first.ndim)
    codes = (1 - weights) * first + weights * last
    wanted = np.asarray(names["decoder"].predict(codes.astype("float32"), verbose=0), dtype=float)
    if line.size != wanted.size:
        expected = message("the shape {shape}", shape=str(wanted.shape))
        yield finding("line", expected, message("the shape {shape}", shape=str(line.shape)), hint=hint)
        return
    near = np.abs(line.reshape(steps, -1) - wanted.reshape(steps, -1)).max(axis=1) < _FARTHEST
    if not (near[0] and near[-1]):
        actual = message("the first or the last image is another one")
        yield finding("line", message("the images of `first` and `last` at the ends"), actual, hint=hint)
    elif not near.all():
        expected, actual = message("even steps along the straight line"), message("other stops on the way")
        yield finding("line", expected, actual, hint=hint)


_FARTHEST: Final = 0.01
"""Between pixels, which lie in [0, 1]: decoding in other batches rounds differently."""

EXERCISES: Final = (
    Exercise(
        "line",
        message("The line begins and ends where it should, in even steps"),
        ("first", "last", "steps", "line", "decoder"),
        _line,
    ),
)
