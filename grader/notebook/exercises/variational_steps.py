"""Steps of the variational notebooks: the loss of an image, a path between two digits, the plane of all codes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message
from grader.notebook.exercises.exercise import Exercise, Names, differing, finding


def _loss(names: Names) -> Iterator[Finding]:
    """The inputs are tensors, as when Keras calls it; no pixel is 0 or 1, where versions of Keras clip differently."""
    rng = np.random.default_rng(6)
    images, copies = rng.uniform(0.1, 0.9, (2, 5, *np.shape(names["X_valid"])[1:])).astype("float32")
    to_tensor: Any = sys.modules["keras"].ops.convert_to_tensor
    given = np.asarray(names["reconstruction_loss"](to_tensor(images), to_tensor(copies)))
    entropy = -(images * np.log(copies) + (1 - images) * np.log(1 - copies))
    wanted = entropy.reshape(5, -1).sum(axis=1)
    why = message("The KL divergence counts nats of a whole image; a mean over pixels would weigh 784 times less.")
    hint = message("Binary cross-entropy of each pixel, summed over all axes but the first.")
    if given.shape == wanted.shape and np.allclose(given, wanted, rtol=1e-3):
        return
    yield from differing("reconstruction_loss", given, wanted, why=why, hint=hint)


def _latent_plane(names: Names) -> Iterator[Finding]:
    """Compare the corners and one neighbour, cell by cell."""
    side, picture = int(names["side"]), np.asarray(names["picture"], dtype=float)
    hint = message("Decode, reshape to (side, side, 28, 28), swap the middle two axes, and reshape once more.")
    if picture.shape != (28 * side, 28 * side):
        expected = message("the shape {shape}", shape=str((28 * side, 28 * side)))
        yield finding("picture", expected, message("the shape {shape}", shape=str(picture.shape)), hint=hint)
        return
    codes = np.asarray(names["plane_codes"](side)).reshape(side, side, -1)
    cells = ((0, 0), (0, 1), (1, 0), (side - 1, 0), (side - 1, side - 1))
    chosen = np.stack([codes[cell] for cell in cells]).astype("float32")
    decoded = np.asarray(names["decoder"].predict(chosen, verbose=0)).reshape(len(cells), 28, 28)
    for (row, column), wanted in zip(cells, decoded, strict=True):
        cell = picture[28 * row : 28 * (row + 1), 28 * column : 28 * (column + 1)]
        if np.abs(cell - wanted).max() > _FARTHEST:
            expected = message(
                "the image of its own code in row {row}, column {column}", row=row + 1, column=column + 1
            )
            yield finding("picture", expected, message("another image"), hint=hint)
            return


def _line(names: Names) -> Iterator[Finding]:
    """Decode the points of the straight line; compare the ends first, then the points between."""
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
"""Tolerance between pixels in [0, 1]: decoding in other batches rounds differently."""

EXERCISES: Final = (
    Exercise(
        "loss",
        message("`reconstruction_loss` gives the nats of each image"),
        ("reconstruction_loss", "X_valid"),
        _loss,
    ),
    Exercise(
        "line",
        message("The line begins and ends where it should, in even steps"),
        ("first", "last", "steps", "line", "decoder"),
        _line,
    ),
)

PLANE: Final = Exercise(
    "latent_plane",
    message("Each cell of the picture shows its own code"),
    ("picture", "side", "plane_codes", "decoder"),
    _latent_plane,
)
