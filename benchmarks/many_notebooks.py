"""What small notebooks cost as there are more of them, up to a thousand; and that memory stays flat.

    python benchmarks/many_notebooks.py [--numbers 1 10 100 1000] [--kind trivial] [--beside nbgrader] [--jobs 2]
        [--plot docs/benchmarks/many_notebooks.svg]

A `trivial` notebook has three cells and imports no TensorFlow, so that what is measured is what the grader itself adds:
a sandbox, a kernel, reading, measuring, storing, a report. A `tensorflow` one trains a small network for two epochs on
random numbers. A whole `grader grade` is timed for each number, into a folder of its own; `--beside` times other tools
on the same notebooks in the same run (`make benchmark-environments` first).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import other_tools
from costs import GRADER, Cost, machine, run, table

KINDS: Mapping[str, tuple[str, ...]] = {
    "trivial": ("student = {student}", "squares = [n * n for n in range(100)]", "print(sum(squares))"),
    "tensorflow": (
        "student = {student}\nimport keras\nimport numpy as np\nX = np.random.default_rng(0).random((1000, 20))",
        "model = keras.Sequential([keras.layers.Dense(5, 'relu'), keras.layers.Dense(20)])",
        "model.compile('adam', 'mse')\nmodel.fit(X, X, epochs=2, verbose=0)",
    ),
}
Tool = Callable[[Path, Path], Cost]
OTHERS: Mapping[str, Tool] = {
    "nbgrader": other_tools.nbgrader,
    "otter": other_tools.otter,
    "nbclient": other_tools.nbclient,
}


def main() -> None:
    """Grade classes of each size with each tool, print a table, draw a plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", nargs="+", type=int, default=[1, 10, 100, 1000])
    parser.add_argument("--kind", choices=list(KINDS), default="trivial")
    parser.add_argument("--beside", nargs="*", choices=list(OTHERS), default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--executor", default="local")
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()

    def grader(folder: Path, out: Path) -> Cost:
        return _graded(folder, out, jobs=given.jobs, executor=given.executor)

    tools: dict[str, Tool] = {"grader": grader} | {name: OTHERS[name] for name in given.beside}
    found: dict[str, dict[int, Cost]] = {name: {} for name in tools}
    with tempfile.TemporaryDirectory(prefix="many-notebooks-") as workspace:
        for number in given.numbers:
            for name, tool in tools.items():
                folder = Path(workspace) / f"{name}-{number}"
                _make(folder / "class" / "small", number, given.kind)
                (folder / "out").mkdir()
                found[name][number] = tool(folder / "class", folder / "out")
                print(f"{name}, {number}: {found[name][number]}", file=sys.stderr, flush=True)
    head = ("tool", "notebooks", "wall s", "processor s", "processor s for each further one", "peak memory MiB")
    print(table(head, [row for name, costs in found.items() for row in _rows(name, costs)]), machine(), sep="\n\n")
    if given.plot is not None:
        _draw(found, given.plot)


def _make(folder: Path, number: int, kind: str) -> None:
    folder.mkdir(parents=True)
    for student in range(number):
        cells: list[dict[str, object]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
            for source in (text.replace("{student}", str(student)) for text in KINDS[kind])
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": cells}
        (folder / f"student-{student:04}.ipynb").write_text(json.dumps(document), encoding="utf-8")


def _graded(folder: Path, out: Path, *, jobs: int, executor: str) -> Cost:
    command: list[str | Path] = [*GRADER, "grade", folder / "small", "--assignment", "stacked", "--out", out / "grades"]
    options = ["--data-size", "sample", "--jobs", str(jobs), "--executor", executor]
    log = out / "log"
    cost = run([*command, *options], folder=out, environment=os.environ, log=log)
    grades = json.loads((out / "grades" / "grades.json").read_text(encoding="utf-8"))["grades"]
    number = len(list((folder / "small").iterdir()))
    if cost.status or len(grades) != number or any(one["run"]["cells_run"] != len(KINDS["trivial"]) for one in grades):
        sys.exit(f"the class of {number} was not graded: see {log.read_text(encoding='utf-8')[-2000:]}")
    return cost


def _rows(name: str, costs: Mapping[int, Cost]) -> list[tuple[object, ...]]:
    fewest = min(costs)
    least = costs[fewest].processor_seconds

    def further(number: int, cost: Cost) -> str:
        return "–" if number == fewest else f"{(cost.processor_seconds - least) / (number - fewest):.2f}"

    return [
        (
            name,
            number,
            f"{cost.wall_seconds:.1f}",
            f"{cost.processor_seconds:.1f}",
            further(number, cost),
            f"{cost.peak_mib:.0f}",
        )
        for number, cost in costs.items()
    ]


def _draw(found: Mapping[str, Mapping[int, Cost]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    for name, costs in found.items():
        seconds.loglog(list(costs), [cost.processor_seconds for cost in costs.values()], "o-", label=name)
        memory.semilogx(list(costs), [cost.peak_mib for cost in costs.values()], "o-", label=name)
    seconds.set(xlabel="notebooks", ylabel="seconds of processors")
    seconds.legend()
    memory.set(xlabel="notebooks", ylabel="peak memory, MiB", ylim=(0, None))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    main()
