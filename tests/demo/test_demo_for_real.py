"""Three students of the demo class through the real sandbox and the real measuring process; the whole class if slow.

The three train for 3 epochs instead of 20, so that this takes seconds; what is asserted does not depend on that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sandbox_here import needs_sandbox

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.demo.sample_class import CLASS, EVERY_CHECK, changed
from grader.domain.datasets import DataSize
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Quantity
from grader.domain.run import RunStatus
from grader.execution import LocalPool
from grader.gradebook import Gradebook
from grader.intake.submissions import collect
from grader.scale import Results, grade_batch
from grader.session import SessionOptions, open_session

STACKED = load_assignment("stacked")
FACTS = load_facts("stacked")
KNOWN = FACTS.calibrated["sample"].reconstruction
assert KNOWN is not None
(CURVE,) = KNOWN.curves


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, GradedSubmission]:
    """Ana (the solution), Gabriela (never trained) and Luis (the cheat), graded side by side."""
    solution = generate(STACKED, language="es", solution=True)
    assert "EPOCHS = 20" in solution
    folder = tmp_path_factory.mktemp("three")
    for pupil in CLASS:
        if pupil.name in ("ana", "gabriela", "luis"):
            text = changed(solution, pupil.changes).replace("EPOCHS = 20", "EPOCHS = 3")
            (folder / f"{pupil.name}.ipynb").write_text(text, encoding="utf-8")
    options = SessionOptions(data_size=DataSize.SAMPLE, written_for=DataSize.SAMPLE, jobs=2)
    with (
        Gradebook.open("sqlite://") as gradebook,
        open_session(STACKED, FACTS, options) as session,
        ThreadPoolExecutor(2) as threads,
    ):
        results = grade_batch(
            collect([folder], tmp_path_factory.mktemp("workspace")),
            session.context,
            executor=LocalPool(threads, session.context, 2),
            gradebook=gradebook,
            settings_key=session.settings_key,
            watcher=Results(lambda _: None),
        )
    return {one.student: one for one in results}


def outcomes(graded: GradedSubmission) -> dict[str, Outcome]:
    """The outcome of each check."""
    return {result.check: result.outcome for result in graded.grade.results}


def measured_loss(graded: GradedSubmission) -> float:
    """The loss on hidden images."""
    loss = graded.measurements.value(Quantity.RECONSTRUCTION_MSE)
    assert loss is not None
    return loss


@needs_sandbox
def test_the_solution_passes_whatever_its_epochs(graded: dict[str, GradedSubmission]) -> None:
    """All but the reconstruction, which three epochs bring into the range of partial credit at least."""
    ana = graded["ana"]
    expected = dict.fromkeys(EVERY_CHECK, Outcome.PASSED)
    assert outcomes(ana) | {"reconstruction": Outcome.PASSED} == expected
    assert outcomes(ana)["reconstruction"] in {Outcome.PASSED, Outcome.PARTIAL}
    assert (ana.grade.status, ana.run.status, ana.run.sandboxed, ana.fault) == (
        GradeStatus.FINAL,
        RunStatus.COMPLETED,
        True,
        "",
    )
    assert measured_loss(ana) < CURVE.none


@needs_sandbox
def test_a_model_that_was_never_trained_earns_its_architecture(graded: dict[str, GradedSubmission]) -> None:
    """And nothing for reconstructions; the grade is final, since nothing about it is in doubt."""
    gabriela = graded["gabriela"]
    expected = dict.fromkeys(EVERY_CHECK, Outcome.PASSED) | {"reconstruction": Outcome.FAILED}
    assert (outcomes(gabriela), gabriela.grade.status) == (expected, GradeStatus.FINAL)
    assert measured_loss(gabriela) > CURVE.none


@needs_sandbox
def test_a_cheat_earns_what_was_measured(graded: dict[str, GradedSubmission]) -> None:
    """Patched losses, a patched `predict` and a printed grade of 100 change nothing: the claims are measured again."""
    luis = graded["luis"]
    expected = dict.fromkeys(EVERY_CHECK, Outcome.PASSED) | {"reconstruction": Outcome.FAILED}
    assert (outcomes(luis), luis.run.status) == (expected, RunStatus.COMPLETED)
    assert luis.grade.points_awarded == graded["gabriela"].grade.points_awarded < 100
    assert measured_loss(luis) > CURVE.none


@needs_sandbox
def test_pictures_and_baselines_are_there_for_the_report(graded: dict[str, GradedSubmission]) -> None:
    """The same originals for everyone, and the reconstructions of the student's own model."""
    strips = {name: {strip.title: strip.images for strip in one.measurements.strips} for name, one in graded.items()}
    assert all({"original", "student"} <= set(mine) for mine in strips.values())
    assert strips["ana"]["original"] == strips["luis"]["original"]
    assert strips["ana"]["student"] not in (strips["luis"]["student"], strips["gabriela"]["student"])


@needs_sandbox
@pytest.mark.slow
def test_the_whole_demo_comes_out_as_expected(tmp_path: Path) -> None:
    """`grader demo` with 20 epochs: status 0, a tick for everyone, and the files beside the notebooks agree."""
    start = "import sys; from grader.cli import main; sys.argv[0] = 'grader'; main()"
    done = subprocess.run(
        [sys.executable, "-c", start, "demo", "--out", str(tmp_path), "--lang", "en"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=dict(os.environ) | {"COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓ as expected") == len(CLASS)
    assert f"Report of the class: {tmp_path / 'index.html'}" in done.stdout
    for one in json.loads((tmp_path / "grades.json").read_text())["grades"]:
        expected = json.loads((tmp_path / "submissions" / f"{one['student']}.expected.json").read_text())
        given = {"status": one["status"], "checks": {check["check"]: check["outcome"] for check in one["checks"]}}
        assert given == expected
