"""Errors that raise no exception: frequent in real notebooks, and silent in all of them.

Each is a pure function of what zone M (the measuring process) found and of how the notebook claims to have trained;
findings that rest on claims alone say so. Errors visible only in the code are in `grader.inspection.source`. None of
them earns or costs a point: `grader inspect` knows no rubric.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.architecture import shape_size
from grader.domain.datasets import image_numbers
from grader.domain.grade import Finding
from grader.domain.inspection import Outline, Remark
from grader.domain.messages import Message, message, verbatim
from grader.inspection.recognition import (
    ClaimedTraining,
    expects_noise,
    is_penalised,
    noise_comes_first,
    output_layer,
)
from grader.inspection.source import WHY_PART_OF_THE_LOSS

NOTHING_LEARNT: Final = 0.1
"""Skill below which a model is hardly better than the mean image."""

_BELOW_ZERO: Final = -0.05
_ABOVE_ONE: Final = 1.05
_BOUNDED_BELOW: Final = frozenset({"sigmoid", "relu", "softmax", "softplus", "exponential", "hard_sigmoid"})
_BOUNDED_ABOVE: Final = frozenset({"sigmoid", "softmax", "tanh", "hard_sigmoid"})
_UNBOUNDED: Final = frozenset({"linear", "relu", "tanh", "selu", "elu", "gelu", "leaky_relu", "softplus"})
_ENCODER = re.compile(r"(?<!auto)(?<!auto_)encod|(?<!auto)(?<!auto_)(?<!de)codific|κωδικοπ", re.IGNORECASE)
_NO_ENCODER = re.compile(r"decod|decodific|classif|clasific", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InspectedAutoencoder:
    """One autoencoder, and its context.

    Attributes:
        outline: What zone M found.
        training: How it was trained.
        outlines: All autoencoders of the notebook.
        uses_added_losses: Whether the code reads `model.losses`, as a loop must do to use the penalties of layers.
        some_classes: Whether it was trained on images of some classes only, but measured on all.
    """

    outline: Outline
    training: ClaimedTraining
    outlines: Sequence[Outline] = ()
    uses_added_losses: bool = True
    some_classes: bool = False


def is_trained(outline: Outline, training: ClaimedTraining) -> bool:
    """Return whether an autoencoder was trained: a training of it was seen to end, or its reconstructions show it.

    Random weights reconstruct images far worse than the mean image does.
    """
    seen = any(fit.completed or fit.how != "fit" for fit in training.fits)
    return seen or (outline.skill or 0.0) > 0


def mistakes_of(case: InspectedAutoencoder) -> tuple[Remark, ...]:
    """Return the silent errors of one autoencoder."""
    found = {
        "never_trained": _never_trained(case),
        "weights_not_finite": _not_finite(case),
        "nothing_learnt": _nothing_learnt(case),
        "code_bypassed": _code_bypassed(case),
        "code_too_wide": _code_too_wide(case),
        "output_out_of_reach": _output_out_of_reach(case),
        "softmax_on_pixels": _softmax_on_pixels(case),
        "output_and_loss": _output_and_loss(case),
        "encoder_is_autoencoder": _encoder_is_autoencoder(case),
        "encoder_untrained": _encoder_untrained(case),
        "shared_weights": _shared_with_another(case),
        "penalty_unused": _penalty_without_loss(case),
    }
    return tuple(Remark(kind, finding) for kind, finding in found.items() if finding is not None)


# Training


def _never_trained(case: InspectedAutoencoder) -> Finding | None:
    if is_trained(case.outline, case.training) or case.training.without_keras:  # a loop that was not observed
        return None
    broke_off = bool(case.training.fits)
    return Finding(
        where=_named(case),
        expected=message("A trained model."),
        actual=message("Its training ended with an error.") if broke_off else message("It was not trained."),
        why=message("Its weights are the random ones that it was made with."),
        hint=message("Does `fit` run, and on this model rather than on another one of the same name?"),
    )


def _not_finite(case: InspectedAutoencoder) -> Finding | None:
    if not case.outline.not_finite:
        return None
    fit = next((one for one in case.training.fits if one.input_maximum is not None), None)
    compiled = dict(case.training.compiled)
    return Finding(
        where=_named(case),
        expected=message("Weights that are numbers."),
        actual=message("Its weights are NaN or infinite.")
        if fit is None or fit.input_minimum is None or fit.input_maximum is None
        else message(
            "Its weights are NaN or infinite, after training on numbers from {low:.3g} to {high:.3g} with {optimizer} "
            "at a rate of {rate}.",
            low=fit.input_minimum,
            high=fit.input_maximum,
            optimizer=verbatim(compiled.get("optimizer") or "–"),
            rate=verbatim(_short(compiled.get("learning_rate"))),
        ),
        why=message("Once a weight is NaN, all answers are, and no further training makes it a number again."),
        hint=message(
            "The usual causes: pixels that were never divided by 255, a learning rate that is too large, the logarithm "
            "or the root of 0 or a division by 0 in a loss of your own, NaN in the data. The loss of which epoch is "
            "the first NaN?"
        ),
    )


def _short(number: str | None) -> str:
    """Write a learning rate with three digits: Keras stores 0.1 as 0.10000000149."""
    try:
        return f"{float(number or ''):.3g}"
    except ValueError:
        return "–"


def _nothing_learnt(case: InspectedAutoencoder) -> Finding | None:
    skill = case.outline.skill
    known = is_trained(case.outline, case.training) or case.training.without_keras
    if skill is None or skill >= NOTHING_LEARNT or not known:
        return None
    # Other noise than ours, or an encoder later changed by a classifier, spoils the images of good models.
    if expects_noise(case.outline, case.training) or case.outline.classifies or case.some_classes:
        return None
    if any(fit.epochs_asked and not fit.stood_still for fit in case.training.fits):  # we ended it before it could learn
        return None
    epochs = sum(fit.epochs for fit in case.training.fits)
    return Finding(
        where=_named(case),
        expected=message("Reconstructions that are clearly better than the mean image."),
        actual=message(
            "On hidden images of MNIST and Fashion-MNIST they are no better. Epochs seen: {epochs}.", epochs=epochs
        ),
        why=message("Such a model has learnt what all images have in common and nothing of any single one."),
        hint=message(
            "Look at the optimizer's learning rate, at the range of the pixels, and at the target of `fit`. If it was "
            "trained on other images than these, this says nothing of it."
        ),
    )


# The code


def _code_bypassed(case: InspectedAutoencoder) -> Finding | None:
    joins = any(len(set(layer.inputs)) > 1 for layer in case.outline.architecture.layers)
    if case.outline.code_size is not None or not joins or _is_kept_honest(case):
        return None
    return Finding(
        where=_named(case),
        expected=message("A narrowest point through which everything must pass."),
        actual=message("A connection leads round every narrow layer."),
        why=message("If something bypasses the code, the code need not contain it and may describe nothing."),
        hint=message("Which layers put two ways together (Add, Concatenate), and where does each way begin?"),
    )


def _code_too_wide(case: InspectedAutoencoder) -> Finding | None:
    architecture = case.outline.architecture
    taken = shape_size(architecture.input_shape)
    joins = any(len(set(layer.inputs)) > 1 for layer in architecture.layers)
    seen = bool(architecture.layers)  # the narrowest layer of a graph is unknown
    if case.outline.code_size is not None or taken is None or not seen or joins or _is_kept_honest(case):
        return None
    return Finding(
        where=_named(case),
        expected=message("A code of fewer numbers than the input has, or noise, or a penalty."),
        actual=message("Nowhere fewer than the {count} numbers of the input.", count=taken),
        why=message("A code as wide as the image can hold a copy of it: the network then need find no patterns."),
        hint=message("Count the numbers after each layer: where is the narrowest point?"),
    )


def _is_kept_honest(case: InspectedAutoencoder) -> bool:
    """Return whether noise, a penalty or a distribution keeps a wide code from copying the input."""
    outline, training = case.outline, case.training
    return (
        outline.is_variational
        or noise_comes_first(outline.architecture)
        or is_penalised(outline.architecture, training)
        or expects_noise(outline, training)
    )


# The output


def _output_out_of_reach(case: InspectedAutoencoder) -> Finding | None:
    """The output activation cannot reach the data's values."""
    output = output_layer(case.outline.architecture)
    fit = next((one for one in case.training.fits if one.input_minimum is not None and one.same_target), None)
    if output is None or fit is None or fit.input_minimum is None or fit.input_maximum is None:
        return None
    too_low = fit.input_minimum < _BELOW_ZERO and output.activation in _BOUNDED_BELOW
    too_high = fit.input_maximum > _ABOVE_ONE and output.activation in _BOUNDED_ABOVE
    too_low = too_low or (fit.input_minimum < -_ABOVE_ONE and output.activation == "tanh")
    if not too_low and not too_high:
        return None
    return Finding(
        where=_named(case),
        expected=message("An output that can be any number that the data hold."),
        actual=message(
            "Data from {low:.3g} to {high:.3g}, and an output with {activation}.",
            low=fit.input_minimum,
            high=fit.input_maximum,
            activation=verbatim(output.activation),
        ),
        why=message("What the activation cannot give is lost, however long the network is trained."),
        hint=message("Which numbers can this activation return? Scale the data to them, or choose another activation."),
    )


