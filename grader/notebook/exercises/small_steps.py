"""Single steps of `simple-dense` and `sparse`: hand-computed numbers, a twin without a penalty, a share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message, verbatim
from grader.domain.text import shortened
from grader.notebook.exercises.exercise import Exercise, Names, finding
from grader.notebook.exercises.ungraded_models import joined, separate, sized, trained


def _numbers(names: Names) -> Iterator[Finding]:
    size, code = int(names["IMAGE_SIZE"]), int(names["CODE_SIZE"])
    layer = message("A dense layer has a weight for each pair of input and output, and a bias for each output.")
    factor = message("How many numbers go in for each one that comes out of the encoder.")
    for name, wanted, hint in (
        ("compression_factor", size / code, factor),
        ("encoder_parameters", size * code + code, layer),
        ("decoder_parameters", code * size + size, layer),
    ):
        given = names[name]
        if not isinstance(given, int | float | np.number) or abs(float(given) - wanted) > 0.01:
            yield finding(name, message("the number that Keras counts"), verbatim(shortened(str(given), 40)), hint=hint)


def _twin(names: Names) -> Iterator[Finding]:
    hint = message("The functions that built the first pair build this one as well.")
    size = int(np.prod(np.shape(names["X_train"])[1:]))
    found = [
        *sized(names, "twin_encoder", takes=size, gives=None, hint=hint),
        *sized(names, "twin_decoder", takes=None, gives=size, hint=hint),
        *sized(names, "twin", takes=size, gives=size, hint=hint),
    ]
    yield from found
    if found:
        return
    yield from joined(names, "twin", ("twin_encoder", "twin_decoder"))
    why = message("Two networks that share layers cannot be compared.")
    yield from separate(names, "twin_encoder", "encoder", why=why)
    names["twin_encoder"](np.asarray(names["X_train"][:20]))
    penalty = float(sum(float(one) for one in names["twin_encoder"].losses))
    if penalty > 0:
        actual = message("a penalty of {number:.3g}", number=penalty)
        yield finding("twin_encoder", message("no penalty"), actual, hint=message("Build it with the penalty 0."))
    yield from trained(names, "twin")


def _measure(names: Names) -> Iterator[Finding]:
    codes = np.array([[0.0, 0.05, 0.2, 0.9], [0.0, 0.0, 0.1, 0.6]], dtype="float32")
    hint = message("Compare with the threshold and take the mean of the answers, over images and units.")
    for threshold, wanted in ((0.15, 0.375), (0.5, 0.25), (0.0, 0.625)):
        given = names["active_share"](codes.copy(), threshold)
        if np.ndim(given) != 0 or abs(float(given) - wanted) > 1e-6:
            expected = message("{share:.3f} of these eight numbers", share=wanted)
            yield finding(f"active_share(…, {threshold})", expected, verbatim(shortened(str(given), 40)), hint=hint)
            return


NUMBERS: Final = Exercise(
    "numbers",
    message("The numbers worked out by hand are right"),
    ("IMAGE_SIZE", "CODE_SIZE", "compression_factor", "encoder_parameters", "decoder_parameters"),
    _numbers,
)
SPARSE: Final = (
    Exercise(
        "twin",
        message("The twin has the same layers, no penalty, and was trained"),
        ("encoder", "twin_encoder", "twin_decoder", "twin", "X_train"),
        _twin,
    ),
    Exercise("measure", message("`active_share` gives a share"), ("active_share",), _measure),
)
