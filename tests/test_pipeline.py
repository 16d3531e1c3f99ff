"""The way of a submission, with fakes at the two ports: order, results, and every way in which we can fail."""

from __future__ import annotations

import ast
import inspect
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from checks import builders
from grading_samples import (
    ASSIGNMENT,
    EMPTY_CLAIMS,
    FakeMeasurer,
    FakeSandbox,
    context,
    in_english,
    notebook_text,
    outcomes,
    reasons,
    submission,
    waits_for_a_person,
)

from grader import pipeline, source_reading
from grader.checks.core.subject import Subject
from grader.checks.rubric import run_checks
from grader.domain.assignment import DuePolicy, ImportPolicy
from grader.domain.datasets import DataSize
from grader.domain.evidence import Evidence
from grader.domain.grade import Grade, GradeStatus, Lateness, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurements, MeasuringFailedError, Quantity
from grader.domain.messages import message, verbatim
from grader.domain.ports import MeasuringTask
from grader.domain.run import CellError, LackedName, RaisedBy, RunRecord, RunStatus, StoppedBy
from grader.pipeline import broken_observation, grade_submission, judge, missing_modules
from grader.reading.failures import ReadingFailedError
from grader.reading.reading_client import within_limits
from grader.scoring import score
from grader.translation.old_code import read_old_code

ON_THE_SAMPLE = message(
    "Graded on the embedded sample, about a seventh of the data: numbers are those of fewer updates, and are compared "
    "with references that were trained on the same sample."
)

NOTHING = Measurements(data="sample")
"""What zone M says where the notebook left no model."""


# The stages


def test_a_right_submission_earns_everything(tmp_path: Path) -> None:
    """The whole value that comes out, but for the time it took."""
    mine = submission(tmp_path)
    graded = grade_submission(mine, context())
    results = run_checks(builders.RUBRIC, Subject(builders.COMPLETED, builders.measured(), builders.FACTS))
    assert replace(graded, wall_seconds=0.0) == GradedSubmission(
        student="ana",
        filename="ana.ipynb",
        sha256=mine.sha256,
        assignment="stacked",
        rubric_hash="r" * 64,
        grade=score(results),
        run=builders.COMPLETED,
        measurements=builders.measured(),
        notes=(ON_THE_SAMPLE,),
    )
    assert (graded.grade.points_awarded, graded.grade.status) == (100.0, GradeStatus.FINAL)


def test_what_lateness_costs_is_taken_off_at_the_end(tmp_path: Path) -> None:
    """The checks earn what they earn; a time that nobody knows costs nothing; also where nothing could be graded."""
    due = DuePolicy(datetime(2026, 12, 1, tzinfo=UTC), late_percent_per_day=10.0)
    mine = replace(submission(tmp_path), submitted_at=datetime(2026, 12, 2, 12, tzinfo=UTC))
    timed = context(assignment=replace(ASSIGNMENT, due=due))
    late = grade_submission(mine, timed)
    assert (late.grade.points_awarded, late.grade.late) == (100.0, Lateness(2160, 20.0, 20.0))
    assert (late.submitted_at, late.grade.status) == (mine.submitted_at, GradeStatus.FINAL)
    assert grade_submission(replace(mine, submitted_at=None), timed).grade.late is None
    assert grade_submission(mine, context()).grade.late is None
    died = judge(broken_observation(RuntimeError("gone"), timed), mine, timed.assignment, timed.facts)
    assert (died.grade.late, died.submitted_at, died.grade.status) == (
        Lateness(2160, 20.0, 0.0),
        mine.submitted_at,
        GradeStatus.NEEDS_REVIEW,
    )


def test_imports_are_read_from_the_code_and_judged_by_the_assignments_policy(tmp_path: Path) -> None:
    """The check sees the policy and every import; the rest of the rubric is as before."""
    rubric = (*ASSIGNMENT.rubric, builders.item("imports"))
    asked = replace(ASSIGNMENT, rubric=rubric, imports=ImportPolicy(allow=("numpy",)))
    right = submission(tmp_path, "ana", notebook_text("import numpy as np\nimport os"))
    wrong = submission(tmp_path, "eva", notebook_text("import numpy as np", "%matplotlib inline\nimport torch"))
    assert outcomes(grade_submission(right, context(assignment=asked)))["imports"] is Outcome.PASSED
    graded = grade_submission(wrong, context(assignment=asked))
    (finding,) = graded.grade.results[-1].findings
    assert (in_english(finding.where), in_english(finding.actual)) == (
        "Code cell 2 of the notebook: `%matplotlib inline`, line 2",
        "This is imported: `torch`.",
    )
    assert graded.grade.points_awarded == 100.0


