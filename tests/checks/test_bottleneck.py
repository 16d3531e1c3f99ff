"""`bottleneck`: no number of the image passes the code by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity, Role
from grader.domain.messages import message

from .builders import chain, decoder_half, encoder_half, item, measured, models, stacked, subject, without
from .reading import Told, english, findings

WHERE = "The autoencoder, called “autoencoder” in the notebook"


def check(found: Subject) -> Verdict:
    return CHECKS["bottleneck"].function(found, item("bottleneck"))


def test_the_message_tells_rank_and_code_size() -> None:
    """And the result rests on both numbers."""
    verdict = check(subject(measurements=measured(numbers={Quantity.BOTTLENECK_RANK: 27})))
    assert verdict.outcome is Outcome.PASSED
    assert english(verdict.message) == (
        "All of the input goes through the code. Independent directions in the output: 27; numbers in the code: 30."
    )
    assert [m.name for m in verdict.measurements] == [Quantity.BOTTLENECK_RANK, Quantity.CODE_SIZE]


@pytest.mark.parametrize(
    ("rank", "code", "outcome"),
    [(30, 30, "PASSED"), (31, 30, "FAILED"), (784, 30, "FAILED"), (62, 64, "PASSED"), (2, 2, "PASSED")],
)
def test_the_rank_is_at_most_the_code_that_is_there(rank: float, code: float, outcome: str) -> None:
    """A wide code is judged by `code_size`; here it need only be the only way."""
    three = models(stacked(int(code)), encoder_half(int(code)), decoder_half(int(code)))
    found = measured(three, {Quantity.BOTTLENECK_RANK: rank, Quantity.CODE_SIZE: code})
    assert check(subject(measurements=found)).outcome == outcome


def test_too_high_a_rank_is_told() -> None:
    """R4 of the catalogue: the decoder reads a wider layer before the declared code."""
    verdict = check(subject(measurements=measured(numbers={Quantity.BOTTLENECK_RANK: 100})))
    assert findings(verdict) == [
        Told(
            where=WHERE,
            expected="An output that changes in at most 30 independent directions, as the code has.",
            actual="It changes in 100 independent directions.",
            why="A code of 30 numbers cannot carry more: the rest of the input takes another way.",
            hint="Does the decoder read the code, or a wider layer before it?",
        )
    ]


def test_a_way_round_the_code_fails_whatever_the_rank() -> None:
    """R2 of the catalogue, also where the rank could not be measured."""
    bypass = message("`{layer}` brings in numbers that did not pass through the code.", layer="Add")
    found = replace(without(measured(), Quantity.BOTTLENECK_RANK), bypass=bypass)
    verdict = check(subject(measurements=found))
    assert verdict.outcome is Outcome.FAILED
    assert findings(verdict) == [
        Told(
            where=WHERE,
            expected="One way from the input to the output, through the code.",
            actual="`Add` brings in numbers that did not pass through the code.",
            why="With a way round the code the network copies its input: nothing is compressed and nothing learnt.",
            hint="Follow each connection in the layers' `summary()`: which one does not pass through the code?",
        )
    ]


def test_a_code_as_large_as_the_image_is_no_bottleneck() -> None:
    """R1 of the catalogue: the identity has rank 784 and no layer that could be a code."""
    found = measured({Role.AUTOENCODER: models(chain((), entry=(28, 28)))[Role.AUTOENCODER]})
    identity = measured(found.models, {Quantity.BOTTLENECK_RANK: 784, Quantity.CODE_SIZE: 784})
    verdict = check(subject(measurements=identity))
    assert verdict.outcome is Outcome.FAILED
    assert findings(verdict)[0].expected == "A code far smaller than the input of 784 numbers."


@pytest.mark.parametrize("lacking", [Quantity.BOTTLENECK_RANK])
def test_without_the_rank_nobody_can_tell(lacking: Quantity) -> None:
    """Our measuring lacks something."""
    assert check(subject(measurements=without(measured(), lacking))).outcome is Outcome.UNGRADABLE


def test_the_encoders_own_output_is_the_code_that_counts() -> None:
    """R4 of the catalogue: a hidden layer of 100 numbers is read past the code of 30 that the encoder gives."""
    found = measured(numbers={Quantity.BOTTLENECK_RANK: 88, Quantity.CODE_SIZE: 100})
    (finding,) = findings(check(subject(measurements=found)))
    assert finding.actual == "It changes in 88 independent directions."
    strangers = models()
    strangers[Role.ENCODER] = replace(strangers[Role.ENCODER], shared_with_autoencoder=False)
    found = measured(strangers, {Quantity.BOTTLENECK_RANK: 88, Quantity.CODE_SIZE: 100})
    assert check(subject(measurements=found)).outcome is Outcome.PASSED  # a classifier is no encoder of it


@pytest.mark.parametrize(("gap", "outcome"), [(1e-6, "PASSED"), (0.02, "PASSED"), (0.45, "FAILED")])
def test_numbers_packed_into_the_last_digits_are_no_small_code(gap: float, outcome: str) -> None:
    """The rank cannot see them."""
    verdict = check(subject(measurements=measured(numbers={Quantity.ROUNDING_GAP: gap})))
    assert verdict.outcome == outcome
    if outcome == "FAILED":
        assert verdict.measurements[-1].value == gap
        assert findings(verdict) == [
            Told(
                where="The encoder, called “encoder” in the notebook",
                expected="Codes that say the same with about eight bits a number.",
                actual="With about eight bits a number, the output changes by 45%.",
                why=(
                    "In the last digits of a few numbers many others can be hidden: such a code is small only to look at."
                ),
                hint="Does a layer of your encoder put several numbers into one?",
            )
        ]


def test_halves_that_do_not_belong_together_are_another_checks_business() -> None:
    """A decoder that gives other images than the autoencoder is no way round the code."""
    numbers = {Quantity.THROUGH_CODE_MSE: 0.2, Quantity.COMPOSITION_GAP: 0.9}
    assert check(subject(measurements=measured(numbers=numbers))).outcome is Outcome.PASSED
