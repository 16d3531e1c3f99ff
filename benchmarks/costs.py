"""What a command costs, all its processes together: wall time, processor time, peak memory; and how tables look."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

GRADER = (sys.executable, "-c", "import sys; from grader.cli import main; sys.argv[0] = 'grader'; main()")
"""The command `grader` of this environment."""

_SECONDS_BETWEEN_LOOKS = 0.2
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost.

    Attributes:
        wall_seconds: By the clock on the wall.
        processor_seconds: Of all processes, user and system, as last seen of each; up to 0.2 s short for each.
        peak_mib: Largest sum of proportional memory (shared pages counted once) of all processes at one moment.
        status: Exit status of the command.
    """

    wall_seconds: float
    processor_seconds: float
    peak_mib: float
    status: int = 0


@dataclass
class Meter:
    """Looks at a tree of processes five times a second, in a thread of its own."""

    root: psutil.Process
    peak_mib: float = 0.0
    _seconds: dict[tuple[int, float], float] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Meter:
        self._before = self._looked()[0]
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def processor_seconds(self) -> float:
        """Of all processes, since the meter was begun."""
        return sum(seconds - self._before.get(name, 0.0) for name, seconds in self._seconds.items())

    def _watch(self) -> None:
        while not self._done.is_set():
            seconds, memory = self._looked()
            self._seconds |= seconds
            self.peak_mib = max(self.peak_mib, memory / _MIB)
            self._done.wait(_SECONDS_BETWEEN_LOOKS)

    def _looked(self) -> tuple[dict[tuple[int, float], float], int]:
        seconds, memory = dict[tuple[int, float], float](), 0
        with suppress(psutil.NoSuchProcess):
            for process in (self.root, *self.root.children(recursive=True)):
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    times = process.cpu_times()
                    seconds[process.pid, process.create_time()] = times.user + times.system
                    memory += process.memory_full_info().pss
        return seconds, memory


def run(command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str], log: Path) -> Cost:
    """Run a command to its end and return what it cost; what it says goes into a file."""
    began = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, env=dict(environment), stdout=output, stderr=output
        )
        with Meter(psutil.Process(process.pid)) as meter:
            status = process.wait()
    return Cost(time.perf_counter() - began, meter.processor_seconds, meter.peak_mib, status)


def total(costs: Sequence[Cost]) -> Cost:
    """Return what several commands cost, one after the other."""
    return Cost(
        sum(one.wall_seconds for one in costs),
        sum(one.processor_seconds for one in costs),
        max(one.peak_mib for one in costs),
        max(one.status for one in costs),
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown; numbers stand on the right."""
    lines = [head, ["---" if place == 0 else "---:" for place in range(len(head))], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def machine() -> str:
    """Return a line that says on what was measured, and how busy it was."""
    load = psutil.getloadavg()[0]
    return f"{time.strftime('%Y-%m-%d')}, {psutil.cpu_count()} processors, load {load:.1f} at the end"
