"""Networks compared and stages stacked: shares of the points, and what a student reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.core.subject import Subject
from grader.checks.core.verdict import CheckFunction
from grader.checks.learning.compared_networks import check_comparison
from grader.checks.learning.greedy_stages import check_stages
from grader.domain.evidence import RelatedClaims
from grader.domain.grade import Outcome
from grader.domain.measurement import MeasuringProblem, MissedEntry, Quantity
from grader.domain.messages import verbatim
from grader.locale import Translator

from . import builders
from .builders import item, measured, subject

SGD = (MissedEntry("comparison['sgd']", 0.26), 0.05)


def comparison(models: float, agreement: float, *wrong: tuple[MissedEntry, float | None]) -> Subject:
    numbers = {Quantity.COMPARED_MODELS: models, Quantity.COMPARISON_AGREEMENT: agreement}
    claims = RelatedClaims(trained=True, compared={one.entry: said for one, said in wrong if said is not None})
    missed = tuple(one for one, _ in wrong)
    return subject(measurements=replace(measured(numbers=numbers), missed=missed, claims=claims))


def stages(held: float, trained: float) -> Subject:
    return subject(measurements=measured(numbers={Quantity.STAGES_HELD: held, Quantity.STAGES_TRAINED: trained}))


@pytest.mark.parametrize(
    ("models", "agreement", "share"),
    [(3, 1, 1.0), (5, 1, 1.0), (3, 0, 0.5), (2, 1, 0.5 + 1 / 3), (1, 1 / 3, 1 / 3), (0, 0, 0.0)],
)
def test_half_for_the_networks_and_half_for_the_table(models: float, agreement: float, share: float) -> None:
    """Each of the three networks is a sixth, and every number of the table its part of the other half."""
    verdict = check_comparison(comparison(models, agreement), item("comparison", models=3.0))
    assert verdict.share == pytest.approx(share)
    assert bool(verdict.findings) == (share < 1)
    assert [number.name for number in verdict.measurements] == [
        Quantity.COMPARED_MODELS, Quantity.COMPARISON_AGREEMENT
    ]  # fmt: skip


def test_a_number_that_is_not_what_the_network_reaches_is_named() -> None:
    """Entry, what it says, and what was measured."""
    verdict = check_comparison(comparison(3, 2 / 3, SGD), item("comparison"))
    english = Translator("en")
    assert [
        (english.text(one.where), english.text(one.expected), english.text(one.actual)) for one in verdict.findings
    ] == [
        (
            "comparison['sgd']",
            "About 0.2600: what this network reaches on the validation images.",
            "The table says 0.0500.",
        )
    ]
    assert english.text(verdict.message) == (
        "Different trained networks: 3 of 3. Numbers of the table that we measure as well: 67%."
    )


def test_numbers_that_are_not_there_are_told_together() -> None:
    """One finding for all of them; a network that was not found is another one."""
    wrong = ((MissedEntry("comparison['sgd']", None), None), (MissedEntry("comparison['adam']", 0.09), None))
    verdict = check_comparison(comparison(2, 1 / 3, *wrong), item("comparison"))
    english = Translator("en")
    assert [english.text(one.actual) for one in verdict.findings] == [
        "We found 2.",
        "Not in the table: comparison['sgd'], comparison['adam'].",
    ]


@pytest.mark.parametrize(("held", "trained", "share"), [(2, 2, 1.0), (3, 3, 1.0), (2, 1, 0.5), (2, 0, 0), (0, 0, 0)])
def test_stages_earn_their_share(held: float, trained: float, share: float) -> None:
    """Held and trained: both, or no points for that stage."""
    verdict = check_stages(stages(held, trained), item("stages", stages=2.0))
    assert (verdict.share, len(verdict.findings)) == (share, int(share < 1))


def test_a_stack_of_new_layers_is_told_from_stages_that_did_not_learn() -> None:
    """Two mistakes, two explanations."""
    new, untrained = (check_stages(found, item("stages")).findings[0] for found in (stages(0, 0), stages(2, 1)))
    english = Translator("en")
    assert "random weights" in english.text(new.why)
    assert "no better on its own data than a constant" in english.text(untrained.actual)


@pytest.mark.parametrize(
    ("check", "found"), [(check_comparison, comparison(2, 2 / 3, SGD)), (check_stages, stages(0, 0))]
)
def test_our_own_failure_and_a_run_that_was_cut_wait_for_a_person(check: CheckFunction, found: Subject) -> None:
    """A network that we could not rebuild may have been the third one."""
    ours = MeasuringProblem("autoencoders['sgd']", verbatim("no"), ours=True)
    broken = replace(found, measurements=replace(found.measurements, problems=(ours,)))
    for one in (broken, replace(found, run=builders.TIMED_OUT)):
        verdict = check(one, item("comparison"))
        assert (verdict.outcome, bool(verdict.findings)) == (Outcome.UNGRADABLE, True)


@pytest.mark.parametrize("check", [check_comparison, check_stages])
def test_without_a_measurement_nobody_can_tell(check: CheckFunction) -> None:
    """A rubric that asks for it of a reference that compares nothing."""
    found = subject(measurements=builders.without(measured(), Quantity.COMPARED_MODELS, Quantity.STAGES_HELD))
    assert check(found, item("comparison")).outcome is Outcome.UNGRADABLE
