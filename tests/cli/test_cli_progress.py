"""What is shown and written down while a class is graded: events, lines, a table, a log."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from cli_samples import run
from rich.console import Console

from grader.cli.events import HandInGraded, done_event, done_sentence, duration, step_event, step_sentence
from grader.cli.progress_reporting import ProgressReporter
from grader.cli.progress_views import JsonLines, LiveTable, PlainLines
from grader.cli.run_log import KEPT, run_log
from grader.domain.grade import CheckResult, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurements
from grader.domain.messages import verbatim
from grader.domain.progress import CellBegun, EpochSeen, Stage, StageBegun, Step
from grader.domain.run import RunRecord, RunStatus, StoppedBy
from grader.domain.submission import Submission
from grader.locale import Translator
from grader.scale import Progress
from grader.scoring import score

EN = Translator("en")
STEPS: tuple[Step, ...] = (
    StageBegun(Stage.RUNNING, 14, 1800.0),
    CellBegun(7, 14, "autoencoder.fit([red]x[/red], x)"),
    EpochSeen(1, 20),
    EpochSeen(3, 20, 0.0135512),
    StageBegun(Stage.RUNNING_WHOLE),
    StageBegun(Stage.AUDITING, 14, 1800.0),
    StageBegun(Stage.MEASURING, 3),
)
TOLD = (
    "Running the notebook: 14 code cells, 30 minutes at most",
    "cell 7 of 14: autoencoder.fit([red]x[/red], x)",
    "epoch 1 of 20",
    "epoch 3 of 20, loss 0.01355",
    "Running the notebook again, with trainings as they were written",
    "Running the notebook on a secret view of the data",
    "Measuring the models: 3",
)


def hand_in(student: str = "ana") -> Submission:
    """A hand-in of which nothing is read."""
    return Submission(student, "tarea.ipynb", Path("tarea.ipynb"), f"{student:0<64}", 1)


def graded(student: str = "ana", *, fault: str = "", accelerated: bool = False) -> GradedSubmission:
    """A grade of 80 of 100 after 13 seconds."""
    results = [CheckResult("runs", Outcome.PARTIAL, 80.0, 100.0, verbatim("="))]
    run = RunRecord(RunStatus.COMPLETED, StoppedBy.NOTHING, cells_total=3, cells_run=3)
    return GradedSubmission(
        student=student,
        filename="tarea.ipynb",
        sha256=f"{student:0<64}",
        assignment="stacked",
        rubric_hash="r" * 64,
        grade=score(results),
        run=run,
        measurements=Measurements(),
        wall_seconds=13.2,
        accelerated=accelerated,
        fault=fault,
    )


# Sentences and events


def test_every_step_has_a_sentence() -> None:
    """In the reader's language; what a cell says is quoted as it is."""
    assert tuple(EN.text(step_sentence(step)) for step in STEPS) == TOLD
    assert Translator("es").text(step_sentence(STEPS[3])) == "época 3 de 20, pérdida 0.01355"


def test_every_step_is_an_event_with_whose_it_is_and_when() -> None:
    """The contract of `docs/progress.en.md`."""
    events = [step_event(hand_in(), step) for step in STEPS[:4]]
    assert all(event.pop("time").endswith("+00:00") for event in events)
    who = {"student": "ana", "submission": "tarea.ipynb"}
    assert events == [
        {"event": "stage", **who, "stage": "running", "count": 14, "most_seconds": 1800.0},
        {"event": "cell", **who, "cell": 7, "cells": 14, "line": "autoencoder.fit([red]x[/red], x)"},
        {"event": "epoch", **who, "epoch": 1, "epochs": 20, "loss": None},
        {"event": "epoch", **who, "epoch": 3, "epochs": 20, "loss": 0.0135512},
    ]


def test_a_result_is_an_event() -> None:
    """With its place in the class and what remains."""
    event = done_event(HandInGraded(Progress(graded(), reused=False, seconds_left=61.26), 3, 30))
    del event["time"]
    assert event == {
        "event": "graded",
        "student": "ana",
        "submission": "tarea.ipynb",
        "status": "FINAL",
        "points_awarded": 80.0,
        "points_possible": 100.0,
        "wall_seconds": 13.2,
        "accelerated": False,
        "reused": False,
        "done": 3,
        "total": 30,
        "seconds_left": 61.3,
    }


@pytest.mark.parametrize(
    ("done", "reported"),
    [
        (HandInGraded(Progress(graded(), reused=False), 1, 30), "80/100 FINAL after 13 s"),
        (
            HandInGraded(Progress(graded(), reused=False, seconds_left=240.0), 3, 30),
            "80/100 FINAL after 13 s; about 4 min left",
        ),
        (
            HandInGraded(Progress(graded(accelerated=True), reused=False), 1, 9),
            "80/100 FINAL after 13 s, trainings shortened",
        ),
        (HandInGraded(Progress(graded(), reused=True), 1, 30), "80/100 FINAL, run before"),
        (HandInGraded(Progress(graded(), reused=False, seconds_left=0.0), 30, 30), "80/100 FINAL after 13 s"),
    ],
    ids=["first", "time left", "accelerated", "reused", "last"],
)
def test_a_result_has_a_sentence(done: HandInGraded, reported: str) -> None:
    """Points, status, time, and how long the others take."""
    assert EN.text(done_sentence(done)) == reported


