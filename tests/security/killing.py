"""Kills a grader at random moments, and looks each time at what is left of it.

`KILLS` says how many kills (`make kills`: 100), KILLS_STORE where they are counted, and KILLS_SECONDS after how long no
further one is begun; called again, the same command goes on.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from mixed_class import notebook
from waiting import wait_until

STUDENTS = ("ana", "bruno", "carla", "diego")
ASSIGNMENT = "from-scratch"
KILLS_A_CLASS = 10
"""After so many kills a class may come to its end, and is compared with one that nobody disturbed."""

LEFT_SECONDS = 60.0
"""A folder that was made and not locked yet is deleted by a grader that comes so much later."""


@dataclass
class Tally:
    """What was seen so far.

    Attributes:
        kills: Graders that were killed.
        during_runs: Of these, while a kernel was running.
        classes: That came to their end after kills.
        moments: Seconds after the start, one a kill.
        whole: Seconds that a class takes which nobody disturbs; 0 if none was graded yet.
        undisturbed: Its grades.
    """

    kills: int = 0
    during_runs: int = 0
    classes: int = 0
    moments: list[float] = field(default_factory=list)
    whole: float = 0.0
    undisturbed: list[dict[str, object]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Tally:
        """Read a tally that was kept; an empty one where there is none."""
        return cls(**json.loads(path.read_text("utf-8"))) if path.is_file() else cls()

    def keep(self, path: Path) -> None:
        """Write it down."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self)), "utf-8")


@dataclass(frozen=True)
class Ground:
    """Where a class is graded: folders of its own, so that whatever is left there is its graders'.

    Attributes:
        folder: The hand-ins, below it results, home and temporary files.
    """

    folder: Path

    @property
    def temporary(self) -> Path:
        """Where graders make their folders."""
        return self.folder / "t"

    def start(self, out: str) -> subprocess.Popen[bytes]:
        """Start grading the class."""
        arguments = ["grade", str(self.folder / "class"), "--assignment", ASSIGNMENT, "--out", str(self.folder / out)]
        arguments += ["--data-size", "sample", "--jobs", "2", "--lang", "en"]
        environment = {**os.environ, "HOME": str(self.folder / "home"), "TMPDIR": str(self.temporary)}
        environment |= {"XDG_CACHE_HOME": str(self.folder / "cache"), "KERAS_HOME": ""}
        start = "import sys; from grader.cli import main; sys.exit(main())"
        with (self.folder / "said.txt").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-c", start, *arguments], stdout=said, stderr=said, env=environment
            )

    def processes(self) -> list[str]:
        """Return how every process was started that belongs to a grader of this ground, whoever its parent is."""
        return [line for line, belongs in map(self._look, psutil.process_iter()) if belongs]

    def _look(self, process: psutil.Process) -> tuple[str, bool]:
        mark = str(self.temporary)
        try:
            line = " ".join(process.cmdline())
            alive = process.status() != psutil.STATUS_ZOMBIE
            return line, alive and (mark in line or process.environ().get("TMPDIR") == mark)
        except psutil.Error:  # ended while we looked
            return "", False

    def left_behind(self) -> list[str]:
        """Return what lies in the folder for temporary files, and beside the results and in the cache unfinished."""
        places = [self.temporary, self.folder / "cache" / "autoencoder-grader", *self.folder.glob("out*")]
        found = [one for place in places if place.is_dir() for one in place.iterdir()]
        return [one.name for one in found if one.parent == self.temporary or "tmp" in one.name]


@contextmanager
def ground() -> Iterator[Ground]:
    """Write a class of four, whose notebooks take a second or two, into folders with short names."""
    with tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as name:
        made = Ground(Path(name))
        for folder in ("t", "home", "cache", "class"):
            (made.folder / folder).mkdir()
        for place, student in enumerate(STUDENTS):
            cells = (f"import time, numpy as np\nx = np.ones({place + 3})", f"time.sleep({1 + place % 2})", "1 / 0")
            (made.folder / "class" / f"{student}.ipynb").write_text(notebook(cells[: 2 + place % 2]), "utf-8")
        yield made


def grades(out: Path) -> list[dict[str, object]]:
    """Return the grades of a class but for what no two runs share."""
    found: list[dict[str, object]] = json.loads((out / "grades.json").read_text("utf-8"))["grades"]
    for one in found:
        del one["wall_seconds"]
        one["run"] = {name: one["run"][name] for name in ("status", "stopped_by", "cells_run")}  # type: ignore[index]
    return found


def committed(out: Path) -> dict[str, int]:
    """Return how many grades of each student a gradebook holds."""
    path = out / "gradebook.sqlite"
    if not path.is_file():
        return {}
    query = (
        "SELECT student, count(*) FROM submission JOIN grading ON grading.submission_id = submission.id "
        "GROUP BY submission.id"
    )
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return {str(student): int(number) for student, number in database.execute(query)}
    except sqlite3.OperationalError:  # no table yet
        return {}


def kill_once(place: Ground, out: str, within: float, tally: Tally) -> list[str]:
    """Kill a grader at a random moment; return what is wrong afterwards."""
    before = committed(place.folder / out)
    running = place.start(out)
    moment = random.uniform(0.05, within)  # noqa: S311 - no secret
    began = time.monotonic()
    while time.monotonic() - began < moment and running.poll() is None:
        time.sleep(0.02)
    at_work = any("kernel_main" in line for line in place.processes())
    ended = running.poll()
    running.send_signal(signal.SIGKILL)
    running.wait()
    if ended is None:
        tally.kills += 1
        tally.during_runs += at_work
        tally.moments.append(round(moment, 2))
    wrong = [] if wait_until(lambda: not place.processes()) else [f"still running: {place.processes()}"]
    after = committed(place.folder / out)
    wrong += [f"lost: {name}" for name in before if name not in after]
    return wrong + [f"twice: {name}" for name, number in after.items() if number > 1]


def finish(place: Ground, out: str) -> tuple[float, int]:
    """Let a class come to its end; return the seconds and the exit status."""
    began = time.monotonic()
    status = place.start(out).wait()
    return time.monotonic() - began, status
