"""`layer_kinds`, `any_length` and `output_range`: properties that hold whatever the architecture."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from grader.checks.core.subject import Subject
from grader.checks.core.verdict import CheckFunction, Verdict
from grader.checks.rubric import rubric_mistakes
from grader.checks.structure.graph_rules import check_any_length, check_layer_kinds, check_output_range
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurement, Measurements, Quantity, Role
from grader.domain.run import StoppedBy

from .builders import IMAGE, TIMED_OUT, diverged, item, killed, measured, models, plain, subject, without
from .family_subjects import changed, family, noisy, numbers, recurrent
from .reading import Told, Whole, english, whole

AUTOENCODER: Final = "The autoencoder, called “autoencoder” in the notebook"


# layer_kinds


def kinds(forbidden: tuple[str, ...] = (), one_of: tuple[str, ...] = ()) -> Verdict:
    """Ask it of an autoencoder of Dense and Reshape layers with an UpSampling2D before them."""
    architecture = noisy(plain("UpSampling2D", before=IMAGE, after=(784,)))
    found = subject(measurements=measured(models(architecture)))
    return check_layer_kinds(found, item("layer_kinds", forbidden=forbidden, one_of=one_of))


@pytest.mark.parametrize(
    ("forbidden", "one_of"),
    [
        ((), ()),
        (("Conv2DTranspose",), ()),
        ((), ("UpSampling2D",)),
        (("Flatten",), ("Conv2D", "UpSampling2D")),
    ],
)
def test_layers_of_the_kinds_asked_for_pass(forbidden: tuple[str, ...], one_of: tuple[str, ...]) -> None:
    """One of several kinds is enough; nothing asked for is nothing to find."""
    assert whole(kinds(forbidden, one_of)) == Whole(
        Outcome.PASSED, 1, "The network is made of the kinds of layer asked for.", [], []
    )


def forbidden_kind(kind: str) -> Told:
    return Told(
        AUTOENCODER,
        f"No layer of the kind `{kind}`.",
        f"`{kind}` is one of its layers.",
        "What this assignment is about is what the other kinds of layer can do without it.",
        "What does this layer do that the layers named in the assignment could not?",
    )


MISSING: Final = Told(
    AUTOENCODER,
    "At least one layer of these kinds: Conv2D, Conv2DTranspose.",
    "There is none.",
    "Without such a layer the network does not do what the assignment is about.",
    "Look at the shapes in `summary()`: which layer should change them, and how?",
)


@pytest.mark.parametrize(
    ("forbidden", "one_of", "reported"),
    [
        (("Dense",), (), [forbidden_kind("Dense")]),
        (("UpSampling2D", "Dense"), (), [forbidden_kind("Dense"), forbidden_kind("UpSampling2D")]),
        ((), ("Conv2D", "Conv2DTranspose"), [MISSING]),
        (("Dense",), ("Conv2D", "Conv2DTranspose"), [forbidden_kind("Dense"), MISSING]),
    ],
    ids=["forbidden", "two forbidden", "missing", "both"],
)
def test_every_wrong_kind_and_a_missing_one_are_told(
    forbidden: tuple[str, ...], one_of: tuple[str, ...], reported: list[Told]
) -> None:
    """Each forbidden kind once, in alphabetical order, however many layers there are of it."""
    assert whole(kinds(forbidden, one_of)) == Whole(
        Outcome.FAILED, 0, "The network is not made of the kinds of layer asked for.", reported, []
    )


def test_kinds_are_lists_in_a_rubric() -> None:
    """A text in their place is the author's mistake."""
    assert rubric_mistakes((item("layer_kinds", forbidden=("Dense",), one_of=("Conv2D",)),)) == ()
    (reported,) = rubric_mistakes((item("layer_kinds", forbidden="Dense"),))
    assert reported.key == ("parameters", "forbidden")
    assert english(reported.reason).startswith("'Dense' stands where something like () belongs: kinds of layer")


# any_length


def test_a_time_axis_that_is_open_passes() -> None:
    """The encoder decides; where there is none, the autoencoder."""
    found = recurrent()
    right = Whole(Outcome.PASSED, 1, "The encoder takes sequences of any length.", [], [])
    assert whole(check_any_length(found, item("any_length"))) == right
    alone = {Role.AUTOENCODER: found.measurements.models[Role.AUTOENCODER]}
    found = family(replace(found.measurements, models=alone))
    assert whole(check_any_length(found, item("any_length"))) == right


def tried(length: int | None, *, runs: bool) -> Subject:
    """A submission whose encoder declares a length and was tried with others."""
    found = recurrent(length)
    value = Measurement(Quantity.ANY_LENGTH, float(runs), "1", "rebuilt with an open length")
    return family(replace(found.measurements, values={**found.measurements.values, value.name: value}))


@pytest.mark.parametrize("length", [None, 28])
def test_layers_that_take_any_length_pass_whatever_the_input_declares(length: int | None) -> None:
    """`Input((28, 28))` is spelling: LSTMs have the same weights at every step."""
    verdict = check_any_length(tried(length, runs=True), item("any_length"))
    assert whole(verdict)[:3] == (Outcome.PASSED, 1, "The encoder takes sequences of any length.")