def test_old_code_is_run_as_handed_in_unless_the_assignment_says_otherwise(tmp_path: Path) -> None:
    """With `compat` the translation is run and stands in the notes; imports are judged as the student wrote them."""
    rubric = (*ASSIGNMENT.rubric, builders.item("imports"))
    asked = replace(ASSIGNMENT, rubric=rubric, imports=ImportPolicy(allow=("numpy", "keras.layers")))
    content = notebook_text("import numpy as np\nfrom keras.layers.core import Dense", "%time x = np.Inf")
    as_it_is, as_translated = FakeSandbox(), FakeSandbox()
    without = grade_submission(submission(tmp_path, content=content), context(as_it_is, assignment=asked))
    compat = replace(asked, compat=True)
    graded = grade_submission(submission(tmp_path, content=content), context(as_translated, assignment=compat))
    assert [cell.source for cell in as_it_is.seen[0].cells][1] == "%time x = np.Inf"
    assert [cell.source for cell in as_translated.seen[0].cells] == [
        "import numpy as np\nfrom keras.layers import Dense",
        "%time x = np.inf",
    ]
    assert ([*without.notes], [in_english(note) for note in graded.notes]) == (
        [ON_THE_SAMPLE],
        [
            "Translated: Code cell 1 of the notebook: `import numpy as np`, line 2: from keras.layers.core import Dense → from keras.layers import Dense",
            "Translated: Code cell 2 of the notebook: `%time x = np.Inf`, line 1: np.Inf → np.inf",
            in_english(ON_THE_SAMPLE),
        ],
    )
    assert graded.grade == without.grade


def test_a_search_for_old_code_that_breaks_is_reported_and_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It only explains errors; where its translation was to be run, the failure is ours and a person looks."""

    def broken(function: Callable[..., object], *arguments: object) -> object:
        if function is read_old_code:
            raise ReadingFailedError("Traceback …\nKeyError: 'Dense'")
        return within_limits(function, *arguments)

    monkeypatch.setattr(source_reading, "within_limits", broken)
    graded = grade_submission(submission(tmp_path), context())
    assert (graded.grade.points_awarded, graded.grade.status, graded.fault) == (100.0, GradeStatus.FINAL, "")
    assert [in_english(note) for note in graded.notes] == [
        "The grader failed to search this notebook for old code (KeyError: 'Dense'). No point depends on that.",
        in_english(ON_THE_SAMPLE),
    ]
    translating = grade_submission(submission(tmp_path), context(assignment=replace(ASSIGNMENT, compat=True)))
    assert waits_for_a_person(translating)
    assert "KeyError: 'Dense'" in translating.fault


def test_old_code_explains_an_error(tmp_path: Path) -> None:
    """What the sandbox saw and what reading found come together in the finding."""
    error = CellError(0, "AttributeError", "`np.Inf` was removed in the NumPy 2.0 release.")
    sandbox = FakeSandbox(replace(builders.COMPLETED, status=RunStatus.RAISED, errors=(error,)))
    mine = submission(tmp_path, content=notebook_text("import numpy as np\nx = np.Inf"))
    (finding,) = grade_submission(mine, context(sandbox)).grade.results[0].findings
    assert (in_english(finding.why), in_english(finding.hint)) == (
        (
            "Code cell 1 of the notebook: `import numpy as np`, line 2: The current version no longer takes `np.Inf`: "
            "write `np.inf`."
        ),
        "Written today: np.inf",
    )


def test_the_sandbox_gets_the_sanitised_notebook_and_the_limits(tmp_path: Path) -> None:
    """Cells and limits of the assignment, nothing of the file's metadata."""
    sandbox = FakeSandbox()
    grade_submission(submission(tmp_path, content=notebook_text("a = 1", "", "%pip list")), context(sandbox))
    (notebook,) = sandbox.seen
    assert [(cell.index, cell.source) for cell in notebook.cells] == [(0, "a = 1"), (2, "%pip list")]
    assert sandbox.limits == ASSIGNMENT.limits


