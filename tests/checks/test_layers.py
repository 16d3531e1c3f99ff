"""`layers`: each difference costs the share of one layer, and is reported with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.verdict import Verdict
from grader.domain.architecture import Architecture
from grader.domain.assignment import ParameterValue
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity, Role

from .builders import FACTS, chain, dense, dense_chain, item, measured, models, plain, stacked, subject
from .reading import Told, english, findings

PLACE = "The autoencoder, layer {} (counting no Flatten, Reshape, normalisation or noise)"


def check(architecture: Architecture, **parameters: ParameterValue) -> Verdict:
    found = subject(measurements=measured(models(architecture)))
    return CHECKS["layers"].function(found, item("layers", **parameters))


def test_right_layers_are_counted() -> None:
    """The four Dense layers of the course."""
    assert english(check(stacked()).message) == "All layers are those asked for: 4."


def test_a_wrong_width_costs_a_quarter() -> None:
    """One of four layers."""
    verdict = check(dense_chain(120, 30, 100, 784))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, 0.75)
    assert english(verdict.message) == "Differences from the layers asked for: 1."
    assert findings(verdict) == [
        Told(
            where=PLACE.format(1),
            expected="Dense(units=100)",
            actual="Dense(units=120)",
            why=(
                "The layers narrow step by step to the code and widen again: their widths decide how much passes and "
                "how much the network can learn."
            ),
            hint="Compare this row of `summary()` with the assignment's table.",
        )
    ]


def test_linear_hidden_layers_are_told_what_they_can_do() -> None:
    """R7 of the catalogue: a linear autoencoder is PCA, and has the better loss."""
    verdict = check(dense_chain((100, "linear"), (30, "linear"), (100, "linear"), 784))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, 0.25)
    assert findings(verdict)[0] == Told(
        where=PLACE.format(1),
        expected="Dense(activation=relu | selu)",
        actual="Dense(activation=linear)",
        why=(
            "Layers without an activation melt into one linear map, however many there are: such a network can do no "
            "more than PCA."
        ),
        hint="Which activation does the layer have when you name none? Read what the assignment says of it.",
    )


@pytest.mark.parametrize("last", ["relu", "softmax", "tanh"])
def test_a_wrong_output_activation_is_told_what_pixels_are(last: str) -> None:
    """R10 and R11 of the catalogue."""
    (finding,) = findings(check(dense_chain(100, 30, 100, (784, last))))
    assert finding.expected == "Dense(activation=linear | sigmoid)"
    assert finding.actual == f"Dense(activation={last})"
    assert finding.why.startswith("Pixels lie between 0 and 1, each by itself")
    assert finding.hint == (
        f"Which numbers can come out of `{last}`, and which ones should the last layer give? Read what the assignment "
        "says of it."
    )


def test_a_hidden_activation_that_was_named_is_not_asked_what_it_is_when_nobody_names_it() -> None:
    """That question is for a layer without one."""
    (finding,) = findings(check(dense_chain((100, "tanh"), 30, 100, 784)))
    assert finding.hint == "Which activation does the assignment ask for in this layer, and where is yours written?"


def test_another_hidden_activation_is_told() -> None:
    """The tanh is neither right nor linear."""
    (finding,) = findings(check(dense_chain((100, "tanh"), 30, 100, 784)))
    assert finding.why == (
        "The activation decides which patterns a layer can tell apart, and whether deep networks still learn."
    )
    assert finding.hint == ("Which activation does the assignment ask for in this layer, and where is yours written?")


def test_a_missing_layer_is_told_whole() -> None:
    """R19 of the catalogue: one hidden layer where two are asked for."""
    assert findings(check(dense_chain(100, 30, 784))) == [
        Told(
            where="The autoencoder, where layer 3 should be",
            expected="Dense(units=100, activation=relu | selu)",
            actual="No such layer.",
            why=(
                "Each layer does one step of the way to the code and back: with a step less, the network finds simpler "
                "patterns."
            ),
            hint="Write down the sizes on the way from the input to the code and back: which step is not there?",
        )
    ]


def test_an_extra_layer_is_told_whole() -> None:
    """Too powerful a network learns nothing useful."""
    assert findings(check(dense_chain(100, 50, 30, 100, 784))) == [
        Told(
            where=PLACE.format(2),
            expected="No layer here.",
            actual="Dense(units=50, activation=relu)",
            why="Too powerful a network learns nothing useful: it memorises its data instead of finding patterns.",
            hint="Compare `summary()` with the assignment's table, row by row: which row has no counterpart?",
        )
    ]


def test_a_skip_connection_is_told_as_such() -> None:
    """R2 of the catalogue."""
    layers = [*stacked().layers[:5], plain("Add", before=(784,)), stacked().layers[5]]
    (finding,) = findings(check(chain(layers, entry=(28, 28))))
    assert finding.actual == "Add()"
    assert finding.why == (
        "A connection that joins two branches can carry the input past the code: the network then copies it and "
        "need find no patterns."
    )


def test_another_kind_is_told_with_all_its_settings() -> None:
    """Kind, width and activation, side by side."""
    layers = list(stacked().layers)
    layers[1] = plain("GRU", before=(784,), after=(90,), units=90, activation="tanh")
    (finding,) = findings(check(chain(layers, entry=(28, 28))))
    assert (finding.expected, finding.actual) == (
        "Dense(units=100, activation=relu | selu)",
        "GRU(units=90, activation=tanh)",
    )


def test_the_share_is_never_below_zero() -> None:
    """More differences than layers cost all points and no more."""
    verdict = check(dense_chain(*[(7, "tanh")] * 20))
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0.0)
    assert len(verdict.findings) == 20


def test_the_width_of_the_code_counts_only_where_the_rubric_says_so() -> None:
    """By default `code_size` judges it."""
    assert check(stacked(64)).outcome is Outcome.PASSED
    assert check(stacked(64), ignore_code_units=False).share == 0.75


def test_normalisation_is_accepted_unless_the_rubric_says_no() -> None:
    """A19 of the catalogue: allowed or not by the rubric."""
    layers = [*stacked().layers[:2], plain("BatchNormalization", before=(100,)), *stacked().layers[2:]]
    found = chain(layers, entry=(28, 28))
    assert check(found).outcome is Outcome.PASSED
    assert check(found, allow_batch_normalization=False).share == 0.75


def test_the_rubric_sets_the_activations() -> None:
    """Another assignment asks for tanh and nothing else but the reference's own."""
    found = dense_chain((100, "tanh"), 30, 100, 784)
    assert check(found, activations=("tanh",)).outcome is Outcome.PASSED
    assert check(dense_chain((100, "selu"), 30, 100, 784), activations=()).share == 0.75


