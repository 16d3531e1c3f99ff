"""Every solution notebook runs in the real sandbox, is measured by the real process, and earns every point.

`make test-solutions` runs all; two that train in seconds are part of `make test`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sandbox_here import needs_sandbox

from grader.authoring.catalogue import assignment_ids, load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.submission import Submission
from grader.intake.collecting import collect
from grader.pipeline import grade_submission
from grader.session import SessionOptions, open_session

QUICK = ("linear-pca", "from-scratch")
LONG = [assignment for assignment in assignment_ids() if assignment not in QUICK]


pytestmark = needs_sandbox


def handed_in(assignment: str, folder: Path) -> Submission:
    text = generate(load_assignment(assignment), language="es", solution=True)
    (folder / "ana.ipynb").write_text(text, encoding="utf-8")
    (submission,) = collect([folder / "ana.ipynb"], folder / "intake")
    return submission


def check_full_marks(assignment_id: str, folder: Path) -> None:
    """Grade the solution and tell every check that did not pass with its message and findings."""
    assignment = load_assignment(assignment_id)
    with open_session(
        assignment, load_facts(assignment.reference), SessionOptions(data_size="sample", jobs=2)
    ) as session:
        graded = grade_submission(handed_in(assignment_id, folder), session.context)
    told = {
        result.check: (result.outcome, result.message, [finding.actual for finding in result.findings])
        for result in graded.grade.results
        if result.outcome is not Outcome.PASSED
    }
    assert told == {}, graded.run
    assert graded.grade.status is GradeStatus.FINAL, graded.grade.reasons
    assert graded.grade.points_awarded == assignment.points_possible == 100


@pytest.mark.parametrize("assignment", [one for one in QUICK if one in assignment_ids()])
def test_a_quick_solution_earns_every_point(assignment: str, tmp_path: Path) -> None:
    """Two solutions of very different kinds: a plane in space, and a network without libraries."""
    check_full_marks(assignment, tmp_path)


@pytest.mark.solutions
@pytest.mark.parametrize("assignment", LONG)
def test_a_solution_earns_every_point(assignment: str, tmp_path: Path) -> None:
    """Whoever hands in what the course teaches gets full marks, on the embedded data."""
    check_full_marks(assignment, tmp_path)
