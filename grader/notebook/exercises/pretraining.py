"""A classifier on a pretrained encoder: new models for each, an exact copy, frozen layers, a fair comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message, verbatim
from grader.notebook.exercises.exercise import Exercise, Names, finding
from grader.notebook.exercises.ungraded_models import joined, same_weights, separate, sized, trained

_PIXELS: Final = 28 * 28
_ENCODER: Final = message("It takes images of 28×28 and gives CODE_SIZE numbers.")
_ON_TOP: Final = message("The encoder, and on top of it a dense layer with one output for each class.")


def _build_encoder(names: Names) -> Iterator[Finding]:
    made: dict[str, Any] = {"build_encoder()": names["build_encoder"](), "again": names["build_encoder"]()}
    yield from sized(made, "build_encoder()", takes=_PIXELS, gives=int(names["CODE_SIZE"]), hint=_ENCODER)
    why = message("The classifier that learns from nothing needs an encoder that has learnt nothing.")
    if hasattr(made["again"], "weights"):
        yield from separate({**made, "build_encoder": made["again"]}, "build_encoder()", "build_encoder", why=why)


def _build_classifier(names: Names) -> Iterator[Finding]:
    encoder = names["build_encoder"]()
    made = {"build_classifier()": names["build_classifier"](encoder), "encoder": encoder}
    found = list(sized(made, "build_classifier()", takes=_PIXELS, gives=int(names["CLASSES"]), hint=_ON_TOP))
    yield from found
    if found:
        return
    yield from joined(made, "build_classifier()", ("encoder",))
    images = np.random.default_rng(0).random((5, 28, 28)).astype("float32")
    answers = np.asarray(made["build_classifier()"].predict(images, verbose=0))
    if answers.min() < 0 or not np.allclose(answers.sum(axis=1), 1, atol=1e-3):
        expected = message("probabilities that add up to 1")
        actual = message("a sum of {number:.2f}", number=float(answers.sum(axis=1)[0]))
        hint = message("The activation of the last layer is softmax.")
        yield finding("build_classifier()", expected, actual, hint=hint)


def _frozen(names: Names) -> Iterator[Finding]:
    why = message("Fine-tuning would change the encoder of the autoencoder as well.")
    yield from separate(names, "pretrained", "encoder", why=why)
    yield from joined(names, "classifier", ("pretrained",))
    yield from trained(names, "classifier", "history_frozen")
    if "history_tuning" in names:
        return
    if names["pretrained"].trainable:
        hint = message("`pretrained.trainable = False`, and compile afterwards: Keras decides when it compiles.")
        yield finding("pretrained.trainable", verbatim("False"), verbatim("True"), hint=hint)
    yield from _still_a_copy(names)


def _still_a_copy(names: Names) -> Iterator[Finding]:
    if not same_weights(names["pretrained"], names["encoder"]):
        expected, actual = message("the weights of {model}", model="`encoder`"), message("other numbers")
        hint = message(
            "`set_weights(encoder.get_weights())` before anything is trained, and frozen in the first training."
        )
        yield finding("pretrained", expected, actual, why=_NOT_FROZEN, hint=hint)


def _scratch(names: Names) -> Iterator[Finding]:
    found = list(sized(names, "classifier_scratch", takes=_PIXELS, gives=int(names["CLASSES"]), hint=_ON_TOP))
    yield from found
    if found:
        return
    why = message("A network that has seen the images before is no fair comparison.")
    for other in ("encoder", "classifier"):
        yield from separate(names, "classifier_scratch", other, why=why)
    ours, theirs = (names[one].count_params() for one in ("classifier", "classifier_scratch"))
    if ours != theirs:
        expected, actual = message("{count} parameters", count=ours), message("{count} parameters", count=theirs)
        hint = message("The same layers: `build_classifier(build_encoder())`.")
        yield finding("classifier_scratch", expected, actual, hint=hint)
    yield from trained(names, "classifier_scratch", "history_scratch")


_NOT_FROZEN: Final = message("What was learnt from 55,000 images is lost when 500 labels move it at once.")

EXERCISES: Final = (
    Exercise(
        "build_encoder",
        message("`build_encoder` gives a new encoder each time"),
        ("build_encoder", "CODE_SIZE"),
        _build_encoder,
    ),
    Exercise(
        "build_classifier",
        message("`build_classifier` puts classes on top of an encoder"),
        ("build_encoder", "build_classifier", "CLASSES"),
        _build_classifier,
    ),
    Exercise(
        "frozen",
        message("The classifier learnt while the encoder stood still"),
        ("encoder", "pretrained", "classifier", "history_frozen"),
        _frozen,
    ),
    Exercise(
        "scratch",
        message("The rival is equal, and learnt from nothing"),
        ("encoder", "classifier", "classifier_scratch", "history_scratch", "CLASSES"),
        _scratch,
    ),
)
