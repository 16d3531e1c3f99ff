"""`layers`: the layers of the autoencoder are those that the assignment describes."""

from __future__ import annotations

from typing import Final

from grader.checks.core import phrases
from grader.checks.core.absence import NOT_MEASURED, without_autoencoder
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.halves import AUTOENCODER, DECODER, ENCODER, HalvesRule
from grader.checks.core.parameters import Parameter
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share, ungradable
from grader.checks.structure.half_layers import all_layers_right, layers_of_halves
from grader.domain.alignment import COMPARED_ATTRIBUTES, INPUTS, Difference, DifferenceKind, LayerRules
from grader.domain.architecture import AttributeValue, Layer
from grader.domain.assignment import RubricItem
from grader.domain.counted_layers import ACTIVATION
from grader.domain.grade import Finding
from grader.domain.judged_layers import DEFAULTS, judge_layers
from grader.domain.measurement import Measurement, Quantity, Role
from grader.domain.messages import Message, message
from grader.domain.output_activations import Pixels

ACTIVATIONS: Final[Parameter[tuple[str, ...]]] = Parameter(
    "activations",
    DEFAULTS.activations,
    message("activations that are right in hidden layers, besides the reference's own"),
)
OUTPUT_ACTIVATIONS: Final[Parameter[tuple[str, ...]]] = Parameter(
    "output_activations",
    DEFAULTS.output_activations,
    message("activations that are right in the last layer, besides the reference's"),
)
IGNORE_CODE_UNITS: Final = Parameter(
    "ignore_code_units",
    default=DEFAULTS.ignore_code_units,
    meaning=message("leave the width of the code to the check `code_size`"),
)
ALLOW_BATCH_NORMALIZATION: Final = Parameter(
    "allow_batch_normalization",
    default=DEFAULTS.allow_batch_normalization,
    meaning=message("accept BatchNormalization where the reference has none"),
)


def check_layers(subject: Subject, item: RubricItem) -> Verdict:
    """Kinds, widths and activations of the autoencoder's layers, in order, are the reference's.

    Names, nesting, Flatten or Reshape, and the notation of activations never matter; layers that act only in training
    (Dropout, GaussianNoise) may be anywhere. Each difference costs the share of one layer of the reference. The last
    activation is judged together with the pixels of the training: tanh is right for [-1, 1] as a sigmoid is for [0, 1].

    If other layers compute the same function for any weights, the autoencoder is judged by the layers of the
    equivalent network with the reference's layers, which can only earn points.
    """
    absent = without_autoencoder(subject)
    found = subject.model(Role.AUTOENCODER)
    if absent is not None or found is None:
        return absent or ungradable(NOT_MEASURED)
    judged = judge_layers(item.parameters, subject.facts, subject.measurements)
    if judged is None:
        return ungradable(message("The facts of the reference hold no layers to compare with."))
    differences, total = judged.differences, judged.total
    if differences:
        summary = message("Differences from the layers asked for: {count}.", count=len(differences))
    elif judged.is_rewritten:
        summary = message(
            "Written differently, the same function: with the same weights your autoencoder and one of the {count} "
            "layers asked for give the same images.",
            count=total,
        )
    else:
        summary = all_layers_right(count=total)
    numbers = _gap(subject) if judged.is_rewritten else ()
    findings = [_finding(difference, judged.rules, subject.measurements.pixels) for difference in differences]
    return by_share(max(0, total - len(differences)) / total, summary, findings, measurements=numbers)


def _gap(subject: Subject) -> tuple[Measurement, ...]:
    return tuple(m for m in subject.measurements.values.values() if m.name is Quantity.TRANSPLANT_GAP)


# Findings


def _finding(difference: Difference, rules: LayerRules, pixels: Pixels | None) -> Finding:
    return Finding(
        where=_where(difference),
        expected=_expected(difference, rules),
        actual=_actual(difference),
        why=_why(difference, pixels),
        hint=_hint(difference),
    )


def _where(difference: Difference) -> Message:
    number = difference.position + 1
    if difference.kind is DifferenceKind.MISSING:
        return message("The autoencoder, where layer {number} should be", number=number)
    return message(
        "The autoencoder, layer {number} (counting no Flatten, Reshape, normalisation or noise)", number=number
    )


def _expected(difference: Difference, rules: LayerRules) -> Message:
    layer = difference.expected
    if layer is None:
        return message("No layer here.")
    allowed = rules.output_activations if difference.is_output else rules.activations
    settings = _settings(layer, difference)
    if ACTIVATION in settings:
        own = (layer.activation,) if rules.own_output or not difference.is_output else ()
        settings[ACTIVATION] = " | ".join(dict.fromkeys((*own, *allowed)))
    return phrases.layer(layer, settings)