def _softmax_on_pixels(case: InspectedAutoencoder) -> Finding | None:
    architecture = case.outline.architecture
    output = output_layer(architecture)
    if output is None or output.activation != "softmax" or shape_size(architecture.output_shape) not in image_numbers():
        return None
    if output.output_shape[-1] == 1:
        return None
    return Finding(
        where=_named(case),
        expected=message("An output whose pixels do not depend on each other's sum."),
        actual=message("The output layer has a softmax."),
        why=message("A softmax makes numbers that add up to 1. The pixels of an image do not."),
        hint=message("Which activation gives every pixel its own number between 0 and 1?"),
    )


def _output_and_loss(case: InspectedAutoencoder) -> Finding | None:
    """Binary cross-entropy of numbers that are not probabilities and not declared as logits."""
    output = output_layer(case.outline.architecture)
    loss = case.training.loss.replace("_", "").lower()
    if output is None or loss != "binarycrossentropy" or not (output.traits.learns and output.traits.activation_last):
        return None
    if output.activation not in _UNBOUNDED:
        return None
    return Finding(
        where=_named(case),
        expected=message("Numbers between 0 and 1 under binary cross-entropy, or `from_logits=True`."),
        actual=message(
            "An output with {activation} under binary cross-entropy.", activation=verbatim(output.activation)
        ),
        why=message(
            "Keras cuts off what lies outside [0, 1] before it takes logarithms: no gradient comes from there."
        ),
        hint=message("Which activation suits this loss, or which loss this activation?"),
    )


