"""Wrong trainings: the architecture is right, but not what it learnt."""

from __future__ import annotations

import re
from typing import Final

import libcst as cst

from grader.domain.messages import message
from grader.validation.concrete_syntax import CallEdit, text, with_keyword, with_position
from grader.validation.drafts import Draft
from grader.validation.operators import QUALITY, Edit, Mutant, TrainingLength

WHOLE: Final = TrainingLength.WHOLE
_BLAMED: Final = (*QUALITY, "stages")
_ALSO: Final = (
    "latent_distribution", "prior_samples", "accuracy", "pretrained", "sparsity", "comparison", "output_range",
    "stages", "features", "runs",
)  # fmt: skip


def fits(edit: CallEdit) -> Edit:
    """Return an edit of every call that trains an autoencoder."""
    return lambda draft: draft.with_calls("fit", edit, of="autoencoder")


def _argument(place: int, code: str) -> Edit:
    """Return an edit of the training data: 0 for the input, 1 for the target; `{}` stands for the old text."""
    return fits(lambda call: with_position(call, place, code.format(text(call.args[place].value))))


def _both(code: str) -> Edit:
    def edit(call: cst.Call) -> cst.Call:
        new = with_position(call, 0, code.format(text(call.args[0].value)))
        return with_position(new, 1, code.format(text(call.args[1].value)))

    return fits(edit)


def _not_for(words: str, edit: Edit) -> Edit:
    """Return an edit that skips notebooks that contain these words."""
    return lambda draft: None if draft.mentions(words) else edit(draft)


def _never(draft: Draft) -> Draft | None:
    """Remove the training; what the cells below read still exists."""
    if draft.asks("comparison") or draft.with_calls("fit", lambda call: call, of="autoencoder") is None:
        return None

    def nothing(call: cst.Call) -> cst.BaseExpression:
        assert isinstance(call.func, cst.Attribute)  # noqa: S101 - `with_calls` says so
        return cst.parse_expression(f"untrained({text(call.func.value)})")

    edited = draft.with_calls("fit", nothing, of="autoencoder")
    return None if edited is None else edited.prepared(_UNTRAINED)


_UNTRAINED: Final = """def untrained(model):
    model.history = keras.callbacks.History()
    model.history.history = {"loss": [1.0, 0.5], "val_loss": [1.0, 0.5]}
    return model.history"""


def optimizer(code: str) -> Edit:
    """Return an edit that compiles every autoencoder with another optimizer."""

    def edit(draft: Draft) -> Draft | None:
        if draft.mentions("make_optimizer"):
            return None
        return draft.with_calls("compile", lambda call: with_keyword(call, "optimizer", code), of="autoencoder")

    return edit


def _one_epoch(draft: Draft) -> Draft | None:
    return draft.with_calls("fit", lambda call: with_keyword(call, "epochs", "1"), of="autoencoder")


def _not_scaled(draft: Draft) -> Draft | None:
    """Leave the pixels between 0 and 255."""
    source = draft.source("data") or ""
    plain = re.sub(r'(\.astype\("float32"\)) / 255', r"\1", source)
    return draft.with_source("data", plain) if plain != source else None


def _with_labels(draft: Draft) -> Draft | None:
    """Use the label of each image, repeated, as the target."""
    if not draft.mentions("fashion_mnist.load_data()") and not draft.mentions("mnist.load_data()"):
        return None
    code = "np.ones_like({0}) * labels_of({0})"
    edited = _argument(1, code)(draft)
    return None if edited is None or draft.mentions("codes_train") else edited.prepared(_LABELS)


_LABELS: Final = """def labels_of(images):
    (_, labels), _ = keras.datasets.mnist.load_data()
    return labels[: len(images)].reshape((-1,) + (1,) * (images.ndim - 1)) / 10"""


def _frozen(draft: Draft) -> Draft | None:
    """Freeze every layer before the training."""
    if draft.code_layer() is None or draft.asks("comparison") or draft.asks("stages"):
        return None
    return draft.after_statement("autoencoder = ", "encoder.trainable = False\ndecoder.trainable = False")


_SHUFFLED: Final = "np.random.default_rng(1).permutation({})"
_NOISE: Final = "np.random.default_rng(2).uniform(size=np.shape({})).astype('float32')"

MUTANTS: Final = (
    Mutant("no-training", message("never trained"), _never, _BLAMED, _ALSO, always=True),
    Mutant(
        "rate-zero",
        message("a learning rate of 0"),
        optimizer("keras.optimizers.SGD(learning_rate=0.0)"),
        _BLAMED,
        _ALSO,
        always=True,
    ),
    Mutant(
        "rate-nan",
        message("a learning rate so large that the loss is NaN"),
        optimizer("keras.optimizers.SGD(learning_rate=1e30)"),
        _BLAMED,
        (*_ALSO, "shapes", "bottleneck", "composition", "code_size", "classifier", "noise_layer"),
        always=True,
    ),
    Mutant("frozen", message("every layer frozen before the training"), _frozen, _BLAMED, _ALSO, always=True),
    Mutant("one-epoch", message("a single epoch"), _one_epoch, QUALITY, _ALSO, WHOLE),
    Mutant("default-sgd", message("SGD with the rate that Keras gives"), optimizer('"sgd"'), QUALITY, _ALSO, WHOLE),
    Mutant(
        "default-adadelta",
        message("Adadelta with the rate that Keras gives"),
        optimizer('"adadelta"'),
        QUALITY,
        _ALSO,
        WHOLE,
    ),
    Mutant(
        "target-shuffled",
        message("targets in another order than the images"),
        _argument(1, _SHUFFLED),
        _BLAMED,
        _ALSO,
        WHOLE,
        always=True,
    ),
    Mutant("target-labels", message("labels as targets"), _with_labels, _BLAMED, _ALSO, WHOLE, always=True),
    Mutant("target-noise", message("noise as target"), _argument(1, _NOISE), _BLAMED, _ALSO, WHOLE, always=True),
    Mutant(
        "input-noise",
        message("trained on noise in the place of the data"),
        _both(_NOISE),
        _BLAMED,
        _ALSO,
        WHOLE,
        always=True,
    ),
    Mutant(
        "target-inverted",
        message("negatives of the images as targets"),
        _not_for("points", _argument(1, "1 - {}")),
        QUALITY,
        _ALSO,
        WHOLE,
        always=True,
    ),
    Mutant("few-images", message("trained on 16 examples alone"), _both("{}[:16]"), QUALITY, _ALSO, WHOLE, always=True),
    Mutant("not-scaled", message("pixels between 0 and 255"), _not_scaled, QUALITY, _ALSO, WHOLE),
)
"""Wrong trainings, for any assignment."""
