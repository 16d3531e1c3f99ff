"""Right answers on data in another form: pixels with other bounds, noise from a layer."""

from __future__ import annotations

import re
from typing import Final

import libcst as cst

from grader.domain.messages import message
from grader.validation.concrete_syntax import with_keyword, with_position
from grader.validation.drafts import Draft
from grader.validation.operators import Edit, Equivalent, TrainingLength

_SCALED: Final = re.compile(r'\b(\w+)\.astype\("float32"\) / 255')


def on_pixels(template: str, activation: str) -> Edit:
    """Return an edit that scales the pixels differently and gives the network another final activation.

    For assignments that leave the last activation to the student; with the mean squared error, which takes any pixels.

    Args:
        template: Code in which `{0}` stands for an array of whole numbers from 0 to 255.
        activation: Of the last layer.
    """

    def edit(draft: Draft) -> Draft | None:
        source, output = draft.source("data") or "", draft.output_layer()
        is_free = draft.allows("output_activations", "linear") and draft.allows("output_activations", "sigmoid")
        if not is_free or not draft.asks("mirror") or output is None or not _SCALED.search(source):
            return None
        ended = draft.with_layer(output, lambda call: with_keyword(call, "activation", f'"{activation}"'))
        fitted = ended.with_calls("compile", lambda call: with_keyword(call, "loss", '"mse"'), of="autoencoder")
        scaled = _SCALED.sub(lambda found: template.format(found[1]), source)
        return None if fitted is None else fitted.with_source("data", scaled)

    return edit


SYMMETRIC: Final = '{0}.astype("float32") / 127.5 - 1'
_STANDARDISED: Final = '({0}.astype("float32") - 60) / 85'


def _noise_from_a_layer(draft: Draft) -> Draft | None:
    """Put a noise layer in front of a dense denoiser, and fit it on clean images."""
    output, first = draft.output_layer(), next(iter(draft.weighted(encoder=True)), None)
    if not draft.mentions("X_train_noisy = add_noise") or output is None or output.kind != "Dense" or first is None:
        return None
    noisy = draft.beside(first, "layers.GaussianNoise(NOISE_FACTOR)", before=True)
    return noisy.with_calls("fit", lambda call: with_position(call, 0, "X_train"), of="autoencoder")


def _scaled_inside(draft: Draft) -> Draft | None:
    """Give the network whole numbers, which a layer in front divides; the target lies between 0 and 1."""
    source, first = draft.source("data") or "", next(iter(draft.weighted(encoder=True)), None)
    if not draft.asks("mirror") or first is None or not _SCALED.search(source):
        return None

    def fitted(call: cst.Call) -> cst.Call:
        target = with_position(call, 1, "X_train / 255")
        return with_keyword(target, "validation_data", "(X_valid, X_valid / 255)")

    inside = draft.beside(first, "layers.Rescaling(1 / 255)", before=True).with_calls("fit", fitted, of="autoencoder")
    return None if inside is None else inside.with_source("data", _SCALED.sub(r'\1.astype("float32")', source))


DATA_FORMS: Final = (
    Equivalent(
        "pixels-symmetric",
        message("pixels between -1 and 1, and a tanh at the end"),
        on_pixels(SYMMETRIC, "tanh"),
        TrainingLength.WHOLE,
    ),
    Equivalent(
        "pixels-standardised",
        message("pixels with mean 0 and deviation 1, and a linear end"),
        on_pixels(_STANDARDISED, "linear"),
        TrainingLength.WHOLE,
    ),
    Equivalent(
        "pixels-scaled-inside",
        message("whole numbers, which the network divides by 255 itself"),
        _scaled_inside,
        TrainingLength.WHOLE,
    ),
    Equivalent(
        "noise-from-a-layer",
        message("clean images, and the noise from a layer in front"),
        _noise_from_a_layer,
        TrainingLength.WHOLE,
    ),
)
"""The same lesson on data in another form."""
