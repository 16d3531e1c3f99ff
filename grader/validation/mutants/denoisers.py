"""Wrong denoisers."""

from __future__ import annotations

import re
from typing import Final

from grader.domain.messages import message
from grader.validation.concrete_syntax import with_position
from grader.validation.drafts import Draft
from grader.validation.operators import Edit, Mutant, TrainingLength, instead

WHOLE: Final = TrainingLength.WHOLE


def _noisy(place: int, name: str) -> Edit:
    """Return an edit of the input (0) or the target (1) of the training of a denoiser."""

    def edit(draft: Draft) -> Draft | None:
        if not draft.mentions("X_train_noisy = add_noise"):
            return None
        return draft.with_calls("fit", lambda call: with_position(call, place, name), of="autoencoder")

    return edit


def _swapped(draft: Draft) -> Draft | None:
    edited = _noisy(0, "X_train")(draft)
    return None if edited is None else _noisy(1, "X_train_noisy")(edited)


_NOISE_LINE: Final = re.compile(r"^        noise,\n", re.MULTILINE)


def _noise_elsewhere(draft: Draft) -> Draft | None:
    """Move the noise layer behind the first layer with weights."""
    source = draft.source("encoder") or ""
    if not _NOISE_LINE.search(source):
        return None
    plain = draft.with_source("encoder", _NOISE_LINE.sub("", source))
    return plain.beside(plain.weighted(encoder=True)[0], "noise")


def _noise_at_the_end(draft: Draft) -> Draft | None:
    source = draft.source("encoder") or ""
    output = draft.output_layer()
    if not _NOISE_LINE.search(source) or output is None:
        return None
    plain = draft.with_source("encoder", _NOISE_LINE.sub("", source))
    return plain.beside(output, "noise")


def _without_noise(draft: Draft) -> Draft | None:
    source = draft.source("encoder") or ""
    return draft.with_source("encoder", _NOISE_LINE.sub("", source)) if _NOISE_LINE.search(source) else None


MUTANTS: Final = (
    Mutant(
        "clean-to-clean",
        message("a denoiser trained on clean images"),
        _noisy(0, "X_train"),
        ("denoising",),
        training=WHOLE,
    ),
    Mutant(
        "noisy-to-noisy", message("noisy images as targets"), _noisy(1, "X_train_noisy"), ("denoising",), training=WHOLE
    ),
    Mutant(
        "clean-to-noisy",
        message("input and target of a denoiser changed over"),
        _swapped,
        ("denoising",),
        training=WHOLE,
    ),
    Mutant(
        "noise-too-weak",
        message("a tenth of the noise"),
        instead("NOISE_FACTOR = 0.5", "NOISE_FACTOR = 0.05"),
        ("denoising",),
        training=WHOLE,
    ),
    Mutant(
        "noise-after-dense", message("the noise layer behind the first dense layer"), _noise_elsewhere, ("noise_layer",)
    ),
    Mutant("noise-at-the-end", message("the noise layer behind the output"), _noise_at_the_end, ("noise_layer",)),
    Mutant(
        "noise-rate-zero",
        message("a noise layer that does nothing"),
        instead("layers.Dropout(DROPPED_SHARE)", "layers.Dropout(0.0)"),
        ("noise_layer",),
    ),
    Mutant("noise-missing", message("no noise at all"), _without_noise, ("noise_layer", "denoising"), training=WHOLE),
)
"""Noise on the wrong side, too weak, or in the wrong place."""