@pytest.mark.parametrize("architectures", [{}, {Role.AUTOENCODER: chain((), entry=(28, 28))}])
def test_facts_without_layers_are_our_gap(architectures: dict[Role, Architecture]) -> None:
    """There is nothing to compare with, and that is not the student's doing."""
    found = subject(facts=replace(FACTS, architectures=architectures))
    assert CHECKS["layers"].function(found, item("layers")).outcome is Outcome.UNGRADABLE


def test_a_flat_input_is_as_good_as_an_image() -> None:
    """A11 of the catalogue: Flatten inside, or data reshaped outside."""
    layers = [dense(100, before=(784,)), dense(30, before=(100,)), dense(100, before=(30,))]
    flat = chain([*layers, dense(784, "sigmoid", before=(100,))], entry=(784,))
    assert check(flat).outcome is Outcome.PASSED


# The last activation and the pixels of the training

FREE = ("linear", "sigmoid")


def ended(
    last: str, pixels: tuple[float, float] | None, allowed: tuple[str, ...] = FREE, own: str = "sigmoid"
) -> Verdict:
    """The course's network with another end, trained on these pixels."""
    facts = replace(FACTS, architectures={Role.AUTOENCODER: dense_chain(100, 30, 100, (784, own))})
    found = replace(measured(models(dense_chain(100, 30, 100, (784, last)))), pixels=pixels)
    return CHECKS["layers"].function(
        subject(measurements=found, facts=facts), item("layers", output_activations=allowed)
    )


