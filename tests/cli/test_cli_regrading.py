"""`grader regrade`: points anew from what was observed, shown as old → new, and kept beside the old ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli_samples import run
from grading_samples import context, submission

from grader.authoring.catalogue import load_assignment, load_facts
from grader.delivery import GRADEBOOK_FILE, write_class
from grader.domain.grade import CheckResult
from grader.domain.graded import GradedSubmission
from grader.gradebook import Gradebook, sqlite_url
from grader.locale import Translator
from grader.pipeline import judge, observe
from grader.scoring import score

STACKED = load_assignment("stacked")
FACTS = load_facts("stacked")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Results of a class of two: what was observed of ana was judged otherwise then, bruno's run is not on record."""
    folder = tmp_path / "out"
    folder.mkdir()
    graded: list[GradedSubmission] = []
    with Gradebook.open(sqlite_url(folder / GRADEBOOK_FILE)) as gradebook:
        for student in ("ana", "bruno"):
            mine = submission(tmp_path, student)
            seen = observe(mine, context(assignment=STACKED, facts=FACTS))
            if student == "ana":
                gradebook.add_observation(seen, sha256=mine.sha256, context="settings")
            graded.append(_stricter(judge(seen, mine, STACKED, FACTS)))
            gradebook.add(graded[-1], context="settings")
    write_class(graded, folder, assignment=STACKED, facts=FACTS, translator=Translator("en"))
    return folder


def _stricter(graded: GradedSubmission) -> GradedSubmission:
    """Take half of the first check's points, as an earlier rubric did."""
    first, *others = graded.grade.results
    halved: CheckResult = replace(first, points_awarded=first.points_awarded / 2)
    return replace(graded, grade=score((halved, *others)))


def points(folder: Path) -> dict[str, float]:
    """The latest points of each student."""
    with Gradebook.open(sqlite_url(folder / GRADEBOOK_FILE)) as gradebook:
        return {one.student: one.grade.points_awarded for one in gradebook.latest("stacked")}


def test_old_and_new_points_are_shown_and_kept(out: Path) -> None:
    """The grades of the class and the reports follow; what was never observed stays and is counted."""
    before = points(out)
    ended = run("regrade", "--out", str(out), "--lang", "en")
    assert ended.status == 0
    assert ended.out.splitlines()[1].startswith("ana")
    assert "→" in ended.out
    assert ended.out.splitlines()[-1] == (
        "1 of 2 grades changed. Of 1 nothing is known of the run, so they stay: grade them again with `grader grade`."
    )
    assert points(out) == before | {"ana": 100.0}
    grades = json.loads((out / "grades.json").read_text(encoding="utf-8"))["grades"]
    assert {one["student"]: one["points_awarded"] for one in grades} == points(out)
    assert {file.name for file in (out / "reports").iterdir()} == {"ana.html", "bruno.html"}


def test_a_dry_run_keeps_nothing(out: Path) -> None:
    """The same table, and gradebook and files as before."""
    before, written = points(out), (out / "grades.json").read_bytes()
    ended = run("regrade", "--out", str(out), "--dry-run", "--student", "ana", "--lang", "en")
    assert (ended.status, points(out)) == (0, before)
    assert ended.out.splitlines()[-1] == "1 of 1 grades would change. Nothing was kept."
    assert (out / "grades.json").read_bytes() == written


def test_a_second_time_changes_nothing(out: Path) -> None:
    """What was kept is what today's rules say."""
    run("regrade", "--out", str(out), "--student", "ana")
    ended = run("regrade", "--out", str(out), "--student", "ana", "--lang", "en")
    assert ended.out == "0 of 1 grades changed and were kept; the old ones stay on record.\n"


def test_changes_are_there_for_programs(out: Path) -> None:
    """One object a hand-in, with both grades."""
    ended = run("regrade", "--out", str(out), "--json", "--dry-run")
    ana, bruno = json.loads(ended.out)
    assert (ana["student"], ana["observed"], ana["changed"]) == ("ana", True, True)
    assert ana["before"]["points_awarded"] < ana["now"]["points_awarded"] == 100.0
    assert (bruno["student"], bruno["observed"], bruno["changed"]) == ("bruno", False, False)


def test_a_name_that_nobody_has_is_refused(out: Path) -> None:
    """With the name."""
    ended = run("regrade", "--out", str(out), "--student", "eva", "--lang", "en")
    assert (ended.status, ended.err) == (2, "Nobody of this class is called eva. Names are those of the table.\n")