@pytest.mark.parametrize(("seconds", "reported"), [(12.4, "12 s"), (89.0, "89 s"), (240.0, "4 min"), (9000.0, "2.5 h")])
def test_a_time_that_nobody_knows_exactly_is_rounded(seconds: float, reported: str) -> None:
    """Seconds, minutes, hours."""
    assert EN.text(duration(seconds)) == reported


# Views


def test_without_a_terminal_stages_and_results_are_lines() -> None:
    """Cells and epochs are reported now and then, so that a log file of an hour stays short; mark-up is text."""
    out = io.StringIO()
    lines = PlainLines(Console(file=out, width=200), EN)
    for step in STEPS:
        lines.step(hand_in(), step)
    lines.step(hand_in("bob"), STEPS[1])
    lines.done(HandInGraded(Progress(graded(), reused=False), 1, 2))
    assert out.getvalue().splitlines() == [
        f"ana: {TOLD[0]}",
        *(f"ana: {reported}" for reported in TOLD[4:]),
        f"bob: {TOLD[1]}",
        "1/2 ana: 80/100 FINAL after 13 s",
    ]


def test_json_is_a_line_an_event() -> None:
    """Whatever a notebook puts into its lines."""
    out = io.StringIO()
    view = JsonLines(Console(file=out))
    for step in (*STEPS, CellBegun(1, 2, 'x = "\n\x1b[31m{"')):
        view.step(hand_in(), step)
    view.done(HandInGraded(Progress(graded(), reused=False), 1, 1))
    events = [json.loads(line)["event"] for line in out.getvalue().splitlines()]
    assert events == ["stage", "cell", "epoch", "epoch", "stage", "stage", "stage", "cell", "graded"]


def test_a_terminal_shows_a_row_for_each_that_runs() -> None:
    """Where it is and what its training has come to; the bar and the last results are below."""
    table = LiveTable(EN, total=30)
    for step in STEPS[:4]:
        table.step(hand_in(), step)
    table.step(hand_in("bob"), STEPS[6])
    table.done(HandInGraded(Progress(graded("eva"), reused=False, seconds_left=240.0), 1, 30))
    console = Console(file=io.StringIO(), width=120, record=True)
    console.print(table)
    ana, bob, bar, eva = console.export_text().splitlines()
    assert ana.split() == ["ana", "0:00", *TOLD[1].split(), "·", *TOLD[3].split()]
    assert bob.split() == ["bob", "0:00", *TOLD[6].split()]
    assert bar.startswith("1/30 ")
    assert bar.rstrip().endswith("about 4 min left")
    assert eva == "eva: 80/100 FINAL after 13 s; about 4 min left"


# The log


def test_a_run_has_a_log_of_its_own(tmp_path: Path) -> None:
    """Everything that went on, with the time of each; a failure of ours with its traceback; no line is broken up."""
    with run_log(tmp_path, EN) as log:
        watch = ProgressReporter(LiveTable(EN, 1), 1, log)
        watch.remark(verbatim("two\nlines"))
        watch.step(hand_in("ana\nroot: hacked"), STEPS[3])
        watch.done(Progress(graded(fault="Traceback:\n  File x"), reused=False))
    lines = [line.split(" ", 1) for line in (tmp_path / "grader.log").read_text().splitlines()]
    assert all(len(time) == 20 and time.endswith("Z") for time, _ in lines)
    assert [text for _, text in lines][1:] == [
        "two lines",
        f"ana root: hacked: {TOLD[3]}",
        "1/1 ana: 80/100 FINAL after 13 s",
        "    Traceback:",
        "      File x",
    ]


def test_the_logs_of_earlier_runs_are_kept(tmp_path: Path) -> None:
    """Nine of them; the newest has no number."""
    for number in range(KEPT + 3):
        with run_log(tmp_path, EN) as log:
            log.say(verbatim(f"run {number}"))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["grader.log", *(f"grader.log.{number}" for number in range(1, KEPT + 1))]
    assert (tmp_path / "grader.log").read_text().endswith(f"run {KEPT + 2}\n")
    assert (tmp_path / "grader.log.1").read_text().endswith(f"run {KEPT + 1}\n")


# The command


def test_an_executor_that_there_is_not_is_refused(tmp_path: Path) -> None:
    """Status 2, one sentence, before anything is laid out."""
    ended = run(
        "grade", tmp_path, "--assignment", "stacked", "--out", tmp_path / "o", "--executor", "x", "--lang", "en"
    )
    sentence = (
        "There is no executor x. Write local, dask-local:N (N processes on this machine) or dask://HOST:PORT (the "
        "scheduler of a Dask cluster)."
    )
    assert (ended.status, ended.err.splitlines()) == (2, [sentence])
