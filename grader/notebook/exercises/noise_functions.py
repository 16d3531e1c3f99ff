"""Noise that a notebook makes itself: its kind and strength, measured on uniformly grey images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message, verbatim
from grader.notebook.exercises.exercise import WHY_PIXELS, Exercise, Names, finding

_IMAGES: Final = 40
_QUARTILES: Final = 1.349
"""Distance between the quartiles of a normal distribution, in deviations: clipping does not affect it."""
_SHARES: Final = (0.3, 0.5)
_CLOSE: Final = 0.05


def _add_noise(names: Names) -> Iterator[Finding]:
    grey = np.full((_IMAGES, *np.shape(names["X_valid"])[1:]), 0.5, dtype="float32")
    given = np.asarray(names["add_noise"](grey))
    yield from _untouched("add_noise", grey, 0.5)
    if given.shape != grey.shape:
        yield _of_shape("add_noise", grey.shape, given.shape)
        return
    if given.dtype != np.float32:
        hint = message("End with `.astype(np.float32)`.")
        yield finding("add_noise", verbatim("float32"), verbatim(str(given.dtype)), hint=hint)
    if given.min() < 0 or given.max() > 1:
        actual = message("from {low:.2f} to {high:.2f}", low=float(given.min()), high=float(given.max()))
        yield finding("add_noise", message("from 0 to 1"), actual, why=_PIXELS, hint=message("Clip with `np.clip`."))
    yield from _strength(given, float(names["NOISE_FACTOR"]))
    yield from _tables(names)


def _strength(given: np.ndarray, factor: float) -> Iterator[Finding]:
    """Yield a finding if the noise is too weak or too strong, or the same on every image."""
    if np.array_equal(given[0], given[1]):
        yield finding("add_noise", _OTHER_NOISE, message("the same noise on all images"), hint=_DRAW_ALL)
        return
    low, high = np.quantile(given, [0.25, 0.75])
    measured = float(high - low) / _QUARTILES
    if abs(measured - factor) > _CLOSE * factor:
        expected = message("noise with a deviation of {number:.2f}", number=factor)
        actual = message("a deviation of {number:.2f}", number=measured)
        hint = message(
            "NOISE_FACTOR times normal numbers (mean 0, deviation 1), added to the images, and clipped last."
        )
        yield finding("add_noise", expected, actual, hint=hint)


def _tables(names: Names) -> Iterator[Finding]:
    for name, source in (("X_train_noisy", "X_train"), ("X_valid_noisy", "X_valid")):
        if name not in names:
            yield finding(name, message("an array of numbers"), message("it is not there"), hint=_USE_IT)
        elif np.shape(names[name]) != np.shape(names[source]):
            yield _of_shape(name, np.shape(names[source]), np.shape(names[name]))
        elif names[name] is names[source] or np.array_equal(names[name][:20], names[source][:20]):
            yield finding(name, message("images with noise"), message("the clean images"), hint=_USE_IT)


def _zero_pixels(names: Names) -> Iterator[Finding]:
    for share in _SHARES:
        white = np.ones((_IMAGES, *np.shape(names["X_valid"])[1:]), dtype="float32")
        given = np.asarray(names["zero_pixels"](white, share))
        yield from _untouched("zero_pixels", white, 1.0)
        if given.shape != white.shape:
            yield _of_shape("zero_pixels", white.shape, given.shape)
            return
        if not np.isin(given, (0, 1)).all():
            hint = message("Multiply by a mask of zeros and ones.")
            yield finding("zero_pixels", message("the other pixels as they were"), message("they changed"), hint=hint)
            return
        dark = float((given == 0).mean())
        if abs(dark - share) > _CLOSE:
            expected = message("a share of {share:.2f} set to 0", share=share)
            hint = message("Draw one number in [0, 1) for each pixel and compare it with `share`.")
            yield finding("zero_pixels", expected, message("a share of {share:.2f}", share=dark), hint=hint)
            return
        if np.array_equal(given[0], given[1]):
            yield finding("zero_pixels", _OTHER_NOISE, message("the same noise on all images"), hint=_DRAW_ALL)
            return


def _noise_layer(names: Names) -> Iterator[Finding]:
    """A copy of the layer is tried, so that the student's own random generator stays unchanged."""
    layer = names["noise"]
    if not hasattr(type(layer), "from_config"):
        hint = message("Take a layer of `keras.layers`: Dropout or GaussianNoise.")
        yield finding("noise", message("a layer of Keras"), verbatim(type(layer).__name__), hint=hint)
        return
    copy = type(layer).from_config(layer.get_config())
    white = np.ones((_IMAGES, 28, 28), dtype="float32")
    training, quiet = np.asarray(copy(white, training=True)), np.asarray(copy(white, training=False))
    if np.array_equal(training, white) or not np.array_equal(quiet, white):
        expected = message("noise in training and none afterwards")
        hint = message("Take a layer of `keras.layers`: Dropout or GaussianNoise.")
        yield finding("noise", expected, verbatim(type(layer).__name__), hint=hint)
        return
    dark = float((training == 0).mean())
    wanted = float(names["DROPPED_SHARE"]) if dark > 0 else float(names["NOISE_DEVIATION"])
    measured = dark if dark > 0 else float(training.std())
    if abs(measured - wanted) > _CLOSE * max(wanted, 0.2):
        hint = message("DROPPED_SHARE is the rate of Dropout, NOISE_DEVIATION the deviation of GaussianNoise.")
        yield finding("noise", verbatim(f"{wanted:g}"), verbatim(f"{measured:.2f}"), hint=hint)