def test_the_measurer_gets_vetted_evidence_and_its_task(tmp_path: Path) -> None:
    """What the notebook left behind went through the border; the names are those that the assignment asks for."""
    claims = EMPTY_CLAIMS | {"versions": {"keras": "3.11"}, "requests": ["pip install seaborn"]}
    measurer = FakeMeasurer()
    grade_submission(submission(tmp_path), context(FakeSandbox(claims=json.dumps(claims)), measurer, images="public"))
    ((evidence, task),) = measurer.seen
    weights_file = evidence.weights_file
    assert weights_file is not None
    assert weights_file.parts[-2:] == ("vetted", "weights.npz")
    assert evidence == Evidence(
        weights_file=weights_file, requests=("pip install seaborn",), versions={"keras": "3.11"}
    )
    assert task == MeasuringTask(
        "stacked", "public", (("encoder", "encoder"), ("decoder", "decoder"), ("autoencoder", "autoencoder"))
    )


def test_stages_run_in_order(tmp_path: Path) -> None:
    """The measurer is asked after the sandbox is done, once each."""
    order: list[str] = []

    class Noting(FakeMeasurer):
        def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
            order.append("measured")
            return super().measure(evidence, task)

    sandbox = FakeSandbox(spoil=lambda _: order.append("ran"))
    grade_submission(submission(tmp_path), context(sandbox, Noting()))
    assert order == ["ran", "measured"]


def test_what_was_mended_and_what_was_not_run_is_noted(tmp_path: Path) -> None:
    """An old format, and what the notebook asked of its surroundings."""
    old = json.dumps({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "a = 1"}]}]})
    claims = json.dumps(EMPTY_CLAIMS | {"requests": ["pip install seaborn", "google.colab.drive.mount()"]})
    graded = grade_submission(submission(tmp_path, content=old), context(FakeSandbox(claims=claims)))
    assert [in_english(note) for note in graded.notes] == [
        "The notebook is in the old format 3; it was read all the same.",
        "Not run here: pip install seaborn",
        "Not run here: google.colab.drive.mount()",
        in_english(ON_THE_SAMPLE),
    ]


def test_grade_submission_fits_on_a_screen() -> None:
    """At most 60 lines with its docstring: it is the table of contents of the product."""
    (function,) = ast.parse(inspect.getsource(grade_submission)).body
    assert isinstance(function, ast.FunctionDef)
    assert (function.end_lineno or 0) - function.lineno + 1 <= 60


# Our own failures


def assert_ours(graded: GradedSubmission, reason: str, *, traceback_of: str) -> None:
    """Everything waits for a person, nothing is a zero, and the maintainer finds the traceback."""
    assert waits_for_a_person(graded)
    assert reason in reasons(graded)[0]
    assert graded.fault.startswith("Traceback (most recent call last):")
    assert traceback_of in graded.fault


def test_a_sandbox_that_raises_is_our_failure(tmp_path: Path) -> None:
    """It promised not to; the batch must not pay for that."""
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(error=RuntimeError("no kernel {today}"))))
    assert_ours(
        graded, "The grader itself failed: RuntimeError: no kernel {today}", traceback_of="RuntimeError: no kernel"
    )
    assert graded.run == RunRecord(RunStatus.UNAVAILABLE)


def test_a_sandbox_that_cannot_start_is_our_failure(tmp_path: Path) -> None:
    """It answers UNAVAILABLE; the grade carries a fault, so that it is not taken for done."""
    away = RunRecord(RunStatus.UNAVAILABLE, StoppedBy.SANDBOX, detail=message("The kernel said {text}", text="no"))
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(away), FakeMeasurer(NOTHING)))
    assert waits_for_a_person(graded)
    assert (graded.run, graded.fault) == (away, "The kernel said no")


@pytest.mark.parametrize("text", ["it died", "", "Traceback (most recent call last):\n  File x\nKeyError: 'm3'"])
def test_a_measuring_process_that_breaks_is_our_failure(tmp_path: Path, text: str) -> None:
    """Whatever it said, even nothing; a student reads the last line and no traceback. What was observed is kept."""
    graded = grade_submission(submission(tmp_path), context(measurer=FakeMeasurer(error=MeasuringFailedError(text))))
    last = text.splitlines()[-1] if text else "–"
    assert_ours(graded, f"The grader itself failed: MeasuringFailedError: {last}", traceback_of="MeasuringFailedError")
    assert "File x" not in reasons(graded)[0]
    assert graded.run == builders.COMPLETED


