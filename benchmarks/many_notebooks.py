"""What a trivial notebook costs as there are more of them, up to a thousand; and that memory stays flat.

    python benchmarks/many_notebooks.py [--numbers 1 10 100 1000] [--jobs 2] [--plot docs/benchmarks/many_notebooks.svg]

Each notebook has three cells and imports no TensorFlow, so that what is measured is what the grader itself adds: a
sandbox, a kernel, reading, measuring, storing, a report. A whole `grader grade` is timed for each number, into a folder
of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from costs import GRADER, Cost, machine, run, table


def main() -> None:
    """Grade classes of each size, print a table, draw a plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", nargs="+", type=int, default=[1, 10, 100, 1000])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--executor", default="local")
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    found: dict[int, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="many-notebooks-") as name:
        for number in given.numbers:
            found[number] = _graded(Path(name) / str(number), number, given.jobs, given.executor)
            print(f"{number}: {found[number]}", file=sys.stderr, flush=True)
    least = found[min(found)]
    rows = [
        (
            number,
            f"{cost.wall_seconds:.1f}",
            f"{cost.processor_seconds:.1f}",
            "–"
            if number == min(found)
            else f"{(cost.processor_seconds - least.processor_seconds) / (number - min(found)):.2f}",
            f"{cost.peak_mib:.0f}",
        )
        for number, cost in found.items()
    ]
    head = ("notebooks", "wall s", "processor s", "processor s for each further one", "peak memory MiB")
    print(table(head, rows), machine(), sep="\n\n")
    if given.plot is not None:
        _draw(found, given.plot)


def _graded(folder: Path, number: int, jobs: int, executor: str) -> Cost:
    (folder / "class").mkdir(parents=True)
    for student in range(number):
        sources = (f"student = {student}", "squares = [n * n for n in range(100)]", "print(sum(squares))")
        cells: list[dict[str, object]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
            for source in sources
        ]
        document = {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": cells}
        (folder / "class" / f"student-{student:04}.ipynb").write_text(json.dumps(document), encoding="utf-8")
    command: list[str | Path] = [*GRADER, "grade", folder / "class", "--assignment", "stacked"]
    options: list[str | Path] = [
        "--out",
        folder / "out",
        "--data-size",
        "sample",
        "--jobs",
        str(jobs),
        "--executor",
        executor,
    ]
    log = folder / "log"
    cost = run([*command, *options], folder=folder, environment=os.environ, log=log)
    grades = json.loads((folder / "out" / "grades.json").read_text(encoding="utf-8"))["grades"]
    if cost.status or len(grades) != number or any(one["run"]["cells_run"] != 3 for one in grades):
        sys.exit(f"the class of {number} was not graded: see {log.read_text(encoding='utf-8')[-2000:]}")
    return cost


def _draw(found: dict[int, Cost], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    seconds.loglog(list(found), [cost.processor_seconds for cost in found.values()], "o-", label="processor")
    seconds.loglog(list(found), [cost.wall_seconds for cost in found.values()], "s--", label="wall")
    seconds.set(xlabel="notebooks", ylabel="seconds")
    seconds.legend()
    memory.semilogx(list(found), [cost.peak_mib for cost in found.values()], "o-")
    memory.set(xlabel="notebooks", ylabel="peak memory, MiB", ylim=(0, None))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    main()
