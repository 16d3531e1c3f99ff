"""A kernel that waits for nothing is ended after a minute; one that works, however slowly, is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_here import make_sandbox

from grader.domain.run import Limits, RunRecord, RunStatus, StoppedBy
from grader.domain.submission import CodeCell, Notebook
from grader.sandbox.backends import OpenMachine
from grader.sandbox.idleness import Activity, Idleness, activity

QUIET, BUSY = 0.001, 0.5
"""Processor seconds in a second: what a kernel takes that only waits for messages, and one that trains."""


def idle_after(*seconds: Activity) -> int | None:
    """Look once a second; return after how many seconds a kernel counts as idle that may be so for ten."""
    history: Iterator[Activity] = iter([Activity(0.0, 0, at_work=False), *seconds])
    now = 0
    idleness = Idleness(10.0, lambda: next(history), clock=lambda: float(now))
    for _ in seconds:
        now += 1
        if idleness.lasts():
            return now
    return None


def spent(a_second: float, seconds: int, *, start: float = 0.0) -> list[Activity]:
    """Return what is seen of a kernel that takes so much processor time in every second."""
    return [Activity(start + a_second * (second + 1), 0, at_work=False) for second in range(seconds)]


def test_ten_seconds_of_nothing_are_idle() -> None:
    """The little that a waiting kernel takes itself is nothing."""
    assert idle_after(*spent(QUIET, 30)) == 10


def test_work_output_and_waiting_for_a_processor_or_a_disk_are_not_idle() -> None:
    """Each of them alone."""
    assert idle_after(*spent(BUSY, 30)) is None
    assert idle_after(*(Activity(0.0, second // 9, at_work=False) for second in range(1, 31))) is None
    assert idle_after(*(Activity(0.0, 0, at_work=second % 9 == 0) for second in range(1, 31))) is None


def test_the_minute_begins_after_the_last_work() -> None:
    """Five seconds of training, then nothing."""
    assert idle_after(*spent(BUSY, 5), *spent(QUIET, 30, start=5 * BUSY)) == 15


def test_a_process_that_is_gone_has_done_nothing() -> None:
    """It may end between two looks."""
    assert activity(2**22 - 7, 3) == Activity(0.0, 3, at_work=False)


def run(tmp_path: Path, *cells: str) -> RunRecord:
    """Run cells in a kernel that may do nothing for six seconds."""
    notebook = Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(cells)))
    return OpenMachine().run(notebook, Limits(idle_seconds=6.0, cell_seconds=300.0), tmp_path / "exchange")


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
@pytest.mark.slow
@pytest.mark.parametrize(
    "cell",
    [
        "import time; time.sleep(10**6)",
        "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "import subprocess; subprocess.run(['sleep', '1000'])",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "import queue; queue.Queue().get()",
    ],
    ids=["a pause", "a lock", "another program", "a stopped process", "a queue"],
)
def test_a_cell_that_only_waits_is_ended(cell: str, tmp_path: Path) -> None:
    """Long before the limit of a cell; the cells below are not run."""
    record = run(tmp_path, "x = 1", cell, "x = 2")
    assert (record.status, record.stopped_by, record.last_cell) == (RunStatus.TIMED_OUT, StoppedBy.IDLE, 1)
    assert (record.cells_run, record.errors) == (2, ())
    assert record.wall_seconds < 200


@pytest.mark.slow
def test_a_short_pause_and_long_work_are_left_alone(tmp_path: Path) -> None:
    """Also where the work is another process's."""
    spin = "import time; end = time.time() + 15\nwhile time.time() < end: pass"
    other = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}], check=True)"
    talk = "import time\nfor _ in range(5):\n    time.sleep(3); print('.')"
    record = run(tmp_path, "import time; time.sleep(2)", spin, other, talk)
    assert (record.status, record.cells_run) == (RunStatus.COMPLETED, 4)


def test_input_is_answered_with_an_error_at_once(tmp_path: Path) -> None:
    """Nobody is there to type; the cells below run."""
    record = run(tmp_path, "input('?')", "x = 1")
    assert [error.name for error in record.errors] == ["StdinNotImplementedError"]
    assert record.cells_run == 2


@pytest.mark.slow
def test_a_pause_in_the_sandbox_is_ended_as_well(tmp_path: Path) -> None:
    """What a sandboxed kernel takes is seen from outside."""
    notebook = Notebook((CodeCell(0, "", "import time; time.sleep(10**6)"),))
    record = make_sandbox("bubblewrap", {}).run(notebook, Limits(idle_seconds=6.0), tmp_path / "exchange")
    assert record.stopped_by is StoppedBy.IDLE