@pytest.mark.parametrize(
    ("last", "pixels", "right"),
    [
        ("tanh", (-1.0, 1.0), True),
        ("linear", (-1.0, 1.0), True),
        ("sigmoid", (-1.0, 1.0), False),
        ("relu", (-1.0, 1.0), False),
        ("tanh", (-0.5, 0.5), True),
        ("linear", (-0.42, 2.8), True),
        ("tanh", (-0.42, 2.8), False),
        ("sigmoid", (-0.42, 2.8), False),
        ("linear", (0.0, 255.0), True),
        ("sigmoid", (0.0, 255.0), False),
        ("sigmoid", None, True),
        ("tanh", None, False),
    ],
)
def test_the_last_activation_is_judged_with_the_pixels(
    last: str, pixels: tuple[float, float] | None, *, right: bool
) -> None:
    """What a sigmoid is to [0, 1], tanh is to [-1, 1]; what does not reach the pixels is wrong."""
    verdict = ended(last, pixels)
    assert (verdict.outcome, verdict.share) == ((Outcome.PASSED, 1) if right else (Outcome.PARTIAL, 0.75))


@pytest.mark.parametrize(("pixels", "right"), [((-1.0, 1.0), "tanh"), ((-0.42, 2.8), "linear")])
def test_a_sigmoid_that_is_asked_for_has_a_counterpart_for_other_pixels(
    pixels: tuple[float, float], right: str
) -> None:
    """Also where the rubric takes nothing else; the sigmoid itself is then wrong."""
    assert ended(right, pixels, ("sigmoid",)).share == 1
    assert ended("sigmoid", pixels, ("sigmoid",)).share == 0.75


def test_a_relu_stays_right_where_black_is_zero() -> None:
    """Pixels between 0 and 255, and an assignment that takes a relu at the end."""
    assert ended("relu", (0.0, 255.0), ("relu", "sigmoid"), "relu").share == 1
    assert ended("relu", (-1.0, 1.0), ("relu", "sigmoid"), "relu").share == 0.75


def test_a_sigmoid_on_symmetric_pixels_is_told_what_it_cannot_reach() -> None:
    """With the bounds of the training, and what would be right there."""
    (reported,) = findings(ended("sigmoid", (-1.0, 1.0)))
    assert (reported.expected, reported.actual) == ("Dense(activation=tanh | linear)", "Dense(activation=sigmoid)")
    assert reported.why.startswith(
        "The pixels of its training lie between -1 and 1: the last activation must reach all"
    )


# Written differently, the same function


def rewritten(equivalent: Architecture | None, **parameters: ParameterValue) -> Verdict:
    """Four products of matrices in the place of four Dense layers, which equal another network."""
    layers = [plain("Einsum", before=(784,), after=(width,)) for width in (100, 30, 100, 784)]
    found = measured(models(chain(layers, entry=(28, 28))), {Quantity.TRANSPLANT_GAP: 2e-7})
    return CHECKS["layers"].function(
        subject(measurements=replace(found, equivalent=equivalent)), item("layers", **parameters)
    )


def test_another_spelling_of_the_same_function_has_full_credit() -> None:
    """The result rests on the gap that we measured."""
    verdict = rewritten(stacked())
    assert verdict.outcome is Outcome.PASSED
    assert english(verdict.message) == (
        "Written differently, the same function: with the same weights your autoencoder and one of the 4 layers asked "
        "for give the same images."
    )
    assert [m.name for m in verdict.measurements] == [Quantity.TRANSPLANT_GAP]
    assert rewritten(None).outcome is Outcome.FAILED


def test_the_network_that_is_equalled_is_judged_by_the_rubric() -> None:
    """A tanh stays a tanh, however it is written."""
    tanh = dense_chain((100, "tanh"), 30, 100, 784)
    verdict = rewritten(tanh)
    assert verdict.share == 0.75
    assert [finding.actual for finding in findings(verdict)] == ["Dense(activation=tanh)"]
    assert rewritten(tanh, activations=("tanh",)).outcome is Outcome.PASSED


def test_a_transplant_never_costs_a_point() -> None:
    """Where the layers as they stand are nearer to those asked for, they count."""
    right = replace(measured(models(stacked())), equivalent=dense_chain((100, "tanh"), 30, 100, 784))
    verdict = CHECKS["layers"].function(subject(measurements=right), item("layers"))
    assert (verdict.outcome, english(verdict.message)) == (Outcome.PASSED, "All layers are those asked for: 4.")


def test_what_is_written_like_the_reference_is_not_called_another_writing() -> None:
    """The transplant is measured of a right network too, and is no news there."""
    right = replace(measured(models(stacked())), equivalent=stacked())
    verdict = CHECKS["layers"].function(subject(measurements=right), item("layers"))
    assert (verdict.outcome, english(verdict.message)) == (Outcome.PASSED, "All layers are those asked for: 4.")
    assert verdict.measurements == ()
