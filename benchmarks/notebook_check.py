"""Seconds of every `grader.check` in the solution notebooks, each notebook in a process of its own as in a kernel.

Run with `python benchmarks/notebook_check.py` for all assignments, or with some ids; `--cells` shows every check. The
cells of a notebook are run in order, on the sample and with one epoch for each training, so that every check has its
models; the checks themselves measure on the full data, as on a student's computer. A check's time includes the HTML of
its answer. The first check imports what measures, and the first one of an autoencoder loads images: both count.

CPU time of the process depends little on what else runs on the machine, wall time does. The goal is for CPU time.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

GOAL_SECONDS = 1.0
SET_UP = "grader.use("
CHECK = "grader.check("
MARK = "seconds: "


@dataclass(frozen=True, slots=True)
class TimedCell:
    """A cell that calls the grader.

    Attributes:
        call: Its last line.
        cpu: CPU seconds of the process.
        wall: Seconds by the clock.
    """

    call: str
    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{self.cpu:.2f} ({self.wall:.2f})"


def main() -> None:
    """Measure the notebooks one after the other and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", help="assignments; all if none is named")
    parser.add_argument("--cells", action="store_true", help="print the seconds of every check as well")
    parser.add_argument("--kernel", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.kernel:
        print_seconds(Path(options.ids[0]))
        return
    print(f"CPU seconds (wall seconds) on {os.cpu_count()} cores at a load average of {os.getloadavg()[0]:.1f}")
    print(f"{'notebook':<26}{'import, use':>14}{'first check':>14}{'median':>14}{'slowest check':>14}")
    every: list[TimedCell] = []
    for assignment in options.ids or assignment_ids():
        cells = measured(assignment)
        every += report(assignment, cells, each=options.cells)
    missed = [cell for cell in every if cell.cpu > GOAL_SECONDS]
    print(f"{len(every)} checks, {len(missed)} of them above {GOAL_SECONDS} s of CPU time")


def assignment_ids() -> tuple[str, ...]:
    """Return the ids of all assignments; imported here because a kernel is to import nothing of the grader before."""
    from grader.authoring import assignment_catalogue

    return assignment_catalogue.assignment_ids()


def report(assignment: str, cells: list[TimedCell], *, each: bool) -> list[TimedCell]:
    """Print the line of a notebook and return its checks."""
    use, *checks = cells
    slowest = max(checks, key=lambda cell: cell.cpu)
    median = TimedCell("", *(statistics.median(getattr(cell, name) for cell in checks) for name in ("cpu", "wall")))
    columns = "".join(f"{cell!s:>14}" for cell in (use, checks[0], median, slowest))
    print(f"{assignment:<26}{columns}  {slowest.call}", flush=True)
    if each:
        print("".join(f"    {cell.call:<40}{cell!s:>14}\n" for cell in checks), end="", flush=True)
    return checks


def measured(assignment: str) -> list[TimedCell]:
    """Run a solution in a process of its own and return the cells that call the grader."""
    from grader.authoring import assignment_catalogue, notebooks

    with TemporaryDirectory() as folder:
        notebook = Path(folder, "notebook.ipynb")
        text = notebooks.generate(assignment_catalogue.load_assignment(assignment), language="en", solution=True)
        notebook.write_text(text, "utf-8")
        command = [sys.executable, str(Path(__file__).resolve()), "--kernel", str(notebook)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
    found = [line.partition(MARK)[2] for line in done.stdout.splitlines() if MARK in line]
    if done.returncode:
        raise SystemExit(f"{assignment}: {done.stderr[-2000:]}")
    return [TimedCell(**json.loads(line)) for line in found]


# In the process of one notebook


def print_seconds(notebook: Path) -> None:
    """Run the cells of a notebook in its folder, and print the seconds of those that call the grader."""
    make_short()
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        cpu, wall = time.process_time(), time.perf_counter()
        run_cell(source, names)
        spent = time.process_time() - cpu, time.perf_counter() - wall
        last = source.strip().splitlines()[-1]
        if last.startswith((SET_UP, CHECK)):
            print("\n" + MARK + json.dumps({"call": last, "cpu": spent[0], "wall": spent[1]}), flush=True)


def make_short() -> None:
    """Import what a notebook has imported, give it the sample as data, and let each training take one epoch."""
    import keras
    import matplotlib as mpl
    import numpy as np
    import tensorflow  # noqa: F401 - a kernel with a trained model has it

    from reference import data

    mpl.use("agg")
    for name in data.NAMES:
        arrays = data.kernel_view(data.load(name, size="sample"))
        parts = (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
        setattr(keras.datasets, name, SimpleNamespace(load_data=lambda parts=parts: parts))
        np.savez(f"{name}.npz", **arrays)  # type: ignore[arg-type]
    fit = keras.Model.fit

    def fit_once(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever `fit` takes
        """Train for one epoch, and return its numbers once for each epoch that was asked for."""
        history = fit(self, *args, **{**options, "epochs": 1, "verbose": 0})
        history.history = {name: values * options.get("epochs", 1) for name, values in history.history.items()}
        return history

    keras.Model.fit = fit_once


def run_cell(source: str, names: dict[str, Any]) -> None:
    """Run a cell and show its last expression, as a kernel does."""
    body = ast.parse(source).body
    shown = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None  # type: ignore[attr-defined]
    exec(compile(ast.Module(body, []), "cell", "exec"), names)  # noqa: S102 - our own solution
    if shown is not None:
        value = eval(compile(shown, "cell", "eval"), names)  # noqa: S307 - our own solution
        for html in representations(value):
            html()


def representations(value: object) -> Iterator[Any]:
    """Yield what makes the HTML of a value."""
    if (html := getattr(value, "_repr_html_", None)) is not None:
        yield html


if __name__ == "__main__":
    main()