def _actual(difference: Difference) -> Message:
    layer = difference.actual
    if layer is None:
        return message("No such layer.")
    return phrases.layer(layer, _settings(layer, difference))


def _settings(layer: Layer, difference: Difference) -> dict[str, AttributeValue]:
    """Return the attributes to show of a layer: those that differ, or all compared ones if the whole layer differs."""
    whole = difference.kind is not DifferenceKind.CHANGED or "kind" in difference.attributes
    names = COMPARED_ATTRIBUTES if whole else difference.attributes
    held = dict(layer.attributes)
    settings = {name: held.get(name) for name in names if name in held}
    if ACTIVATION in difference.attributes or (whole and layer.activation != "linear"):
        settings[ACTIVATION] = layer.activation
    return settings


def _why(difference: Difference, pixels: Pixels | None) -> Message:
    if difference.kind is DifferenceKind.MISSING:
        return message(
            "Each layer does one step of the way to the code and back: with a step less, the network finds simpler "
            "patterns."
        )
    if difference.kind is DifferenceKind.EXTRA:
        return _why_extra(difference.actual)
    if difference.attributes == (ACTIVATION,):
        return _why_activation(difference, pixels)
    if difference.attributes == (INPUTS,):
        return message(
            "What feeds a layer decides what it can know: a connection from another place carries other numbers."
        )
    return message(
        "The layers narrow step by step to the code and widen again: their widths decide how much passes and how much "
        "the network can learn."
    )


def _why_extra(layer: Layer | None) -> Message:
    if layer is not None and layer.traits.joins:
        return message(
            "A connection that joins two branches can carry the input past the code: the network then copies it "
            "and need find no patterns."
        )
    return message("Too powerful a network learns nothing useful: it memorises its data instead of finding patterns.")


def _why_activation(difference: Difference, pixels: Pixels | None) -> Message:
    if difference.is_output and pixels is not None:
        return message(
            "The pixels of its training lie between {black:.4g} and {white:.4g}: the last activation must reach all of "
            "these values, must not make the pixels depend on each other, and must not block learning.",
            black=pixels[0],
            white=pixels[1],
        )
    if difference.is_output:
        return message(
            "Pixels lie between 0 and 1, each by itself: the last activation must reach all of these values, must not "
            "make the pixels depend on each other, and must not block learning."
        )
    if difference.actual is not None and difference.actual.activation == "linear":
        return message(
            "Layers without an activation melt into one linear map, however many there are: such a network can do no "
            "more than PCA."
        )
    return message(
        "The activation decides which patterns a layer can tell apart, and whether deep networks still learn."
    )


def _hint(difference: Difference) -> Message:
    if difference.kind is DifferenceKind.MISSING:
        return message("Write down the sizes on the way from the input to the code and back: which step is not there?")
    if difference.kind is DifferenceKind.EXTRA:
        return message("Compare `summary()` with the assignment's table, row by row: which row has no counterpart?")
    if difference.attributes == (INPUTS,):
        return message(
            "Draw the network as boxes and arrows: which arrow begins at another box than the one asked for?"
        )
    if difference.attributes == (ACTIVATION,):
        return _activation_hint(difference)
    return message("Compare this row of `summary()` with the assignment's table.")


def _activation_hint(difference: Difference) -> Message:
    """Choose the question for what was found: Keras uses "linear" if no activation is given, and no other one."""
    actual = difference.actual
    if actual is None or actual.activation == "linear":
        return message("Which activation does the layer have when you name none? Read what the assignment says of it.")
    if difference.is_output:
        return message(
            "Which numbers can come out of `{activation}`, and which ones should the last layer give? Read what the "
            "assignment says of it.",
            activation=actual.activation,
        )
    return message("Which activation does the assignment ask for in this layer, and where is yours written?")


CHECKS: Final = (
    Check(
        "layers",
        check_layers,
        Needs((AUTOENCODER, ENCODER, DECODER), TrainingUse.NONE, samples=False, by_layers=True),
        parameters=(ACTIVATIONS, OUTPUT_ACTIVATIONS, IGNORE_CODE_UNITS, ALLOW_BATCH_NORMALIZATION),
        halves=HalvesRule((ENCODER, DECODER), layers_of_halves(check_layers)),
    ),
)
