"""Wrong layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import libcst as cst

from grader.domain.layer_kinds import traits_of
from grader.domain.messages import message
from grader.validation.concrete_syntax import text, with_keyword, with_position
from grader.validation.drafts import WEIGHTED, Draft, LayerCall
from grader.validation.operators import NO_OUTPUT_ACTIVATION, TWICE_THE_CODE, Edit, Mutant

CODE_SIZE: Final = re.compile(r"^CODE_SIZE = (\d+)$", re.MULTILINE)
_LEARNT: Final = ("reconstruction", "denoising", "plane", "stages", "pretrained", "accuracy", "sparsity", "comparison")


def _code_of(change: Callable[[int], int]) -> Edit:
    """Return an edit that changes how many numbers a code holds."""

    def edit(draft: Draft) -> Draft | None:
        if draft.facts.code_size is None:
            return None
        constant = next((found for cell in draft.code_cells if (found := CODE_SIZE.search(cell.source))), None)
        if constant is not None:
            return draft.instead(constant[0], f"CODE_SIZE = {change(int(constant[1]))}")
        return _other_channels(draft, change)

    return edit


def _other_channels(draft: Draft, change: Callable[[int], int]) -> Draft | None:
    """Change the channels of a convolutional code: the last convolution, and the decoder's input."""
    layer = draft.code_layer()
    decoder = draft.weighted(encoder=False)
    if layer is None or layer.kind != "Conv2D" or not decoder:
        return None
    old = text(layer.call.args[0].value)
    if not old.isdigit():
        return None
    new = str(change(int(old)))
    edited = draft.with_layer(layer, lambda call: with_position(call, 0, new))
    source = edited.source(decoder[0].cell_id) or ""
    asked = re.sub(rf"(keras\.Input\(shape=\(\d+, \d+, ){old}\)", rf"\g<1>{new})", source)
    return edited.with_source(decoder[0].cell_id, asked) if asked != source else None


def _activation(draft: Draft, layer: LayerCall | None, name: str) -> Draft | None:
    return (
        None if layer is None else draft.with_layer(layer, lambda call: with_keyword(call, "activation", f'"{name}"'))
    )


def _hidden_activation(name: str) -> Edit:
    """Return an edit that changes the first activation to one that the rubric does not allow."""

    def edit(draft: Draft) -> Draft | None:
        if draft.allows("activations", name):
            return None
        found = [one for one in draft.weighted(encoder=True) if one.keyword("activation") not in (None, f'"{name}"')]
        if not found and name != "linear" and draft.allows("activations", "linear"):
            found = list(draft.weighted(encoder=True))
        return _activation(draft, found[0] if found else None, name)

    return edit


def _output_activation(name: str) -> Edit:
    def edit(draft: Draft) -> Draft | None:
        layer = draft.output_layer()
        if draft.allows("output_activations", name) or layer is None or layer.keyword("activation") == f'"{name}"':
            return None
        return _activation(draft, layer, name)

    return edit


def _without_a_layer(draft: Draft) -> Draft | None:
    """Remove a hidden layer without causing a wrong shape."""
    hidden = [
        one
        for one in (*draft.hidden_layers(encoder=True), *draft.hidden_layers(encoder=False))
        if one.model in ("encoder", "decoder")
    ]
    safe = [one for one in hidden if one.kind in ("Dense", "LSTM") or one.keyword("padding") == '"same"']
    fit = [one for one in safe if one.keyword("strides") is None and "*" not in text(one.call.args[0].value)]
    if not fit:
        return None
    nothing = cst.parse_expression('layers.Activation("linear")')
    return draft.with_layer(fit[0], lambda _: nothing)


def _with_a_layer(draft: Draft) -> Draft | None:
    found = draft.weighted(encoder=True)
    if not found or found[0].model != "encoder":
        return None
    new = {
        "Dense": 'layers.Dense(77, activation="{}")',
        "Conv2D": 'layers.Conv2D(8, 3, padding="same", activation="{}")',
        "LSTM": "layers.LSTM(77, return_sequences=True)",
    }[found[0].kind]
    return draft.beside(found[0], new.format((found[0].keyword("activation") or '"linear"').strip('"')), before=True)


def _other_width(draft: Draft) -> Draft | None:
    hidden = [one for one in draft.hidden_layers(encoder=True) if one.kind in WEIGHTED]
    if not hidden or hidden[0].model != "encoder":
        return None
    width = text(hidden[0].call.args[0].value)
    return draft.with_layer(hidden[0], lambda call: with_position(call, 0, f"{width} - 7"))


def _swapped_widths(draft: Draft) -> Draft | None:
    hidden = draft.hidden_layers(encoder=True)
    if len(hidden) < 2:
        return None
    first, second = (text(one.call.args[0].value) for one in hidden[:2])
    if first == second or any(traits_of(one.kind).convolutional for one in hidden[:2]) or hidden[0].model != "encoder":
        return None
    swapped = draft.with_layer(hidden[0], lambda call: with_position(call, 0, second))
    return swapped.with_layer(hidden[1], lambda call: with_position(call, 0, first))


def _dense_in_a_convolution(draft: Draft) -> Draft | None:
    layer = draft.code_layer()
    if (
        layer is None
        or layer.kind != "Conv2D"
        or not any("Dense" in str(item.parameters.get("forbidden")) for item in draft.assignment.rubric)
    ):
        return None
    units = text(layer.call.args[0].value)
    return draft.beside(layer, f'layers.Dense({units}, activation="relu")')


def _other_padding(draft: Draft) -> Draft | None:
    layer = draft.code_layer()
    if layer is None or layer.keyword("padding") != '"same"' or not draft.mentions("GlobalAveragePooling2D"):
        return None
    return draft.with_layer(layer, lambda call: with_keyword(call, "padding", '"valid"'))


