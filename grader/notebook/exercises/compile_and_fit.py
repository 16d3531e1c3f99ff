"""`compile` and `fit` of a Keras autoencoder: whether it can learn, and did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message, verbatim
from grader.notebook.exercises.exercise import LOOK_AT_SCALE, Exercise, Names, finding
from grader.notebook.namespace import steps_of

_SLOWEST: Final = 0.01
"""Adadelta's rate below which it hardly moves: Keras 3 defaults to 0.001."""


def _compile(names: Names) -> Iterator[Finding]:
    autoencoder = names["autoencoder"]
    if not getattr(autoencoder, "compiled", False):
        hint = message("Choose a loss and an optimizer: `autoencoder.compile(optimizer=…, loss=…)`.")
        yield finding("autoencoder", message("a compiled model"), message("it was not compiled yet"), hint=hint)
        return
    optimizer = autoencoder.optimizer
    rate = float(getattr(optimizer, "learning_rate", 1.0))
    if type(optimizer).__name__ == "Adadelta" and rate < _SLOWEST:
        hint = message("Give it a rate, `keras.optimizers.Adadelta(learning_rate=…)`, or take Adam.")
        why = message("At this rate the network would need hundreds of epochs.")
        yield finding(
            "optimizer", message("a rate at which it learns"), verbatim(f"Adadelta, {rate:g}"), why=why, hint=hint
        )


def _fit(names: Names) -> Iterator[Finding]:
    if steps_of(names["autoencoder"]) == 0:
        hint = message("Call `autoencoder.fit(…)`, with the same rows as input and as target.")
        yield finding("autoencoder", message("a trained model"), message("it was not trained yet"), hint=hint)
        return
    recorded = getattr(getattr(names["autoencoder"], "history", None), "history", None) or {}
    losses = np.asarray(recorded.get("loss", ()), dtype=float)
    if len(losses) > 1 and not (np.isfinite(losses).all() and losses[-1] < losses[0]):
        hint = LOOK_AT_SCALE
        yield finding("loss", message("a loss that falls"), verbatim(f"{losses[0]:.4f} → {losses[-1]:.4f}"), hint=hint)


EXERCISES: Final = (
    Exercise("compile", message("The autoencoder is compiled and can learn"), ("autoencoder",), _compile),
    Exercise("fit", message("The autoencoder was trained, and its loss fell"), ("autoencoder",), _fit),
)
