"""Every solution notebook runs in the real sandbox, is measured by the real process, and earns every point.

`make test-solutions` runs all, on the embedded sample or with `DATA_SIZE=full` on the full sets, in Spanish or with
`SOLUTION_LANGUAGE=en` in English; two that train in seconds are part of `make test`. Each prints its seconds, so that
`pytest -m solutions -s` leaves a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sandbox_here import needs_sandbox

from grader.accelerated_grading import grade_fast
from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.submission import Submission
from grader.intake.submissions import collect
from grader.sandbox.backend_registry import DEFAULT, UNSHUT
from grader.session import SessionOptions, open_session

QUICK = ("linear-pca", "from-scratch")
LONG = [assignment for assignment in assignment_ids() if assignment not in QUICK]


pytestmark = needs_sandbox


@dataclass(frozen=True)
class Trial:
    """On which data solutions are run, and in which language."""

    data_size: str
    language: str
    accelerate: bool


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> Trial:
    asked = request.config.getoption
    return Trial(asked("--data-size"), asked("--solution-language"), not asked("--no-accelerate"))


def handed_in(assignment: str, language: str, folder: Path) -> Submission:
    text = generate(load_assignment(assignment), language=language, solution=True)
    (folder / "ana.ipynb").write_text(text, encoding="utf-8")
    (submission,) = collect([folder / "ana.ipynb"], folder / "intake")
    return submission


def check_full_marks(assignment_id: str, trial: Trial, folder: Path, sandbox: str = DEFAULT) -> None:
    """Grade the solution and report every check that did not pass with its message and findings."""
    assignment = load_assignment(assignment_id)
    options = SessionOptions(data_size=trial.data_size, jobs=2, accelerate=trial.accelerate, sandbox=sandbox)
    with open_session(assignment, load_facts(assignment.reference), options) as session:
        graded = grade_fast(handed_in(assignment_id, trial.language, folder), session.context)
    row = f"{assignment_id:26} {trial.data_size:6} {trial.language} {graded.grade.points_awarded:6.1f} "
    print(f"{row}{graded.grade.status.value} {graded.wall_seconds:.0f} s")  # noqa: T201 - the table
    reported = {
        result.check: (result.outcome, result.message, [finding.actual for finding in result.findings])
        for result in graded.grade.results
        if result.outcome is not Outcome.PASSED
    }
    assert reported == {}, graded.run
    assert graded.grade.status is GradeStatus.FINAL, graded.grade.reasons
    assert graded.grade.points_awarded == assignment.points_possible == 100


@pytest.mark.parametrize("assignment", [one for one in QUICK if one in assignment_ids()])
def test_a_quick_solution_earns_every_point(assignment: str, trial: Trial, tmp_path: Path) -> None:
    """Two solutions of very different kinds: a plane in space, and a network without libraries."""
    check_full_marks(assignment, trial, tmp_path)


def test_a_quick_solution_earns_every_point_where_there_is_no_sandbox(trial: Trial, tmp_path: Path) -> None:
    """On Windows and macOS: there its check cells run in the same kernel, and make models that are not the student's."""
    check_full_marks("from-scratch", trial, tmp_path, UNSHUT)


@pytest.mark.solutions
@pytest.mark.parametrize("assignment", LONG)
def test_a_solution_earns_every_point_where_there_is_no_sandbox(assignment: str, trial: Trial, tmp_path: Path) -> None:
    """No check cell of a right notebook ends with an error."""
    check_full_marks(assignment, trial, tmp_path, UNSHUT)


@pytest.mark.solutions
@pytest.mark.parametrize("assignment", LONG)
def test_a_solution_earns_every_point(assignment: str, trial: Trial, tmp_path: Path) -> None:
    """Whoever hands in what the course teaches gets full marks."""
    check_full_marks(assignment, trial, tmp_path)
