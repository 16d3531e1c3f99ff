"""The network in NumPy, function by function: against our formulas, and gradients against finite differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.domain.datasets import datasets
from grader.domain.grade import Finding
from grader.domain.messages import Message, message, verbatim
from grader.notebook.exercises.exercise import WHY_PIXELS, Exercise, Names, differing, finding, one_an_epoch

PIXELS: Final = datasets()["mnist"].numbers
_UNITS: Final = 5
_IMAGES: Final = 6
_STEP: Final = 1e-5
_PLACES: Final = 12
_FARTHEST: Final = 1e-4

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


# The same network, as formulas


def _drawn() -> tuple[np.ndarray, Arrays]:
    """Return images, some pixels of which are exactly 0 or 1, and four arrays, in double precision."""
    rng = np.random.default_rng(7)
    images = np.clip(rng.normal(0.4, 0.4, (_IMAGES, PIXELS)), 0, 1)
    w1, w2 = rng.normal(0, 0.08, (PIXELS, _UNITS)), rng.normal(0, 0.3, (_UNITS, PIXELS))
    return images, (w1, rng.normal(0, 0.1, _UNITS), w2, rng.normal(0, 0.1, PIXELS))


def _sigmoid(values: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1 / (1 + small), small / (1 + small)))


def _forward(images: np.ndarray, arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
    codes = np.maximum(images @ arrays[0] + arrays[1], 0)
    return codes, _sigmoid(codes @ arrays[2] + arrays[3])


def _loss(images: np.ndarray, output: np.ndarray) -> float:
    safe = np.clip(output, 1e-7, 1 - 1e-7)
    return float(-(images * np.log(safe) + (1 - images) * np.log(1 - safe)).mean())


# The functions


def _first_arrays(names: Names) -> Iterator[Finding]:
    given = names["first_arrays"](np.random.default_rng(3))
    units = int(names.get("CODE_SIZE", 32))
    shapes = ((PIXELS, units), (units,), (units, PIXELS), (PIXELS,))
    if not isinstance(given, tuple | list) or [np.shape(one) for one in given] != list(shapes):
        shown = [np.shape(one) for one in given] if isinstance(given, tuple | list) else type(given).__name__
        hint = message("X·W1 has to be n × K, and H·W2 n × 784 again.")
        yield finding("first_arrays", verbatim(str(list(shapes))), verbatim(str(shown)), hint=hint)
        return
    limit = float(np.sqrt(6 / (PIXELS + units)))
    for name, array in zip(("W1", "b1", "W2", "b2"), given, strict=True):
        yield from _first_array(name, np.asarray(array), limit)
    if not np.array_equal(given[0], names["first_arrays"](np.random.default_rng(3))[0]):
        hint = message("Draw from the generator that the function is given, `rng`.")
        said = message("other numbers at each call")
        yield finding("first_arrays", message("the same numbers for the same generator"), said, hint=hint)


def _first_array(name: str, array: np.ndarray, limit: float) -> Iterator[Finding]:
    if array.dtype != np.float32:
        hint = message("Convert it: half of the memory, and enough precision.")
        yield finding(name, verbatim("float32"), verbatim(str(array.dtype)), hint=hint)
    if name.startswith("b"):
        if np.any(array):
            hint = message("Biases may start at zero.")
            yield finding(name, message("zeros"), verbatim(f"{array.min():.3g} … {array.max():.3g}"), hint=hint)
        return
    usual = limit / np.sqrt(3)  # deviation of a uniform draw in ± limit
    if np.abs(array).max() > limit * 1.001 or not 0.95 * usual < array.std() < 1.05 * usual:
        hint = message("Uniform between −l and l, with l = √(6 / (inputs + outputs)).")
        expected = verbatim(f"-{limit:.4f} … {limit:.4f}")
        yield finding(name, expected, verbatim(f"{array.min():.4f} … {array.max():.4f}"), hint=hint)


def _relu(names: Names) -> Iterator[Finding]:
    values = np.array([[-1000.0, -2.0, -0.5], [0.0, 0.5, 3.0]])
    hint = message("The larger of each number and zero, place by place.")
    yield from differing("relu", names["relu"](values.copy()), np.maximum(values, 0), why=_SHAPE_STAYS, hint=hint)


def _sigmoid_function(names: Names) -> Iterator[Finding]:
    values = np.array([-1000.0, -30.0, -2.0, 0.0, 2.0, 30.0, 1000.0])
    hint = message("Take exponentials of negative numbers only: there are two forms of the same formula.")
    try:
        with np.errstate(over="raise", invalid="raise"):
            given = names["sigmoid"](values.copy())
    except FloatingPointError as error:
        expected = message("no warning for −1000")
        yield finding("sigmoid", expected, verbatim(str(error)), hint=hint)
        return
    yield from differing("sigmoid", given, _sigmoid(values), why=_SHAPE_STAYS, hint=hint)


def _encode(names: Names) -> Iterator[Finding]:
    images, arrays = _drawn()
    hint = message("relu(X·W1 + b1), with the batch on the left.")
    given = names["encode"](images.copy(), _copied(arrays))
    yield from differing("encode", given, _forward(images, arrays)[0], why=_CODE, hint=hint)


def _decode(names: Names) -> Iterator[Finding]:
    images, arrays = _drawn()
    codes, output = _forward(images, arrays)
    hint = message("sigmoid(H·W2 + b2): one layer later, and the activation that stays between 0 and 1.")
    yield from differing("decode", names["decode"](codes.copy(), _copied(arrays)), output, why=_PIXEL, hint=hint)


def _forward_function(names: Names) -> Iterator[Finding]:
    images, arrays = _drawn()
    given = names["forward"](images.copy(), _copied(arrays))
    if not isinstance(given, tuple | list) or len(given) != 2:
        hint = message("Return the codes and the reconstruction, in this order.")
        yield finding("forward", message("two arrays"), verbatim(type(given).__name__), hint=hint)
        return
    codes, output = _forward(images, arrays)
    hint = message("Use `encode` and `decode`; do not write their formulas again.")
    yield from differing("forward()[0]", given[0], codes, why=_CODE, hint=hint)
    yield from differing("forward()[1]", given[1], output, why=_PIXEL, hint=hint)


def _loss_function(names: Names) -> Iterator[Finding]:
    images, arrays = _drawn()
    output = _forward(images, arrays)[1]
    output[0, :2], images[0, :2] = (0.0, 1.0), (1.0, 0.0)  # where the logarithm of 0 would come in
    hint = message("Clip, take the logarithms, and the mean over all n·784 pixels, with the minus sign before it.")
    why = message("A mean over all pixels can be compared between batches; a logarithm of 0 spoils everything.")
    with np.errstate(all="ignore"):
        given = names["loss"](images.copy(), output.copy())
    yield from differing("loss", given, np.array(_loss(images, output)), why=why, hint=hint)


def _backward(names: Names) -> Iterator[Finding]:
    """Compare each of the four gradients with finite differences, as the notebook explains them."""
    images, arrays = _drawn()
    given = names["backward"](images.copy(), *_forward(images, arrays), _copied(arrays))
    if not isinstance(given, tuple | list) or len(given) != len(arrays):
        hint = message("Return dW1, db1, dW2, db2, in the order of the arrays.")
        yield finding("backward", message("four arrays"), verbatim(type(given).__name__), hint=hint)
        return
    for number, (name, hint) in enumerate(_PARTS.items()):
        yield from _gradient(name, given[number], images, arrays, number, hint)


def _gradient(
    name: str,
    given: np.ndarray,
    images: np.ndarray,
    arrays: Arrays,
    number: int,
    hint: Message,
) -> Iterator[Finding]:
    array = arrays[number]
    if np.shape(given) != array.shape:
        expected = message("the shape {shape}", shape=str(array.shape))
        why = message("A gradient has the shape of its array.")
        yield finding(name, expected, message("the shape {shape}", shape=str(np.shape(given))), why=why, hint=hint)
        return
    chance = np.random.default_rng(number)
    places = [tuple(int(one) for one in chance.integers(0, array.shape)) for _ in range(_PLACES)]
    slopes = np.array([_slope(images, arrays, number, place) for place in places])
    theirs = np.array([float(given[place]) for place in places])
    error = np.abs(slopes - theirs).max() / np.abs(slopes).max()
    if not error < _FARTHEST:
        ratio = float(theirs @ slopes / (slopes @ slopes))
        scaled = np.allclose(theirs, ratio * slopes, rtol=1e-3, atol=1e-3 * np.abs(theirs).max()) and ratio > 0
        actual = (
            message("{ratio:.4g} times the measured slope", ratio=ratio)
            if scaled
            else message("off by {error:.2g} of the largest slope", error=float(error))
        )
        yield finding(name, message("the measured slope of the loss"), actual, why=_MEASURED, hint=hint)


def _slope(images: np.ndarray, arrays: Arrays, number: int, place: tuple[int, ...]) -> float:
    """Return (L(w + ε) − L(w − ε)) / 2ε for one number of one array."""
    ends = []
    for step in (_STEP, -_STEP):
        moved = [array.copy() for array in arrays]
        moved[number][place] += step
        w1, b1, w2, b2 = moved
        ends.append(_loss(images, _forward(images, (w1, b1, w2, b2))[1]))
    return (ends[0] - ends[1]) / (2 * _STEP)


def _descend(names: Names) -> Iterator[Finding]:
    rng = np.random.default_rng(5)
    rate, keep = float(names.get("LEARNING_RATE", 1.0)), float(names.get("MOMENTUM", 0.9))
    arrays, moving, gradients = ([rng.normal(size=shape) for shape in ((4, 2), (2,), (2, 4), (4,))] for _ in range(3))
    mine, speed = tuple(one.copy() for one in arrays), tuple(one.copy() for one in moving)
    for _ in range(2):
        names["descend"](mine, speed, tuple(one.copy() for one in gradients))
    why = message("The notebook's own W1, b1, W2 and b2 have to learn, and no copies of them.")
    for position, name in enumerate(("W1", "b1", "W2", "b2")):
        first = keep * moving[position] - rate * gradients[position]
        second = keep * first - rate * gradients[position]
        hint = message("V ← momentum·V − rate·gradient, then W ← W + V, both in place (`[...] =`).")
        if np.array_equal(mine[position], arrays[position]):
            yield finding(name, message("changed in place"), message("as it was"), why=why, hint=hint)
        else:
            yield from differing(name, mine[position], arrays[position] + first + second, why=why, hint=hint)


def _train(names: Names) -> Iterator[Finding]:
    epochs = int(names.get("EPOCHS", 0))
    for name in ("train_losses", "valid_losses"):
        losses = np.asarray(names[name], dtype=float)
        hint = message("After each epoch, append the loss on all of these images.")
        if losses.ndim != 1 or len(losses) < max(epochs, 1):
            expected = one_an_epoch(count=epochs)
            yield finding(name, expected, message("{count} numbers", count=losses.size), hint=hint)
        elif not np.isfinite(losses).all() or losses[-1] >= losses[0]:
            expected = message("a loss that falls")
            hint = message("Check the gradient first, then the sign in `descend`.")
            yield finding(name, expected, verbatim(f"{losses[0]:.4f} → {losses[-1]:.4f}"), hint=hint)


def _copied(arrays: Arrays) -> Arrays:
    w1, b1, w2, b2 = (array.copy() for array in arrays)
    return w1, b1, w2, b2


_SHAPE_STAYS: Final = message("It works on each number by itself, whatever the shape of the array.")
_CODE: Final = message("The code is all that the decoder will see of an image.")
_PIXEL: Final = WHY_PIXELS
_MEASURED: Final = message("A slope can be measured without knowing any derivative; the two have to agree.")
_PARTS: Final = {
    "dW1": message("Steps 3 to 5: Xᵀ·dA1, where dA1 is dH where H > 0 and 0 elsewhere."),
    "db1": message("Step 5: the sum of dA1 over the rows."),
    "dW2": message("Step 2: Hᵀ·dA2, with dA2 = (Y − X) / (n·784)."),
    "db2": message("Steps 1 and 2: the sum of dA2 over the rows."),
}

EXERCISES: Final = (
    Exercise(
        "first_arrays", message("The first arrays have the right shapes and sizes"), ("first_arrays",), _first_arrays
    ),
    Exercise("relu", message("`relu` gives max(x, 0)"), ("relu",), _relu),
    Exercise("sigmoid", message("`sigmoid` is right, and does not overflow"), ("sigmoid",), _sigmoid_function),
    Exercise("encode", message("`encode` gives the code"), ("encode",), _encode),
    Exercise("decode", message("`decode` gives the image"), ("decode",), _decode),
    Exercise("forward", message("`forward` gives codes and reconstructions"), ("forward",), _forward_function),
    Exercise("loss", message("`loss` is the mean binary cross-entropy"), ("loss",), _loss_function),
    Exercise("backward", message("Each gradient is the slope that can be measured"), ("backward",), _backward),
    Exercise("descend", message("`descend` takes one step with momentum, in place"), ("descend",), _descend),
    Exercise("train", message("The losses fall, epoch after epoch"), ("train_losses", "valid_losses"), _train),
)
"""Every task of the assignment, in its order."""