def test_a_check_that_raises_is_our_failure(tmp_path: Path) -> None:
    """Here the rubric names a check that nobody wrote."""
    broken = replace(ASSIGNMENT, rubric=(*ASSIGNMENT.rubric[:-1], builders.item("nobody-wrote-it", points=20.0)))
    graded = grade_submission(submission(tmp_path), context(assignment=broken))
    assert (graded.grade.status, graded.grade.points_possible) == (GradeStatus.NEEDS_REVIEW, 100)
    assert set(outcomes(graded).values()) == {Outcome.UNGRADABLE}
    assert "there is no check nobody-wrote-it" in reasons(graded)[0]
    assert "ValueError" in graded.fault


def test_a_score_that_raises_is_our_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No input that passed validation makes it raise, so it is made to, once."""
    calls: list[object] = []

    def failing_once(results: object, *, reasons: object = ()) -> Grade:
        calls.append(results)
        if len(calls) == 1:
            raise ValueError("check layers awards nan of 10 points")
        return score(results, reasons=reasons)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "score", failing_once)
    graded = grade_submission(submission(tmp_path), context())
    assert_ours(graded, "ValueError: check layers awards nan", traceback_of="failing_once")


def test_claims_that_the_border_refuses_wait_for_a_person(tmp_path: Path) -> None:
    """No fault of ours, so it is not graded again and again; and no zero, since a bug of ours may have written them."""
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(claims='{"schema_version": 1}')))
    assert waits_for_a_person(graded)
    assert reasons(graded)[0].startswith("What the notebook left behind could not be accepted (claims.json: ")
    assert (graded.run, graded.fault) == (builders.COMPLETED, "")


def test_our_failure_is_told_in_one_short_line(tmp_path: Path) -> None:
    """Half a page of text stays in `fault`."""
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(error=RuntimeError("x" * 5000))))
    assert len(reasons(graded)[0]) < 400
    assert "x" * 5000 in graded.fault


def test_a_worker_that_died_leaves_a_grade_that_waits(tmp_path: Path) -> None:
    """Built by the caller, since the worker can answer no more."""
    mine = submission(tmp_path)
    graded = judge(broken_observation(OSError("gone"), context()), mine, ASSIGNMENT, builders.FACTS)
    assert waits_for_a_person(graded)
    assert reasons(graded)[0].startswith("The grader itself failed: OSError: gone")
    assert graded.fault == "OSError: gone\n"
    assert (graded.student, graded.filename, graded.sha256) == ("ana", "ana.ipynb", mine.sha256)


# What the submission itself may be


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty: it has 0 bytes."),
        (b"<!DOCTYPE html><html></html>", "This is a web page (HTML), not a notebook."),
        (b"{", "The notebook breaks off at its line 1"),
        (notebook_text(cells=[]).encode(), "The notebook has no code cell"),
    ],
)
def test_an_unreadable_submission_runs_nothing_and_waits(tmp_path: Path, content: bytes, reason: str) -> None:
    """Its own status and sentence; nothing broke, so there is no fault and no talk of the sandbox."""
    fakes = FakeSandbox(), FakeMeasurer()
    graded = grade_submission(submission(tmp_path, content=content), context(*fakes))
    assert waits_for_a_person(graded)
    assert reasons(graded)[0].startswith(reason)
    assert (graded.fault, graded.run) == ("", RunRecord(RunStatus.UNAVAILABLE))
    assert (fakes[0].seen, fakes[1].seen) == ([], [])


def test_a_file_that_vanished_is_unreadable(tmp_path: Path) -> None:
    """Between intake and grading; not the grader's own failure."""
    mine = submission(tmp_path)
    mine.path.unlink()
    graded = grade_submission(mine, context())
    assert reasons(graded)[0].startswith("The file cannot be read: ")


def test_a_second_hand_in_waits_although_every_check_passed(tmp_path: Path) -> None:
    """Points are shown, and a person decides which hand-in counts."""
    conflict = verbatim("two hand-ins")
    graded = grade_submission(submission(tmp_path, conflict=conflict), context())
    assert (graded.grade.points_awarded, graded.grade.status) == (100.0, GradeStatus.NEEDS_REVIEW)
    assert graded.grade.reasons == (conflict,)


