"""Cold and warm kernels side by side in one run: seconds to the first cell, processor seconds a notebook; in Markdown.

Run with `python benchmarks/warm_kernels.py [--count N] [--demo]`. Each notebook runs alone, cold and warm in turn, with
one thread. What the warm process itself took, for importing once what cold kernels import each time, has its own line.

- `numpy`: one cell that adds two arrays;
- `tensorflow`: a network of two layers, trained for two epochs on 512 samples;
- `--demo` grades the class of `grader demo` (assignment `stacked`, three epochs) both ways, with one session each, and
  compares points and statuses check by check; the exit status is 1 where one differs.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.cli.demonstration import DEMO_LIMITS
from grader.demo.sample_class import CLASS, changed
from grader.domain.datasets import DataSize
from grader.domain.folders import private_folder
from grader.domain.graded import GradedSubmission
from grader.domain.ports import Sandbox
from grader.domain.run import Limits
from grader.domain.submission import CodeCell, Notebook, Submission
from grader.pipeline import grade_submission
from grader.sandbox.backend_registry import DEFAULT, backend_named
from grader.sandbox.backends.backend import KernelOptions
from grader.session import SessionOptions, open_session

_CLOCK = "import time\nraise ValueError(time.time())"
_NOTEBOOKS = {
    "numpy": "import numpy as np\nx = np.ones(9) + np.arange(9)",
    "tensorflow": (
        "import numpy as np, keras\nx = np.random.rand(512, 32)\n"
        "model = keras.Sequential([keras.Input((32,)), keras.layers.Dense(8, 'relu'), keras.layers.Dense(32)])\n"
        "model.compile('adam', 'mse')\nhistory = model.fit(x, x, epochs=2, verbose=0)"
    ),
}
_SLOW = ("julian",)
"""Whose endless loop is the same in both."""


@dataclass(frozen=True)
class Timing:
    """One run.

    Attributes:
        first_cell: Seconds from the start until a cell ran.
        wall: Seconds of the whole run.
        processor: Seconds of processors of all its processes.
    """

    first_cell: float
    wall: float
    processor: float


def timed(sandbox: Sandbox, source: str) -> Timing:
    """Run a notebook of two cells, the first of which tells when it ran."""
    notebook = Notebook((CodeCell(0, "", _CLOCK), CodeCell(1, "", source)))
    with private_folder() as folder:
        began = time.time()
        record = sandbox.run(notebook, Limits(), folder / "exchange")
        wall = time.time() - began
    said, *others = record.errors
    assert not others, others
    return Timing(float(said.text) - began, wall, record.processor_seconds or 0.0)


def kernels(count: int) -> None:
    """Print a line for each kind of notebook and of kernel."""
    backend = backend_named(DEFAULT)
    print("| notebook | kernel | runs | first cell, s | run, s | processor, s |\n|---|---|---:|---:|---:|---:|")
    with backend.opened(warm=False) as cold, backend.opened(warm=True) as warm:
        sandboxes = {"cold": cold.sandbox(KernelOptions(threads=1)), "warm": warm.sandbox(KernelOptions(threads=1))}
        for name, source in _NOTEBOOKS.items():
            timed(sandboxes["warm"], source)  # imports; its cost is told below
            found: dict[str, list[Timing]] = {kernel: [] for kernel in sandboxes}
            for _ in range(count):
                for kernel, sandbox in sandboxes.items():
                    found[kernel].append(timed(sandbox, source))
            for kernel, timings in found.items():
                numbers = [
                    statistics.median(getattr(one, field) for one in timings)
                    for field in ("first_cell", "wall", "processor")
                ]
                print(f"| {name} | {kernel} | {count} | " + " | ".join(f"{number:.2f}" for number in numbers) + " |")
        print(f"\nThe warm process itself: {_of_warm_process():.1f} s of processors, once. {warm.complaint or ''}")


def _of_warm_process() -> float:
    own = [one for one in psutil.Process().children(recursive=True) if "fork_server.py" in " ".join(one.cmdline())]
    return sum(one.cpu_times().user + one.cpu_times().system for one in own)


def demo_class() -> list[Submission]:
    """Return the hand-ins of the sample class, trained for three epochs."""
    solution = generate(load_assignment("stacked"), language="es", solution=True)
    folder = Path(tempfile.mkdtemp(prefix="warm-demo-"))
    made = []
    for pupil in CLASS:
        if pupil.name not in _SLOW:
            path = folder / f"{pupil.name}.ipynb"
            raw = changed(solution, pupil.changes).replace("EPOCHS = 20", "EPOCHS = 3").encode("utf-8")
            path.write_bytes(raw)
            made.append(Submission(pupil.name, path.name, path, hashlib.sha256(raw).hexdigest(), len(raw)))
    return made


def graded(submissions: list[Submission], *, warm: bool) -> Mapping[str, GradedSubmission]:
    """Grade a class in one session."""
    assignment = replace(load_assignment("stacked"), limits=DEMO_LIMITS)
    options = SessionOptions(data_size=DataSize.SAMPLE, written_for=DataSize.SAMPLE, jobs=1, warm=warm)
    with open_session(assignment, load_facts(assignment.reference), options) as session:
        return {one.student: grade_submission(one, session.context) for one in submissions}


def decided(one: GradedSubmission) -> list[tuple[str, str, float]]:
    """Return outcome and points of each check."""
    return [(result.check, str(result.outcome), result.points_awarded) for result in one.grade.results]


def compare() -> bool:
    """Print a line for each student, and say whether all grades are the same."""
    submissions = demo_class()
    cold, warm = graded(submissions, warm=False), graded(submissions, warm=True)
    print("\n| student | cold | warm | equal | run s, cold | warm |\n|---|---:|---:|---|---:|---:|")
    same = True
    for name, one in cold.items():
        other = warm[name]
        equal = decided(one) == decided(other) and one.grade.status == other.grade.status
        same &= equal
        points = f"{one.grade.points_awarded:g} | {other.grade.points_awarded:g} | {'yes' if equal else 'NO'}"
        print(f"| {name} | {points} | {one.run.wall_seconds:.1f} | {other.run.wall_seconds:.1f} |", flush=True)
    return same


def main() -> int:
    """Print what was asked for; 1 where a grade differs."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--count", type=int, default=5, help="runs of each notebook on each kernel")
    arguments.add_argument("--demo", action="store_true", help="grade the sample class both ways")
    wanted = arguments.parse_args()
    kernels(wanted.count)
    return 0 if not wanted.demo or compare() else 1


if __name__ == "__main__":
    sys.exit(main())
