"""Wrong answers about noise, sparsity and codes that are drawn."""

from __future__ import annotations

import re
from typing import Final

from grader.domain.messages import message
from grader.validation.drafts import Draft
from grader.validation.operators import Edit, Mutant, Training
from grader.validation.syntax import with_keyword, with_position

WHOLE: Final = Training.WHOLE


def instead(old: str, new: str) -> Edit:
    """Return an edit that puts one text in place of another, where it stands."""
    return lambda draft: draft.instead(old, new)


# Noise


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
    """Move the noise layer behind the first layer that learns."""
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


# Sparsity

_PENALTY: Final = "layers.ActivityRegularization(l1=penalty),"


def _on_the_weights(draft: Draft) -> Draft | None:
    edited = draft.instead(f"\n            {_PENALTY}", "")
    layer = None if edited is None else edited.code_layer()
    if edited is None or layer is None:
        return None
    return edited.with_layer(
        layer, lambda call: with_keyword(call, "kernel_regularizer", "keras.regularizers.L1(penalty)")
    )


def _rescaled(there: str, back: str) -> Edit:
    """Return an edit that takes the penalty away, changes the numbers of the code and undoes that in the decoder."""

    def edit(draft: Draft) -> Draft | None:
        changed = draft.instead(_PENALTY, f"layers.Rescaling({there}),")
        first = None if changed is None else next(iter(changed.weighted(encoder=False)), None)
        if changed is None or first is None:
            return None
        return changed.beside(first, f"layers.Rescaling({back})", before=True)

    return edit


_BY_UNIT: Final = "np.geomspace({}, {}, CODE_SIZE).tolist()"


# Codes that are drawn


def _beta(value: str) -> Edit:
    return lambda draft: (
        draft.instead("beta = 1.0", f"beta = {value}") if draft.mentions("Sampling(beta=beta") else None
    )


FAMILIES: Final = (
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
    Mutant(
        "no-penalty",
        message("no penalty on the code"),
        instead(f"\n            {_PENALTY}", ""),
        ("sparsity",),
        training=WHOLE,
    ),
    Mutant(
        "penalty-tiny",
        message("a penalty of 1e-14"),
        instead("PENALTY = 0.0001", "PENALTY = 1e-14"),
        ("sparsity",),
        training=WHOLE,
    ),
    Mutant(
        "penalty-on-weights",
        message("the penalty on the weights in the place of the code"),
        _on_the_weights,
        ("sparsity",),
        training=WHOLE,
    ),
    Mutant(
        "code-rescaled",
        message("no penalty, and a code multiplied by 0.001, which the decoder undoes"),
        _rescaled("0.001", "1000.0"),
        ("sparsity",),
        ("layers",),
        WHOLE,
    ),
    Mutant(
        "code-rescaled-by-unit",
        message("no penalty, and each unit of the code multiplied by a number of its own"),
        _rescaled(_BY_UNIT.format("1e-4", "1e-2"), _BY_UNIT.format("1e4", "1e2")),
        ("sparsity",),
        ("layers",),
        WHOLE,
    ),
    Mutant(
        "code-turned-round",
        message("no penalty, and a code that is shifted, turned round and made small"),
        _rescaled("-0.01, offset=0.005", "-100.0, offset=0.5"),
        ("sparsity",),
        ("layers",),
        WHOLE,
    ),
    Mutant(
        "penalty-huge",
        message("a penalty so large that nothing is learnt"),
        instead("PENALTY = 0.0001", "PENALTY = 10.0"),
        ("reconstruction",),
        ("sparsity", "bottleneck"),
        WHOLE,
    ),
    Mutant(
        "no-kl",
        message("no KL divergence in the loss"),
        _beta("0.0"),
        ("latent_distribution",),
        ("elbo", "prior_samples"),
        WHOLE,
    ),
    Mutant(
        "collapse",
        message("a KL divergence that weighs 1000 times too much"),
        _beta("1000.0"),
        ("latent_distribution", "elbo"),
        ("prior_samples",),
        WHOLE,
    ),
    Mutant(
        "no-sampling",
        message("the mean in the place of a draw"),
        instead("        if not training:\n            return mean", "        return mean"),
        ("latent_distribution",),
        ("elbo", "prior_samples", "composition"),
        WHOLE,
    ),
    Mutant(
        "mean-loss",
        message("the cross-entropy averaged over the pixels"),
        instead("return ops.sum(pixels,", "return ops.mean(pixels,"),
        ("latent_distribution", "elbo"),
        ("prior_samples",),
        WHOLE,
    ),
)
"""Wrong denoisers, sparse codes and variational codes."""
