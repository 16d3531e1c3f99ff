"""Training on the test images alone: a finding of method that costs a little, and waits for a person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from grading_samples import in_english

from checks import builders
from checks.builders import item
from grader.checks.fitted_on_test import judge_method
from grader.checks.rubric import rubric_mistakes, run_checks
from grader.domain.evidence import FitClaim
from grader.domain.grade import CheckResult, Outcome

ON_TEST = FitClaim("m", 20, 10_000, 128, True, 0.0, 1.0, completed=True, test_images_alone=True)
RESULTS = run_checks(builders.RUBRIC, builders.subject())


def last(results: tuple[CheckResult, ...]) -> CheckResult:
    return results[-1]


def test_it_costs_two_points_of_the_reconstruction_and_waits() -> None:
    """Nothing else is touched; the finding says what to look at."""
    found, reason = judge_method(RESULTS, builders.RUBRIC, [ON_TEST])
    assert found[:-1] == RESULTS[:-1]
    assert (last(found).outcome, last(found).points_awarded) == (Outcome.PARTIAL, 18.0)
    assert (
        in_english(last(found).findings[0].actual)
        == "Every training that was seen was given images of the test part alone."
    )
    assert reason is not None
    assert in_english(reason) == (
        "The model was trained on the test images alone, as the notebook's own trace tells: a finding of method, for "
        "which the rubric takes 2 points. Whether it does, a person decides."
    )


@pytest.mark.parametrize(
    "fits",
    [
        [],
        [replace(ON_TEST, test_images_alone=None)],
        [replace(ON_TEST, test_images_alone=False)],
        [ON_TEST, replace(ON_TEST, test_images_alone=False)],  # trained on both
    ],
)
def test_whoever_trained_on_anything_else_loses_nothing(fits: list[FitClaim]) -> None:
    """Also where nobody could look."""
    assert judge_method(RESULTS, builders.RUBRIC, fits) == (RESULTS, None)


def test_a_rubric_says_what_it_costs() -> None:
    """From nothing to all that the check gives."""
    for cost, left in ((0.0, 10.0), (1.0, 9.0), (50.0, 0.0)):
        rubric = (item("reconstruction", test_images_cost=cost),)
        assert rubric_mistakes(rubric) == ()
        results = run_checks(rubric, builders.subject())
        found, reason = judge_method(results, rubric, [ON_TEST])
        assert (found[0].points_awarded, reason is None) == (left, cost == 0)


def test_what_earned_nothing_cannot_cost_anything(tmp_path: Path) -> None:
    """A model that failed anyway has one reason less to be looked at."""
    failed = tuple(replace(result, points_awarded=0.0, outcome=Outcome.FAILED) for result in RESULTS)
    assert judge_method(failed, builders.RUBRIC, [ON_TEST]) == (failed, None)