CRASH = CellError(4, "ValueError", "shapes do not fit", "encoder = keras.Model(x)")


def test_a_crash_without_a_model_is_no_final_zero(tmp_path: Path) -> None:
    """A person decides whether the student or our machine was wrong."""
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(builders.raised(CRASH)), FakeMeasurer(NOTHING)))
    assert (graded.grade.points_awarded, graded.grade.status) == (0.0, GradeStatus.NEEDS_REVIEW)
    (reason,) = reasons(graded)
    assert reason == (
        "No autoencoder could be measured, because the notebook stopped with ValueError in cell 5 of the notebook. "
        "Whether that is the student's mistake or this machine's, a person decides before it costs points."
    )


def test_a_crash_after_the_model_was_made_is_final(tmp_path: Path) -> None:
    """The error costs its points, and the rest could be measured."""
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(builders.raised(CRASH))))
    assert graded.grade.status is GradeStatus.FINAL
    assert {check: outcome for check, outcome in outcomes(graded).items() if outcome is not Outcome.PASSED} == {
        "runs": Outcome.PARTIAL
    }


def test_a_cell_that_nobody_completed_is_no_crash(tmp_path: Path) -> None:
    """An unfinished notebook earns what it earns, whatever else fails after it."""
    todo = CellError(3, "NotImplementedError", "", "raise NotImplementedError")
    after = CellError(4, "NameError", "name 'encoder' is not defined", lacked=LackedName("encoder"))
    graded = grade_submission(
        submission(tmp_path), context(FakeSandbox(builders.raised(todo, after)), FakeMeasurer(NOTHING))
    )
    assert (graded.grade.points_awarded, graded.grade.status) == (0.0, GradeStatus.FINAL)


@pytest.mark.parametrize(
    "errors",
    [
        (
            CellError(
                3, "NotImplementedError", "`numpy()` needs eager execution", "m.fit(x)", raised_by=RaisedBy.LIBRARY
            ),
        ),
        (CellError(3, "NotImplementedError", "", "raise NotImplementedError"), CRASH),
    ],
    ids=["a library raised it", "another cell crashed as well"],
)
def test_only_what_a_cell_raises_until_it_is_completed_is_no_crash(
    tmp_path: Path, errors: tuple[CellError, ...]
) -> None:
    """A complete notebook does not end with a final zero because something raised NotImplementedError."""
    graded = grade_submission(
        submission(tmp_path), context(FakeSandbox(builders.raised(*errors)), FakeMeasurer(NOTHING))
    )
    assert (graded.grade.points_awarded, graded.grade.status) == (0.0, GradeStatus.NEEDS_REVIEW)


def test_a_cell_that_restarts_the_runtime_is_no_final_zero(tmp_path: Path) -> None:
    """`os._exit(0)` is how notebooks in Colab restart after `pip install`."""
    ended = builders.killed(StoppedBy.OWN_EXIT)
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(ended), FakeMeasurer(NOTHING)))
    assert (graded.grade.points_awarded, graded.grade.status) == (0.0, GradeStatus.NEEDS_REVIEW)
    assert reasons(graded)[0].startswith("No model could be measured, because a cell ended the notebook's own process")


WRITTEN_FOR_THE_FULL_SET = (
    "The notebook was written for the full data set and was run on the embedded sample. Grade it again without "
    "--data-size sample."
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x = X.reshape(60000, 784)", "cannot reshape array of size 6272000 into shape (60000,784)"),
        ("X_valid = X[55_000:]", "Expected input data to be non-empty."),
        ("n = 60000\nx = X.reshape(n, 784)", "something else"),
    ],
)
def test_an_error_by_the_official_sizes_is_the_samples_fault(tmp_path: Path, source: str, text: str) -> None:
    """Also where the number stands in another cell than the error."""
    record = builders.raised(CellError(1, "ValueError", text, "history = autoencoder.fit(X)"))
    mine = submission(tmp_path, content=notebook_text(source, "history = autoencoder.fit(X)"))
    graded = grade_submission(mine, context(FakeSandbox(record)))
    assert (graded.grade.status, reasons(graded)) == (GradeStatus.NEEDS_REVIEW, [WRITTEN_FOR_THE_FULL_SET])
    on_full_data = grade_submission(mine, context(FakeSandbox(record), data="full", facts=FULL_FACTS))
    assert on_full_data.grade.status is GradeStatus.FINAL


