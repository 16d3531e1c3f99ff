"""The number that nbgrader takes from the last check: what counts, and what is left out of the reckoning."""

from __future__ import annotations

import pytest

from grader.domain.assignment import RubricItem
from grader.domain.grade import CheckResult, Outcome
from grader.domain.messages import message
from grader.notebook import nbgrader_points as nbgrader


def item(check: str, points: float) -> RubricItem:
    return RubricItem(check, points, {}, (), {})


def result(check: str, outcome: Outcome, awarded: float, possible: float) -> CheckResult:
    return CheckResult(check, outcome, awarded, possible, message("Told."), (), ())


RUBRIC = (item("models", 20), item("layers", 30), item("reconstruction", 30))


def reckoned(*results: CheckResult) -> float | None:
    return nbgrader.points(RUBRIC, {one.check: one for one in results}, 100)


def test_points_within_reach_are_stretched_to_the_whole_rubric() -> None:
    """A check that memory cannot tell (`runs`) costs nobody a point: all of 80 is all of 100, half of 80 half."""
    passed = [result(one.check, Outcome.PASSED, one.points, one.points) for one in RUBRIC]
    assert reckoned(*passed) == 100
    half = result("reconstruction", Outcome.PARTIAL, 20, 30)
    assert reckoned(passed[0], result("layers", Outcome.FAILED, 0, 30), half) == 50


def test_what_is_not_done_earns_nothing_and_what_cannot_be_judged_is_left_out() -> None:
    """A missing model is the student's; an undecided check is not, and nbgrader cannot wait for a person."""
    models = result("models", Outcome.PASSED, 20, 20)
    assert reckoned(models) == 25
    assert reckoned(models, result("layers", Outcome.UNGRADABLE, 0, 30)) == 40
    assert reckoned() == 0


def test_nothing_to_judge_gives_no_number() -> None:
    """A rubric of which nothing can be decided in memory gives no points by itself."""
    assert nbgrader.points((), {}, 100) is None


@pytest.mark.parametrize("step", ["autograde", "validate"])
def test_nbgraders_kernels_are_known_by_their_variable(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both steps of nbgrader set it; a student's own notebook has none."""
    monkeypatch.delenv(nbgrader.VARIABLE, raising=False)
    assert not nbgrader.runs_the_notebook()
    monkeypatch.setenv(nbgrader.VARIABLE, step)
    assert nbgrader.runs_the_notebook()