@pytest.mark.parametrize("length", [None, 28])
def test_layers_that_know_the_length_fail(length: int | None) -> None:
    """A Reshape or a Flatten with a Dense behind it, even under an input that declares any length."""
    verdict = check_any_length(tried(length, runs=False), item("any_length"))
    assert whole(replace(verdict, measurements=())) == Whole(
        Outcome.FAILED,
        0,
        "The encoder takes sequences of one length only.",
        [
            Told(
                "The encoder, called “encoder” in the notebook",
                "An encoder that reads a sequence of any number of steps.",
                "It reads images of 28 rows, and fails with fewer or more.",
                "A recurrent layer has the same weights at every step: nothing in it needs a fixed length.",
                "Which layer of the encoder has to know how many steps there are?",
            )
        ],
        [],
    )


def test_a_fixed_length_that_nobody_tried_waits_for_a_person() -> None:
    """A model that is measured by behaviour is not rebuilt: its layers may take any length."""
    assert check_any_length(recurrent(28), item("any_length")).outcome is Outcome.UNGRADABLE


@pytest.mark.parametrize("entry", [(None, 28, 1), (784,)])
def test_an_input_that_is_no_sequence_of_numbers_fails(entry: tuple[int | None, ...]) -> None:
    """Steps of numbers: two axes, of which the first is time."""
    found = models()
    for role, one in found.items():
        found[role] = replace(one, architecture=replace(one.architecture, input_shape=entry))
    assert check_any_length(subject(measurements=measured(found)), item("any_length")).outcome is Outcome.FAILED


# output_range


def outside(share: float) -> Verdict:
    return check_output_range(changed(Quantity.OUTSIDE_RANGE, share), item("output_range"))


@pytest.mark.parametrize(("share", "reported"), [(0.0, "0.0"), (0.0004, "0.0"), (0.001, "0.1")])
def test_outputs_where_pixels_are_pass(share: float, reported: str) -> None:
    """One in a thousand may be a little outside."""
    assert whole(outside(share)) == Whole(
        Outcome.PASSED, 1, f"Outputs outside [0, 1]: {reported} %.", [], [(Quantity.OUTSIDE_RANGE, share)]
    )


@pytest.mark.parametrize(
    ("share", "reported", "outcome", "earned"),
    [
        (0.0011, "0.1", Outcome.PARTIAL, 0.9989),
        (0.2, "20.0", Outcome.PARTIAL, 0.8),
        (0.49, "49.0", Outcome.PARTIAL, 0.51),
        (0.5, "50.0", Outcome.FAILED, 0),
        (1.0, "100.0", Outcome.FAILED, 0),
    ],
)
def test_outputs_outside_cost_their_share(share: float, reported: str, outcome: Outcome, earned: float) -> None:
    """From one half on nothing is left."""
    assert whole(outside(share)) == Whole(
        outcome,
        earned,
        f"Outputs outside [0, 1]: {reported} %.",
        [
            Told(
                AUTOENCODER,
                "Outputs between 0 and 1.",
                f"Outputs outside [0, 1]: {reported} %.",
                "Pixels are between 0 and 1, and the cross-entropy is not defined for anything else.",
                "Which activation of the last layer gives numbers between 0 and 1?",
            )
        ],
        [(Quantity.OUTSIDE_RANGE, share)],
    )


def test_outputs_that_were_not_measured_wait_and_those_that_are_nan_fail() -> None:
    """A gap of ours, and the training's own result."""
    bare = without(numbers(), Quantity.OUTSIDE_RANGE)
    assert whole(check_output_range(family(bare), item("output_range"))) == Whole(
        Outcome.UNGRADABLE, 0, "We could not measure the autoencoder's outputs.", [], []
    )
    verdict = check_output_range(family(diverged(bare)), item("output_range"))
    assert (verdict.outcome, english(verdict.message), len(verdict.findings)) == (
        Outcome.FAILED,
        "Its weights are not finite numbers (NaN).",
        1,
    )


def test_a_cut_run_loses_nothing_by_its_outputs() -> None:
    """More training brings them nearer to the pixels; what was right stays so."""
    verdict = check_output_range(changed(Quantity.OUTSIDE_RANGE, 0.2, run=killed(StoppedBy.MEMORY)), item("o"))
    assert (verdict.outcome, verdict.share, len(verdict.findings)) == (Outcome.UNGRADABLE, 0, 1)
    assert english(verdict.message) == (
        "Outputs outside [0, 1]: 20.0 %. More training might have earned more. "
        "The notebook used more memory than it may."
    )
    right = changed(Quantity.OUTSIDE_RANGE, 0.0, run=TIMED_OUT)
    assert check_output_range(right, item("output_range")).outcome is Outcome.PASSED


@pytest.mark.parametrize("check", [check_layer_kinds, check_any_length, check_output_range])
def test_without_an_autoencoder_nothing_is_asked(check: CheckFunction) -> None:
    """Skipped, or a person's where the notebook had no full chance."""
    nothing = Measurements(data="sample")
    assert whole(check(subject(measurements=nothing), item("o"))) == Whole(
        Outcome.SKIPPED, 0, "Not checked: no autoencoder was found.", [], []
    )
    assert check(subject(TIMED_OUT, nothing), item("o")).outcome is Outcome.UNGRADABLE