FULL_FACTS = replace(
    builders.FACTS, calibrated={DataSize.SAMPLE: builders.CALIBRATED, DataSize.FULL: builders.CALIBRATED}
)


def test_official_sizes_without_an_error_change_nothing(tmp_path: Path) -> None:
    """`X_train[:60000]` of the sample is the whole sample."""
    graded = grade_submission(submission(tmp_path, content=notebook_text("X = X[:60000]")), context())
    assert graded.grade.status is GradeStatus.FINAL


# Missing modules


def lacks(*texts: str, name: str = "ModuleNotFoundError") -> RunRecord:
    return builders.raised(*(CellError(place, name, text) for place, text in enumerate(texts)))


def test_modules_that_this_machine_lacks_are_found_in_the_errors() -> None:
    """The top-level name, once, in order; a module that is here was not the machine's fault."""
    record = lacks(
        "No module named 'geemap'",
        "No module named 'numpy.nothing'",
        "No module named 'dopamine'",
        "No module named 'geemap'",
        "No module named '__main__'",
        "nothing named",
    )
    assert missing_modules(record) == ("geemap", "dopamine")


def test_only_the_error_of_imports_counts() -> None:
    """A student's own exception with that text is none."""
    assert missing_modules(lacks("No module named 'geemap'", name="ValueError")) == ()


@pytest.mark.parametrize(
    ("request_line", "lacking"),
    [
        ("", ()),
        ("pip install -q tqdm", ()),
        ("pip install -q 'nobodys-module>=2' tqdm", ("nobodys_module",)),
        ("%pip install nobodys.module", ("nobodys_module",)),
        ("pip install git+https://example.org/someone/repository.git", ("nobodys_module",)),
        ("pip install -r requirements.txt", ("nobodys_module",)),
        ("apt-get install -y graphviz", ()),
    ],
)
def test_a_module_that_nobody_has_is_ours_only_where_the_notebook_installs_it(
    request_line: str, lacking: tuple[str, ...]
) -> None:
    """Else it is a file that was not handed in, or a slip of the pen, as it would be in Colab."""
    assert missing_modules(lacks("No module named 'nobodys_module'"), [request_line]) == lacking


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TBNotInstalledError", "geemap is not installed, missing implementation for"),
        ("ImportError", "Missing optional dependency 'geemap'. Use pip or conda to install geemap."),
    ],
)
def test_a_package_that_complains_in_its_own_words_about_another_is_understood(name: str, text: str) -> None:
    """No error of an import has to be called ModuleNotFoundError."""
    assert missing_modules(lacks(text, name=name)) == ("geemap",)


def test_a_module_that_we_lack_makes_a_person_look(tmp_path: Path) -> None:
    """No point is lost for it."""
    record = lacks("No module named 'geemap'")
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(record), FakeMeasurer(NOTHING)))
    assert (graded.grade.status, set(outcomes(graded).values())) == (GradeStatus.NEEDS_REVIEW, {Outcome.UNGRADABLE})


# The private folder


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, empty and ours alone."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_nothing_is_left_of_the_private_folder(tmp_path: Path, scratch: Path) -> None:
    """After a grade and after a failure."""
    for sandbox in (FakeSandbox(), FakeSandbox(error=RuntimeError("no"))):
        grade_submission(submission(tmp_path), context(sandbox))
        assert sandbox.folders[0].is_relative_to(scratch)
    assert list(scratch.iterdir()) == []


def test_links_of_a_notebook_lead_nowhere(tmp_path: Path, scratch: Path) -> None:
    """Deleting follows none, neither to a file nor to a folder."""
    treasure = tmp_path / "treasure"
    treasure.mkdir(mode=0o500)
    (tmp_path / "file").write_text("kept")

    def plant(exchange: Path) -> None:
        (exchange / "folder").symlink_to(treasure)
        (exchange / "file").symlink_to(tmp_path / "file")
        os.link(tmp_path / "file", exchange / "hard")
        os.mkfifo(exchange / "pipe")

    grade_submission(submission(tmp_path), context(FakeSandbox(spoil=plant)))
    assert list(scratch.iterdir()) == []
    assert (treasure.stat().st_mode & 0o777, (tmp_path / "file").read_text()) == (0o500, "kept")


