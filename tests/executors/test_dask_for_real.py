"""A real cluster of processes on this machine, with real sandboxes: one worker is killed, one hangs, one differs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest
from grading_samples import notebook_text
from sandbox_here import needs_sandbox

pytest.importorskip("distributed", reason="pip install 'autoencoder-grader[dask]'")

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.domain.datasets import DataSize
from grader.domain.graded import GradedSubmission
from grader.domain.progress import CellBegun, StageBegun, Step
from grader.domain.submission import Submission
from grader.executors import dask_cluster
from grader.executors.choice import ClusterError, open_executor
from grader.gradebook import Gradebook, sqlite_url
from grader.intake.submissions import collect
from grader.scale import Progress, grade_batch
from grader.session import SessionOptions, open_session

pytestmark = [needs_sandbox, pytest.mark.slow]

ASSIGNMENT = load_assignment("stacked")
SLOW = "import time\ntime.sleep(12)"


@dataclass
class Seen:
    """The progress events of a batch.

    Attributes:
        on_step: Called with each step.
        steps: (student, step), in order.
        done: Results, in order.
    """

    on_step: Callable[[str, Step], None] = lambda _student, _step: None
    steps: list[tuple[str, Step]] = field(default_factory=list)
    results: list[Progress] = field(default_factory=list)

    def done(self, progress: Progress) -> None:
        """Note a result."""
        self.results.append(progress)

    def step(self, submission: Submission, step: Step) -> None:
        """Note a step."""
        self.steps.append((submission.student, step))
        self.on_step(submission.student, step)


def class_of(folder: Path, **sources: str) -> list[Submission]:
    """A file for each student."""
    (folder / "class").mkdir()
    for student, source in sources.items():
        (folder / "class" / f"{student}.ipynb").write_text(notebook_text(f"# {student}", source))
    return collect([folder / "class"], folder / "intake")


def grade(submissions: list[Submission], folder: Path, executor: str, seen: Seen) -> list[GradedSubmission]:
    """Grade a class on an executor."""
    options = SessionOptions(data_size=DataSize.SAMPLE, executor=executor, jobs=2)
    with (
        Gradebook.open(sqlite_url(folder / f"{executor.partition(':')[0]}.sqlite")) as gradebook,
        open_session(ASSIGNMENT, load_facts(ASSIGNMENT.reference), options) as session,
        open_executor(session, ASSIGNMENT, options) as pool,
    ):
        return grade_batch(
            submissions,
            session.context,
            executor=pool,
            gradebook=gradebook,
            settings_key=session.settings_key,
            watcher=seen,
        )


def without_times(graded: list[GradedSubmission]) -> list[GradedSubmission]:
    """Grades but for what no two runs share."""
    timeless = {"wall_seconds": 0.0, "peak_memory_mib": 0.0, "processor_seconds": 0.0}
    return [replace(one, wall_seconds=0.0, run=replace(one.run, **timeless)) for one in graded]


def workers() -> list[psutil.Process]:
    """The processes of our cluster that run hand-ins: those that have a measuring process below them."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if any("grader.rebuild.worker" in " ".join(child.cmdline()) for child in process.children())
    ]


def test_a_cluster_gives_the_grades_of_this_machine(tmp_path: Path) -> None:
    """Notebooks that end well, raise, and break their kernel; what goes on is distinguished from there."""
    class_ = class_of(tmp_path, ana="x = 1", bruno="1 / 0", carla="import os\nos._exit(3)", diego="print('ñ')")
    here, there = Seen(), Seen()
    local = grade(class_, tmp_path, "local", here)
    dask = grade(class_, tmp_path, "dask-local:2", there)
    assert without_times(dask) == without_times(local)
    assert all(not one.fault for one in dask)
    assert {student for student, step in there.steps if isinstance(step, StageBegun)} == {
        "ana",
        "bruno",
        "carla",
        "diego",
    }


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hanging"])
def test_a_lost_worker_costs_one_more_try(tmp_path: Path, by: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three workers one is lost in the middle of a hand-in: every hand-in is graded, and none is our failure."""
    monkeypatch.setattr(dask_cluster, "WORKER_TTL", "8s")
    lost: list[psutil.Process] = []
    lock = threading.Lock()

    def lose_one(student: str, step: Step) -> None:
        with lock:
            if student == "ana" and isinstance(step, CellBegun) and not lost:
                busy = next(one for one in workers() if any("bwrap" in c.name() for c in one.children(recursive=True)))
                lost.append(busy)
                busy.send_signal(by)

    try:
        graded = grade(
            class_of(tmp_path, ana=SLOW, bruno="x = 1", carla="y = 2", diego="z = 3"),
            tmp_path,
            "dask-local:3",
            Seen(lose_one),
        )
    finally:
        for process in lost:
            if process.is_running():
                process.kill()
    assert len(lost) == 1
    assert [(one.student, one.run.cells_run, one.fault) for one in graded] == [
        (student, 2, "") for student in ("ana", "bruno", "carla", "diego")
    ]


@contextmanager
def cluster() -> Iterator[str]:
    """A scheduler and a worker started by Dask's own commands, as on machines elsewhere."""
    port = 8700 + os.getpid() % 200
    at = f"tcp://127.0.0.1:{port}"
    commands = (
        ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        ["distributed.cli.dask_worker", at, "--nthreads", "1", "--no-dashboard"],
    )
    running = [
        subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        yield f"dask://127.0.0.1:{port}"
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(60)


def test_a_scheduler_elsewhere_serves_as_well(tmp_path: Path) -> None:
    """Two classes, one after the other; a worker that would grade otherwise is refused before anything is run."""
    (one,) = class_of(tmp_path, ana="x = 1")
    with cluster() as executor:
        (graded,) = grade([one], tmp_path, executor, Seen())
        assert (graded.run.cells_run, graded.fault) == (2, "")
        options = SessionOptions(data_size=DataSize.SAMPLE, executor=executor, jobs=1)
        with open_session(ASSIGNMENT, load_facts(ASSIGNMENT.reference), options) as session:
            size, _, *others = session.settings_key.split(";")
            other = replace(session, settings_key=";".join([size, "0" * 64, *others]))
            with pytest.raises(ClusterError) as refused, open_executor(other, ASSIGNMENT, options):
                pass
    assert dict(refused.value.reason.values)["what"] == "data"


def test_a_scheduler_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, not a minute of silence and a traceback."""
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 2)
    with pytest.raises(ClusterError) as refused:
        grade([], tmp_path, "dask://127.0.0.1:9", Seen())
    assert dict(refused.value.reason.values)["where"] == "dask://127.0.0.1:9"
