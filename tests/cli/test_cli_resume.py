"""A class that is killed goes on where it was: real processes, real signals, a real gradebook.

The notebooks import no TensorFlow, so that a kernel takes a second; each leaves a process behind that nobody asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import pytest
from cli_samples import command, has_sandbox, notebook, run_process, surroundings
from waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.skipif(not has_sandbox(), reason="no sandbox works here: `grader doctor` says why")

STUDENTS = ("ana", "bruno", "carla", "diego", "elena")
KERNEL = re.compile(r"kernel_main\.py|fork_server\.py")
"""Start of a cold kernel, or of the process from which warm ones are forked."""
SLEEPER = f"sleep {1_000_000 + os.getpid()}"
"""What the notebooks leave running; nothing else on a machine is called so, not even by these tests run twice."""


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five notebooks that end in five ways, and no model in any of them."""
    folder = tmp_path_factory.mktemp("class")
    lingering = f"import subprocess, time\nsubprocess.Popen({SLEEPER.split()!r}, start_new_session=True)\n"
    lasts = ("x = 1", "1 / 0", "print('ñ' * 10)", "raise NotImplementedError", "undefined")
    for place, (student, last) in enumerate(zip(STUDENTS, lasts, strict=True)):
        seconds = 0.5 if place < 2 else 4  # who is to be interrupted must still be at work on a busy machine
        (folder / f"{student}.ipynb").write_text(notebook(f"# {student}", f"{lingering}time.sleep({seconds})", last))
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Surroundings of a user without data sets."""
    return {"HOME": str(tmp_path_factory.mktemp("home")), "KERAS_HOME": ""}


def grade(class_folder: Path, out: Path, *, jobs: int = 1) -> list[str | Path]:
    """The command's arguments."""
    options = ["--data-size", "sample", "--jobs", str(jobs), "--lang", "es"]
    return ["grade", class_folder, "--assignment", "stacked", "--out", out, *options]


def gradings(out: Path) -> dict[str, int]:
    """Committed gradings of each student, read beside whoever writes."""
    query = (
        "SELECT student, count(*) FROM submission JOIN grading ON grading.submission_id = submission.id "
        "GROUP BY submission.id"
    )
    try:
        with sqlite3.connect(f"file:{out / 'gradebook.sqlite'}?mode=ro", uri=True) as database:
            return {str(student): int(number) for student, number in database.execute(query)}
    except sqlite3.OperationalError:  # there is no file yet, or no table
        return {}


def without_times(out: Path) -> list[dict[str, Any]]:
    """The grades of `grades.json`, but for what no two runs share."""
    grades: list[dict[str, Any]] = json.loads((out / "grades.json").read_text())["grades"]
    for one in grades:
        del one["wall_seconds"], one["run"]["wall_seconds"], one["run"]["peak_memory_mib"]
    return grades


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def interrupted(class_folder: Path, out: Path, home: dict[str, str], by: signal.Signals) -> subprocess.Popen[str]:
    """Start grading, send the signal when some grades are committed, and see every process it had started end."""
    running = subprocess.Popen(
        command(*grade(class_folder, out, jobs=2)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=surroundings(home),
    )
    assert wait_until(lambda: len(gradings(out)) >= 2)
    assert wait_until(lambda: any(KERNEL.search(line) for line in command_lines(descendants(running))))
    started = descendants(running)
    assert running.poll() is None
    running.send_signal(by)
    running.wait(PATIENCE_SECONDS)
    assert wait_until(lambda: all(is_gone(process) for process in started))
    assert SLEEPER not in command_lines(psutil.process_iter())
    return running


def descendants(running: subprocess.Popen[str]) -> list[psutil.Process]:
    """Every process that a command has started: measuring processes, sandboxes, kernels, and what those started."""
    return psutil.Process(running.pid).children(recursive=True)


def command_lines(processes: Iterable[psutil.Process]) -> list[str]:
    """How they were started, as far as they are still there."""
    lines = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    return lines


@pytest.fixture(scope="module")
def undisturbed(class_folder: Path, home: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class graded in one go."""
    out = tmp_path_factory.mktemp("undisturbed")
    ended = run_process(*grade(class_folder, out), environment=home)
    assert ended.status == 0, ended.err
    return out


def test_a_killed_class_goes_on_where_it_was(
    class_folder: Path, home: dict[str, str], undisturbed: Path, tmp_path: Path
) -> None:
    """SIGKILL half-way: the same grades in the end, nothing done twice, nothing lost, and no process survives."""
    killed = interrupted(class_folder, tmp_path, home, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    kept = gradings(tmp_path)
    assert 2 <= len(kept) < len(STUDENTS)
    ended = run_process(*grade(class_folder, tmp_path), environment=home)
    assert ended.status == 0
    assert gradings(tmp_path) == dict.fromkeys(STUDENTS, 1)
    assert without_times(tmp_path) == without_times(undisturbed)
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [f"{name}.html" for name in STUDENTS]


def test_the_undisturbed_class_has_the_grades_that_its_notebooks_deserve(undisturbed: Path) -> None:
    """So that the test above compares something: what was observed of each run differs."""
    observed = [(one["student"], one["run"]["status"], one["status"]) for one in without_times(undisturbed)]
    assert observed == [
        ("ana", "completed", "FINAL"),
        ("bruno", "raised", "NEEDS_REVIEW"),
        ("carla", "completed", "FINAL"),
        ("diego", "raised", "FINAL"),
        ("elena", "raised", "NEEDS_REVIEW"),
    ]


def test_ctrl_c_ends_at_once_with_a_sentence(class_folder: Path, home: dict[str, str], tmp_path: Path) -> None:
    """Status 1 and how to go on; grades are kept, and neither a process nor a temporary folder is left."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    stopped = interrupted(class_folder, tmp_path / "out", home | {"TMPDIR": str(scratch)}, signal.SIGINT)
    assert stopped.stderr is not None
    said = stopped.stderr.read()
    assert stopped.returncode == 1
    assert "Detenido. Las notas terminadas se conservan; el mismo comando continúa desde aquí." in said
    assert "Traceback" not in said
    assert len(gradings(tmp_path / "out")) >= 2
    assert list(scratch.iterdir()) == []
