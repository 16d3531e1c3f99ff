"""A graded class whose points were given by an earlier rubric."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from grading_samples import context, submission

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.delivery import GRADEBOOK_FILE, write_class
from grader.domain.grade import CheckResult
from grader.domain.graded import GradedSubmission
from grader.gradebook import Gradebook, sqlite_url
from grader.locale import Translator
from grader.pipeline import judge, observe
from grader.scoring import score

STACKED = load_assignment("stacked")
FACTS = load_facts("stacked")


def write_judged_otherwise(tmp_path: Path, students: tuple[str, ...] = ("ana", "bruno")) -> Path:
    """Results of a class: what was observed of all but the last was judged otherwise then; that run is not on record."""
    folder = tmp_path / "out"
    folder.mkdir()
    graded: list[GradedSubmission] = []
    with Gradebook.open(sqlite_url(folder / GRADEBOOK_FILE)) as gradebook:
        for student in students:
            mine = submission(tmp_path, student)
            seen = observe(mine, context(assignment=STACKED, facts=FACTS))
            if student != students[-1]:
                gradebook.add_observation(seen, sha256=mine.sha256, context="settings")
            graded.append(_stricter(judge(seen, mine, STACKED, FACTS)))
            gradebook.add(graded[-1], context="settings")
    write_class(graded, folder, assignment=STACKED, facts=FACTS, translator=Translator("en"))
    return folder


def points(folder: Path) -> dict[str, float]:
    """The latest points of each student."""
    with Gradebook.open(sqlite_url(folder / GRADEBOOK_FILE)) as gradebook:
        return {one.student: one.grade.points_awarded for one in gradebook.latest("stacked")}


def _stricter(graded: GradedSubmission) -> GradedSubmission:
    """Take half of the first check's points, as an earlier rubric did."""
    first, *others = graded.grade.results
    halved: CheckResult = replace(first, points_awarded=first.points_awarded / 2)
    return replace(graded, grade=score((halved, *others)))