def test_folders_deeper_than_a_path_may_be_are_deleted(tmp_path: Path, scratch: Path) -> None:
    """A nest of 1,100 folders spoils neither the grade nor the disk; removing it by recursion would do both."""

    def nest(exchange: Path) -> None:
        here = Path.cwd()
        os.chdir(exchange)
        for _ in range(1_100):
            Path("n" * 100).mkdir()
            os.chdir("n" * 100)
        os.chdir(here)

    try:
        graded = grade_submission(submission(tmp_path), context(FakeSandbox(spoil=nest)))
        assert (graded.grade.points_awarded, graded.fault) == (100.0, "")
        assert list(scratch.iterdir()) == []
    finally:  # were it left, pytest's own cleaning would stumble over it as well
        subprocess.run([shutil.which("rm") or "rm", "-rf", str(scratch)], check=True)


def _close(exchange: Path) -> None:
    """What a notebook can do to its folders: closed ones in closed ones, and itself."""
    inner = exchange / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    for folder in (inner, exchange / "a", exchange / "claims"):
        folder.chmod(0)


def _grade_unprivileged(folder: Path) -> None:
    """Runs in a process of its own; root may open every folder, which would show nothing."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(65_534, 65_534, 65_534)
        os.setresuid(65_534, 65_534, 65_534)
    tempfile.tempdir = str(folder / "scratch")
    (folder / "scratch").mkdir()
    grade_submission(submission(folder), context(FakeSandbox(spoil=_close)))
    left = list((folder / "scratch").rglob("*"))
    os._exit(len(left))


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders are POSIX's")
def test_closed_folders_of_a_notebook_are_deleted() -> None:
    """A notebook that takes our rights away (chmod 000) leaves nothing behind, also where we are not root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        process = multiprocessing.get_context("fork").Process(target=_grade_unprivileged, args=(folder,))
        process.start()
        process.join(60)
        assert process.exitcode == 0


# The sample

SHORT = (
    "Run on the embedded sample, the notebook made 96 updates, about a seventh of those that it makes on the full data; "
    "the {points} points that it lost for what it learnt may be due to that alone. A person decides, or grade it again "
    "without --data-size sample."
)
FAR_OFF = builders.measured(numbers={Quantity.RECONSTRUCTION_MSE: 0.08})
FIT = {"model": "m0", "epochs": 3, "samples": 8_000, "batch_size": 256, "same_target": True, "completed": True}
FITTED = json.dumps(EMPTY_CLAIMS | {"fits": [{"input_minimum": 0.0, "input_maximum": 1.0, **FIT}]})


def test_what_is_lost_on_the_sample_for_few_updates_waits_for_a_person(tmp_path: Path) -> None:
    """Three epochs of 8,000 images are 96 updates, of 60,000 they are 705: the points stay lost until somebody looks."""
    graded = grade_submission(submission(tmp_path), context(FakeSandbox(claims=FITTED), FakeMeasurer(FAR_OFF)))
    lost = graded.grade.points_possible - graded.grade.points_awarded
    assert lost > 0
    assert (graded.grade.status, reasons(graded)) == (
        GradeStatus.NEEDS_REVIEW,
        [SHORT.format(points=f"{lost:g}")],
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"data": "full"},
        {"written_for": "sample"},
        {"facts": replace(builders.FACTS, dataset="cloud")},
    ],
    ids=["on the full data", "written for the sample", "data that have no more"],
)
def test_what_is_lost_elsewhere_is_final(tmp_path: Path, changes: dict[str, object]) -> None:
    """There the notebook made all the updates that it was written for."""
    facts = {"facts": FULL_FACTS} if "data" in changes else {}
    surroundings = context(FakeSandbox(claims=FITTED), FakeMeasurer(FAR_OFF), **(facts | changes))
    graded = grade_submission(submission(tmp_path), surroundings)
    assert graded.grade.points_awarded < graded.grade.points_possible
    assert (graded.grade.status, reasons(graded)) == (GradeStatus.FINAL, [])


def test_a_grade_on_the_full_data_says_nothing_of_a_sample(tmp_path: Path) -> None:
    """Nor does one of points in space, which are the same few everywhere."""
    assert grade_submission(submission(tmp_path), context(data="full", facts=FULL_FACTS)).notes == ()
    points = replace(builders.FACTS, dataset="cloud")
    assert grade_submission(submission(tmp_path), context(facts=points)).notes == ()
