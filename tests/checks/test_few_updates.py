"""What the sample may be to blame for, and what it cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks import builders
from grader.checks.check_registry import CHECKS
from grader.checks.few_updates import is_of_learning, lost_for_few_updates
from grader.domain.evidence import FitClaim, RelatedClaims
from grader.domain.grade import CheckResult, Outcome
from grader.domain.measurement import Measurements, Quantity
from grader.domain.messages import message
from grader.locale import Translator

LEARNT = {
    "reconstruction", "denoising", "sparsity", "latent_distribution", "elbo", "prior_samples", "plane",
    "average_precision", "accuracy", "pretrained", "stages",
}  # fmt: skip
"""Ours whose points depend on how well something was learnt; all others look at structure alone."""

MEASURED = builders.measured()
FIT = FitClaim("m0", 5, 7_200, 100, same_target=True, input_minimum=0.0, input_maximum=1.0, completed=True)


def result(check: str, outcome: Outcome, points: float) -> CheckResult:
    """A result with some of ten points."""
    return CheckResult(check, outcome, points, 10.0, message("reported"))


def test_the_updates_of_all_trainings_are_counted() -> None:
    """5 · 7,200 / 100 and 2 · ⌈8,000 / 128⌉ are 486; points of several checks are added, whole ones without decimals."""
    fits = [FIT, replace(FIT, epochs=2, samples=8_000, batch_size=128)]
    results = [result("reconstruction", Outcome.FAILED, 0.0), result("sparsity", Outcome.PARTIAL, 7.5)]
    found = lost_for_few_updates(results, MEASURED, fits)
    assert found is not None
    said = Translator("en").text(found)
    assert "made 486 updates" in said
    assert "the 12.5 points" in said


@pytest.mark.parametrize("fits", [[replace(FIT, samples=0)], [FIT, replace(FIT, batch_size=0)], []])
def test_updates_that_nobody_counted_are_few_all_the_same(fits: list[FitClaim]) -> None:
    """A generator, a loop of one's own, a network in NumPy, which counts as trained: no number is made up."""
    found = lost_for_few_updates([result("elbo", Outcome.FAILED, 0.0)], MEASURED, fits)
    assert found is not None
    assert Translator("en").text(found).startswith("Run on the embedded sample, the notebook made about a seventh of")


@pytest.mark.parametrize(("error", "waits"), [(0.03, True), (0.21, False)], ids=["learnt", "untrained"])
def test_a_loop_that_nobody_saw_is_known_by_what_it_taught(error: float, waits: bool) -> None:
    """Variables that a notebook changes itself have no optimizer; what beats the mean image was trained all the same."""
    numbers = {Quantity.RECONSTRUCTION_MSE: error, Quantity.MEAN_IMAGE_MSE: 0.0674}
    unseen = replace(builders.measured(numbers=numbers), claims=RelatedClaims(trained=False))
    found = lost_for_few_updates([result("reconstruction", Outcome.PARTIAL, 8.0)], unseen, [])
    assert (found is not None) == waits


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_structure_is_lost_for_good(check: str) -> None:
    """More updates change no layer: only checks of what was learnt wait for a person."""
    found = lost_for_few_updates([result(check, Outcome.FAILED, 0.0)], MEASURED, [FIT])
    assert (found is not None) == (check in LEARNT) == is_of_learning(check)


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.SKIPPED, Outcome.UNGRADABLE])
def test_only_what_was_lost_for_a_number_counts(outcome: Outcome) -> None:
    """What was skipped has its reason elsewhere, and what nobody could judge waits for a person anyway."""
    points = 10.0 if outcome is Outcome.PASSED else 0.0
    assert lost_for_few_updates([result("reconstruction", outcome, points)], MEASURED, [FIT]) is None


def test_what_was_never_trained_would_be_no_better_on_more_data() -> None:
    """Nor would what is not there."""
    lost = [result("reconstruction", Outcome.FAILED, 0.0)]
    assert lost_for_few_updates(lost, replace(MEASURED, claims=RelatedClaims()), []) is None
    assert lost_for_few_updates(lost, Measurements(data="sample"), [FIT]) is None


def test_what_learns_says_nothing_before_the_training() -> None:
    """Whatever depends on how well something was learnt is not asked of an untrained model."""
    assert [one.id for one in CHECKS.values() if one.needs.learnt and not one.needs.trained] == []