# Other models


def _encoder_is_autoencoder(case: InspectedAutoencoder) -> Finding | None:
    name = next((name for name in case.outline.twins if is_called_encoder(name)), None)
    if name is None:
        return None
    return Finding(
        where=message("The model “{name}”", name=verbatim(name)),
        expected=message("An encoder that returns the code."),
        actual=message(
            "It returns the whole reconstruction: it is the autoencoder “{other}”.", other=_verbatim_name(case)
        ),
        why=message("Whoever plots or compares its answers looks at images and not at codes."),
        hint=message("Which tensor did you give to the encoder as its output?"),
    )


def _encoder_untrained(case: InspectedAutoencoder) -> Finding | None:
    name = next((name for name in case.outline.strays if is_called_encoder(name)), None)
    if name is None:
        return None
    return Finding(
        where=message("The model “{name}”", name=verbatim(name)),
        expected=message("An encoder made of the layers that were trained in “{other}”.", other=_verbatim_name(case)),
        actual=message("It holds weights that no training changed."),
        why=message("Its codes are those of a random network, and no decoder can read them."),
        hint=message("Was a layer called anew here, `Dense(…)(x)`, instead of using the tensor of the trained graph?"),
    )


def is_called_encoder(name: str) -> bool:
    """Return whether a name contains encoder, in Spanish, English or Greek, and neither autoencoder nor decoder."""
    last = name.rpartition(".")[2]
    return bool(_ENCODER.search(last)) and not _NO_ENCODER.search(last)


def _shared_with_another(case: InspectedAutoencoder) -> Finding | None:
    outline = case.outline
    other = next((one for one in case.outlines if _is_rival(outline, one)), None)
    if other is None:
        return None
    return Finding(
        where=_named(case),
        expected=message("Weights of its own."),
        actual=message("It shares weights with “{other}”.", other=verbatim(other.name)),
        why=message("Both were trained, and training one changes the other: what is compared are not two models."),
        hint=message("Build the layers anew for each model, in a function."),
    )


def _is_rival(outline: Outline, other: Outline) -> bool:
    """Return whether two autoencoders were each trained and share arrays, although neither is part of the other."""
    if other.model == outline.model or other.model not in outline.relatives:
        return False
    nested = other.model in outline.part_of or outline.model in other.part_of
    return not nested and outline.model in outline.trained_by and other.model in other.trained_by


def _penalty_without_loss(case: InspectedAutoencoder) -> Finding | None:
    """A loop of the notebook's own that never adds the penalties of the model's layers."""
    training = case.training
    by_loop = bool(training.fits) and all(fit.how == "loop" for fit in training.fits)
    if not by_loop or case.uses_added_losses or not is_penalised(case.outline.architecture, training):
        return None
    return Finding(
        where=_named(case),
        expected=message("A loss with the penalty of its layers in it."),
        actual=message("The training loop never reads `model.losses`."),
        why=WHY_PART_OF_THE_LOSS,
        hint=message("`fit` adds the penalties of layers by itself. Who adds them in a loop of your own?"),
    )


def _named(case: InspectedAutoencoder) -> Message:
    return message("The model “{name}”", name=_verbatim_name(case))


def _verbatim_name(case: InspectedAutoencoder) -> Message:
    return verbatim(case.outline.name)
