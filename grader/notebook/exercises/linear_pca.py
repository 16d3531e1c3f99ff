"""Two planes in space: PCA's, and the one that the decoder has learnt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import Message, message, verbatim
from grader.notebook.exercises.exercise import Exercise, Names, finding

_CLOSE: Final = 1e-3


def _pca(names: Names) -> Iterator[Finding]:
    points = np.asarray(names["points"], dtype=float)
    mean = points.mean(axis=0)
    directions = np.linalg.svd(points - mean, full_matrices=False)[2][: int(names["CODE_SIZE"])]
    hint = message("Subtract the mean of each axis, take `np.linalg.svd`, and keep the first rows of its last result.")
    yield from _compared(names["pca"], mean, directions, "pca", hint)


def _learnt_plane(names: Names) -> Iterator[Finding]:
    code_size = int(names["CODE_SIZE"])
    codes = np.vstack([np.zeros(code_size), np.eye(code_size)]).astype("float32")
    points = np.asarray(names["decoder"].predict(codes, verbose=0), dtype=float)
    hint = message(
        "The decoder's dense layer holds both: its weights, a row for each number of the code, and its bias."
    )
    yield from _compared(names["learnt"], points[0], points[1:] - points[0], "learnt", hint)


def _compared(plane: Any, point: np.ndarray, directions: np.ndarray, name: str, hint: Message) -> Iterator[Finding]:  # noqa: ANN401 - the student's own
    """Yield a finding if a plane is another one; any point of it and any two directions in it are accepted."""
    if not (hasattr(plane, "point") and hasattr(plane, "directions")):
        yield finding(name, verbatim("Plane"), verbatim(type(plane).__name__), hint=hint)
        return
    given = np.asarray(plane.directions, dtype=float)
    if given.shape != directions.shape:
        expected = message("the shape {shape}", shape=str(directions.shape))
        actual = message("the shape {shape}", shape=str(given.shape))
        yield finding(f"{name}.directions", expected, actual, hint=hint)
        return
    basis = np.linalg.qr(directions.T)[0]
    lengths = np.linalg.norm(given, axis=1)
    if (np.linalg.norm(given - given @ basis @ basis.T, axis=1) > _CLOSE * np.maximum(lengths, 1e-9)).any():
        expected, actual = message("directions within the plane"), message("directions out of it")
        yield finding(f"{name}.directions", expected, actual, hint=hint)
    offset = np.asarray(plane.point, dtype=float) - point
    if offset.shape != point.shape or np.linalg.norm(offset - offset @ basis @ basis.T) > _CLOSE:
        expected, actual = message("a point of the plane"), message("a point beside it")
        yield finding(f"{name}.point", expected, actual, hint=hint)


EXERCISES: Final = (
    Exercise("pca", message("`pca` is the plane of PCA"), ("pca", "points", "CODE_SIZE"), _pca),
    Exercise(
        "learnt_plane",
        message("`learnt` is the plane of the decoder"),
        ("learnt", "decoder", "CODE_SIZE"),
        _learnt_plane,
    ),
)
