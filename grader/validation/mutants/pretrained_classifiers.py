"""Wrong classifiers on a pretrained encoder."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.operators import Mutant, TrainingLength, instead

WHOLE: Final = TrainingLength.WHOLE


MUTANTS: Final = (
    Mutant(
        "encoder-not-carried",
        message("a classifier with a new encoder"),
        instead("pretrained.set_weights(encoder.get_weights())\n", ""),
        ("pretrained",),
        ("accuracy",),
    ),
    Mutant(
        "labels-misplaced",
        message("labels that belong to other images"),
        instead("X_labelled, y_labelled, epochs=", "X_labelled, y_labelled[::-1], epochs="),
        ("accuracy",),
        ("pretrained",),
        WHOLE,
    ),
    Mutant(
        "classifier-linear",
        message("a classifier without softmax"),
        instead('layers.Dense(CLASSES, activation="softmax", name="classes")', "layers.Dense(CLASSES)"),
        ("classifier",),
        ("accuracy", "pretrained", "runs"),
    ),
)
"""Encoders, labels and outputs other than the lesson's."""