def _modes(names: Names) -> Iterator[Finding]:
    clean = np.asarray(names["X_valid"])
    for name, is_clean in (("X_valid_noisy", False), ("X_valid_quiet", True)):
        given = names[name]
        hint = message("Call the layer with X_valid: `training=True` for one, `training=False` for the other.")
        if not isinstance(given, np.ndarray):
            hint = message("`keras.ops.convert_to_numpy(…)` makes an array of a tensor.")
            yield finding(name, message("a NumPy array"), verbatim(type(given).__name__), hint=hint)
        elif given.shape != clean.shape:
            yield _of_shape(name, clean.shape, given.shape)
        elif np.array_equal(given[:50], clean[:50]) is not is_clean:
            noisy, quiet = message("images with noise"), message("the clean images")
            yield finding(name, quiet if is_clean else noisy, noisy if is_clean else quiet, hint=hint)


def _untouched(where: str, images: np.ndarray, level: float) -> Iterator[Finding]:
    if not (images == level).all():
        hint = message("Make a new array instead of writing into the one that comes in.")
        yield finding(where, message("the images that come in unchanged"), message("they changed"), hint=hint)


def _of_shape(where: str, wanted: tuple[int, ...], given: tuple[int, ...]) -> Finding:
    hint = message("One number of noise for each pixel: draw with `size=images.shape`.")
    expected: Any = message("the shape {shape}", shape=str(wanted))
    return finding(where, expected, message("the shape {shape}", shape=str(given)), hint=hint)


_PIXELS: Final = WHY_PIXELS
_OTHER_NOISE: Final = message("other noise on each image")
_DRAW_ALL: Final = message("One number of noise for each pixel: draw with `size=images.shape`.")
_USE_IT: Final = message("Call your function with X_train and with X_valid.")

ADDED: Final = Exercise(
    "noise",
    message("`add_noise` adds noise of the right strength"),
    ("add_noise", "NOISE_FACTOR", "X_valid"),
    _add_noise,
)
"""Common to all notebooks with noise of their own."""

HOLES: Final = Exercise(
    "holes", message("`zero_pixels` sets a share of the pixels to 0"), ("zero_pixels", "X_valid"), _zero_pixels
)

LAYER: Final = (
    Exercise(
        "noise",
        message("The noise layer is active in training alone"),
        ("noise", "DROPPED_SHARE", "NOISE_DEVIATION"),
        _noise_layer,
    ),
    Exercise(
        "modes",
        message("One result with noise, one without"),
        ("X_valid", "X_valid_noisy", "X_valid_quiet"),
        _modes,
    ),
)
"""Noise as a layer of the model."""
