"""Two shallow autoencoders, one after the other: their sizes, their trainings, and the codes between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message
from grader.notebook.exercises.exercise import Exercise, Names, finding
from grader.notebook.exercises.ungraded_models import joined, sized, trained

_ROWS: Final = 100
_HINT: Final = message("The table above the cell says how many numbers go in and come out.")


def _first(names: Names) -> Iterator[Finding]:
    pixels = math.prod(np.shape(names["X_train"])[1:])
    yield from _stage(names, 1, pixels, int(names["FIRST_CODE_SIZE"]))


def _second(names: Names) -> Iterator[Finding]:
    yield from _stage(names, 2, int(names["FIRST_CODE_SIZE"]), int(names["CODE_SIZE"]))


def _stage(names: Names, number: int, size: int, code: int) -> Iterator[Finding]:
    encoder, decoder, whole = f"encoder_{number}", f"decoder_{number}", f"autoencoder_{number}"
    found = [
        *sized(names, encoder, takes=size, gives=code, hint=_HINT),
        *sized(names, decoder, takes=code, gives=size, hint=_HINT),
        *sized(names, whole, takes=size, gives=size, hint=_HINT),
    ]
    yield from found or joined(names, whole, (encoder, decoder))


def _train_first(names: Names) -> Iterator[Finding]:
    yield from trained(names, "autoencoder_1", "history_1")


def _train_second(names: Names) -> Iterator[Finding]:
    yield from trained(names, "autoencoder_2", "history_2")


def _codes(names: Names) -> Iterator[Finding]:
    hint = message("`encoder_1.predict(…)` of X_train and of X_valid.")
    for name, source in (("codes_train", "X_train"), ("codes_valid", "X_valid")):
        given, images = np.asarray(names[name]), names[source]
        wanted = (len(images), int(names["FIRST_CODE_SIZE"]))
        if given.shape != wanted:
            expected = message("the shape {shape}", shape=str(wanted))
            yield finding(name, expected, message("the shape {shape}", shape=str(given.shape)), hint=hint)
            continue
        codes = np.asarray(names["encoder_1"].predict(images[:_ROWS], verbose=0))
        if not np.allclose(given[:_ROWS], codes, rtol=1e-3, atol=1e-3):
            expected = message("the codes that {model} gives now", model="`encoder_1`")
            why = message("The second stage has to learn the codes of the trained first one.")
            yield finding(name, expected, message("other numbers"), why=why, hint=hint)


_STAGE_1: Final = ("encoder_1", "decoder_1", "autoencoder_1")
_STAGE_2: Final = ("encoder_2", "decoder_2", "autoencoder_2")

EXERCISES: Final = (
    Exercise(
        "first", message("The first stage has the right sizes"), (*_STAGE_1, "X_train", "FIRST_CODE_SIZE"), _first
    ),
    Exercise("train_first", message("The first stage was trained"), ("autoencoder_1", "history_1"), _train_first),
    Exercise(
        "codes",
        message("The codes are those of the trained first stage"),
        ("codes_train", "codes_valid", "encoder_1", "X_train", "X_valid", "FIRST_CODE_SIZE"),
        _codes,
    ),
    Exercise(
        "second",
        message("The second stage has the right sizes"),
        (*_STAGE_2, "FIRST_CODE_SIZE", "CODE_SIZE"),
        _second,
    ),
    Exercise("train_second", message("The second stage was trained"), ("autoencoder_2", "history_2"), _train_second),
)
