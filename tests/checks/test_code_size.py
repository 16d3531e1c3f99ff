"""`code_size`: K numbers in a code, and what a larger or smaller K means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.code_place import narrowest
from grader.domain.grade import Outcome
from grader.domain.measurement import Quantity, Role

from .builders import FACTS, chain, dense_chain, encoder_half, item, measured, models, stacked, subject, without
from .reading import Told, english, findings

LARGER = (
    "A larger code gives better outputs and less compression; large enough, the network copies its input and need find "
    "no patterns at all. Codes of different sizes cannot be compared by their loss."
)
SMALLER = (
    "A smaller code compresses more and loses more: details of the input find no room in it, however long you train."
)


def check(found: Subject) -> Verdict:
    return CHECKS["code_size"].function(found, item("code_size"))


def test_a_wider_code_is_told_with_its_compression() -> None:
    """K and 784 / K, asked for and found."""
    verdict = check(subject(measurements=measured(numbers={Quantity.CODE_SIZE: 64})))
    assert english(verdict.message) == "One code holds 64 numbers, which is not what the assignment asks."
    assert [measurement.value for measurement in verdict.measurements] == [64]
    assert findings(verdict) == [
        Told(
            where="The encoder, called “encoder” in the notebook",
            expected="A code of 30 numbers: 784 / 30 = 26.1 times fewer than the input.",
            actual="A code of 64 numbers: 784 / 64 = 12.2 times fewer than the input.",
            why=LARGER,
            hint="Which layer is the narrowest of the encoder, and how many units does it have?",
        )
    ]


def test_a_narrower_code_fails_for_another_reason() -> None:
    """Two numbers where thirty are asked for (R5 of the catalogue)."""
    verdict = check(subject(measurements=measured(numbers={Quantity.CODE_SIZE: 2})))
    assert (verdict.outcome, findings(verdict)[0].why) == (Outcome.FAILED, SMALLER)


@pytest.mark.parametrize(("code", "outcome"), [(30, Outcome.PASSED), (64, Outcome.FAILED)])
def test_without_the_quantity_the_encoder_tells_it(code: int, outcome: Outcome) -> None:
    """The encoder's output is the code."""
    found = without(measured(models(encoder=encoder_half(code))), Quantity.CODE_SIZE)
    assert check(subject(measurements=found)).outcome is outcome


@pytest.mark.parametrize(("code", "outcome"), [(30, Outcome.PASSED), (64, Outcome.FAILED)])
def test_without_an_encoder_the_narrowest_layer_is_the_code(code: int, outcome: Outcome) -> None:
    """A notebook whose encoder is only a tensor still has a code."""
    found = measured({Role.AUTOENCODER: models(stacked(code))[Role.AUTOENCODER]})
    assert check(subject(measurements=without(found, Quantity.CODE_SIZE))).outcome is outcome


def test_without_any_layer_the_code_cannot_be_told() -> None:
    """A model that returns its input has no code to count."""
    found = measured({Role.AUTOENCODER: models(chain((), entry=(28, 28)))[Role.AUTOENCODER]})
    assert check(subject(measurements=without(found, Quantity.CODE_SIZE))).outcome is Outcome.UNGRADABLE


@pytest.mark.parametrize(("code", "outcome"), [(64, Outcome.PASSED), (783, Outcome.PASSED), (784, Outcome.FAILED)])
def test_where_the_size_is_free_any_smaller_code_is_right(code: int, outcome: Outcome) -> None:
    """Assignments with a free architecture ask for an undercomplete code alone."""
    free = replace(FACTS, code_size=None)
    found = measured(models(dense_chain(code, 784)), {Quantity.CODE_SIZE: code})
    assert check(subject(measurements=found, facts=free)).outcome is outcome


@pytest.mark.parametrize(
    ("sizes", "places"), [((100, 30, 100, 784), (1,)), ((9, 9, 3), (0, 1)), ((5, 3, 2), (1,)), ((784,), ()), ((), ())]
)
def test_the_last_layer_is_never_the_code(sizes: tuple[int, ...], places: tuple[int, ...]) -> None:
    """It is the image again, however small; several layers may be equally narrow."""
    assert narrowest(sizes) == places