def _too_large(draft: Draft) -> Draft | None:
    """Omit the convolution that crops: images of 32×32 come out."""
    found = [
        one for one in draft.weighted(encoder=False) if one.kind == "Conv2D" and one.keyword("padding") == '"valid"'
    ]
    if not found:
        return None
    return draft.with_layer(found[0], lambda call: with_keyword(call, "padding", '"same"'))


def _one_step_out(draft: Draft) -> Draft | None:
    found = [one for one in draft.weighted(encoder=False) if one.keyword("return_sequences") is not None]
    if not found:
        return None
    return draft.with_layer(found[0], lambda call: with_keyword(call, "return_sequences", None))


def _no_bottleneck_in_time(draft: Draft) -> Draft | None:
    """Let the encoder return a code for each row, and the decoder read them all."""
    layer = draft.code_layer()
    if layer is None or layer.kind != "LSTM":
        return None
    edited = draft.with_layer(layer, lambda call: with_keyword(call, "return_sequences", "True"))
    return (
        edited.instead(
            "keras.Input(shape=(CODE_SIZE,)),\n        layers.RepeatVector(STEPS),",
            "keras.Input(shape=(STEPS, CODE_SIZE)),",
        )
        or edited
    ).instead("shape=(None,", "shape=(STEPS,")


def _fixed_length(draft: Draft) -> Draft | None:
    declared = "keras.Input(shape=(None, PIXELS_PER_STEP))"
    return draft.instead(declared, f"{declared}, layers.Reshape((STEPS, PIXELS_PER_STEP))")


def _normalised(draft: Draft) -> Draft | None:
    found = draft.weighted(encoder=True)
    if not draft.sets("layers", "allow_batch_normalization", False) or not found or found[0].model != "encoder":  # noqa: FBT003
        return None
    return draft.beside(found[0], "layers.BatchNormalization()")


def _cut_brightness(draft: Draft) -> Draft | None:
    layer = draft.output_layer()
    return None if layer is None or layer.model != "decoder" else draft.beside(layer, "layers.ReLU(max_value=0.3)")


MUTANTS: Final = (
    Mutant(
        "code-one-wider",
        message("a code with one number too many"),
        _code_of(lambda size: size + 1),
        ("code_size",),
        ("runs", "layers", "bottleneck", *_LEARNT),
    ),
    Mutant(
        "code-double",
        TWICE_THE_CODE,
        _code_of(lambda size: 2 * size),
        ("code_size",),
        ("runs", "layers", "bottleneck", "mirror", *_LEARNT),
    ),
    Mutant(
        "code-half",
        message("a code of half the size"),
        _code_of(lambda size: size // 2),
        ("code_size",),
        ("runs", "layers", *_LEARNT),
    ),
    Mutant(
        "hidden-linear", message("a hidden layer without its activation"), _hidden_activation("linear"), ("layers",)
    ),
    Mutant("hidden-tanh", message("tanh in a hidden layer"), _hidden_activation("tanh"), ("layers",)),
    Mutant("hidden-sigmoid", message("a sigmoid in a hidden layer"), _hidden_activation("sigmoid"), ("layers",)),
    Mutant(
        "output-softmax",
        message("softmax over the pixels"),
        _output_activation("softmax"),
        ("layers",),
        ("bottleneck",),
    ),
    Mutant("output-relu", message("ReLU on the output"), _output_activation("relu"), ("layers",), ("output_range",)),
    Mutant("output-tanh", message("tanh on the output"), _output_activation("tanh"), ("layers",), ("output_range",)),
    Mutant(
        "output-linear",
        NO_OUTPUT_ACTIVATION,
        _output_activation("linear"),
        ("layers", "output_range"),
    ),
    Mutant(
        "layer-missing", message("a hidden layer left out"), _without_a_layer, ("layers", "mirror"), ("noise_layer",)
    ),
    Mutant("layer-extra", message("one hidden layer too many"), _with_a_layer, ("layers", "mirror"), ("noise_layer",)),
    Mutant("width-changed", message("a hidden layer of another width"), _other_width, ("layers", "mirror")),
    Mutant("widths-swapped", message("two hidden layers in the wrong order"), _swapped_widths, ("layers", "mirror")),
    Mutant(
        "dense-in-convolution",
        message("a dense layer among the convolutions"),
        _dense_in_a_convolution,
        ("layer_kinds", "layers"),
    ),
    Mutant("padding-changed", message("another padding"), _other_padding, ("layers",)),
    Mutant(
        "output-too-large",
        message("images of 32×32 come out"),
        _too_large,
        ("shapes", "layers"),
        ("runs", *_LEARNT, "bottleneck"),
    ),
    Mutant(
        "one-step-out",
        message("a decoder that returns its last step alone"),
        _one_step_out,
        ("shapes", "layers"),
        ("runs", "models", "code_size", "any_length", "composition", "bottleneck", *_LEARNT),
    ),
    Mutant(
        "code-for-each-step",
        message("an encoder that returns a code for every row"),
        _no_bottleneck_in_time,
        ("code_size", "layers"),
        ("runs", "bottleneck", "any_length", *_LEARNT),
    ),
    Mutant("fixed-length", message("a recurrent encoder for one length only"), _fixed_length, ("any_length",)),
    Mutant(
        "normalised", message("BatchNormalization where it is not allowed"), _normalised, ("layers",), ("noise_layer",)
    ),
    Mutant(
        "brightness-cut",
        message("an output that cannot be brighter than 0.3"),
        _cut_brightness,
        ("layers",),
        ("runs", *_LEARNT),
    ),
)
"""Wrong layers."""
