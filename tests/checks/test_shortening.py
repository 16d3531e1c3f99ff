"""Which trainings may end early: those whose rubric looks at structure and at one error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.checks.check_registry import CHECKS
from grader.checks.core.check import Check, TrainingUse
from grader.checks.shortening import acceleration_of
from grader.domain.acceleration import EarlyEnd
from grader.domain.measurement import Quantity

PLAIN = {
    "convolutional", "convolutional-upsampling", "deep-dense", "recurrent", "simple-dense", "simple-dense-mse", "stacked",
    "symmetric-dense",
}  # fmt: skip
DENOISING = {"denoising-convolutional", "denoising-dense", "denoising-dropout"}


def test_only_plain_reconstructions_and_denoising_end_early() -> None:
    """Whatever judges several trainings, codes, penalties or their order is run whole."""
    ending = {
        one
        for one in assignment_ids()
        for assignment in [load_assignment(one)]
        if acceleration_of(assignment, load_facts(assignment.reference), "full").early_end is not None
    }
    assert ending == PLAIN | DENOISING


@pytest.mark.parametrize("size", ["sample", "full"])
@pytest.mark.parametrize("name", sorted(PLAIN))
def test_the_target_lies_between_the_reference_and_full_credit(name: str, size: str) -> None:
    """At least six deviations inside full credit, and not below what the reference itself reaches."""
    assignment, facts = load_assignment(name), load_facts(name)
    found = acceleration_of(assignment, facts, size).early_end
    calibrated = facts.on(size)
    assert found is not None
    assert calibrated is not None
    known = calibrated.statistics[Quantity.RECONSTRUCTION_MSE]
    assert known.mean < found.target <= min(curve.full for curve in known.curves) - 6 * known.deviation
    assert (found.same_target, found.noisy_layer) == (True, False)


def test_terms_of_stacked() -> None:
    """Full credit up to 0.03182, reference 0.01342: 0.03182 - (0.03182 - 0.01342) / 3 = 0.02569."""
    stacked, facts = load_assignment("stacked"), load_facts("stacked")
    found = acceleration_of(stacked, facts, "full").early_end
    assert found is not None
    assert replace(found, target=round(found.target, 5)) == EarlyEnd(
        target=0.02569,
        same_target=True,
        noisy_layer=False,
        least_samples=30_000,
        most_epochs=60,
        most_seconds=900.0,
    )


def test_a_check_that_says_nothing_about_itself_is_careful() -> None:
    """No training is shortened for it, and no model whose layers nobody has seen is judged by it."""
    needs = Check("small", CHECKS["mirror"].function).needs
    assert (needs.training, needs.layers, needs.samples) == (TrainingUse.WHOLE, True, True)
    assert not needs.by_layers


def test_what_weights_decide_is_not_decided_by_the_layers() -> None:
    """Rank, gaps and the course of a run are numbers of a trained model; the rest of the structure is not."""
    untrained = {one.id for one in CHECKS.values() if one.needs.training is TrainingUse.NONE}
    assert untrained - {one.id for one in CHECKS.values() if one.needs.by_layers} == {
        "bottleneck", "composition", "imports", "runs",
    }  # fmt: skip
    assert all(one.needs.training is TrainingUse.NONE for one in CHECKS.values() if one.needs.by_layers)


@pytest.mark.parametrize("check", ["sparsity", "a_check_of_another_package"])
def test_a_rubric_with_a_check_that_takes_more_from_the_training_is_run_whole(check: str) -> None:
    """One such check is enough, and one that nobody knows."""
    stacked, facts = load_assignment("stacked"), load_facts("stacked")
    sparsity = replace(stacked.rubric[-1], check=check)
    more = replace(stacked, rubric=(*stacked.rubric, sparsity))
    assert acceleration_of(more, facts, "full").early_end is None
