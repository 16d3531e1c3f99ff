"""A mixed class, side by side in one run: this grader with and without accelerations, nbgrader, Otter, plain nbclient.

    make benchmark-environments            # once: .venv-nbgrader and .venv-otter with the same TensorFlow
    python benchmarks/whole_class.py [--students 30] [--data-size full] [--ways grader nbgrader …]
        [--kinds stacked …] [--keep FILE] [--plot FILE]

Of 30 students 10 hand in `stacked`, 5 each `simple-dense`, `convolutional`, `recurrent` and `denoising-dropout`; for
fewer the shares stay. Of each kind about six in ten are right (the solution, or an equivalent of it), three wrong (a
variant of `grader validate --rubrics`), and one trains twice as many epochs as it should. Every way gets the same files
and the same data, offline. Other tools only run the notebooks and give no points for a model; they are timed for that.
One assignment follows the other, each in every way, so that what is compared was measured side by side.

Grades of this grader's ways are compared with each other; the exit status is 1 where a point or a status differs.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import re
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import other_tools
from costs import GRADER, Cost, machine, run, table, total

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.domain.datasets import DataSize
from grader.rebuild.client import MeasuringProcesses
from grader.validation.rubrics import RubricTest, variants

KINDS = {"stacked": 10, "simple-dense": 5, "convolutional": 5, "recurrent": 5, "denoising-dropout": 5}
EQUIVALENTS = ("functional", "activations-apart", "spanish-names")
WRONG = ("code-double", "no-training", "hidden-linear", "skip-add")
HEAD = ("way", "wall s", "processor s", "peak memory MiB", "times faster than nbgrader")
_EPOCHS = re.compile(r"(EPOCHS = )(\d+)")


@dataclass(frozen=True, slots=True)
class Class:
    """What every tool gets.

    Attributes:
        folder: Holds `<assignment>/<student>.ipynb`.
        data: For `KERAS_HOME`: the data sets as Keras keeps them, as much of them as a student may see.
        size: `full` or `sample`.
        jobs: Notebooks at the same time, for this grader.
    """

    folder: Path
    data: Path
    size: str
    jobs: int


def main() -> None:
    """Make the class, run each assignment of it in each way, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--data-size", default="full", choices=("sample", "full"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--keep", type=Path, help="a file of results; the same command goes on from there")
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    results = Results.read(given.keep)
    with tempfile.TemporaryDirectory(prefix="whole-class-") as name:
        folder = Path(name)
        data = _data(folder / "keras", given.data_size)
        for kind in given.kinds:
            made = Class(folder / kind, data, given.data_size, given.jobs)
            _make(made.folder / kind, kind, max(1, round(given.students * KINDS[kind] / sum(KINDS.values()))))
            for way in given.ways:
                if (kind, way) in results.costs:
                    continue
                out = folder / "out" / kind / way
                out.mkdir(parents=True)
                results.add(kind, way, WAYS[way](made, out), _grades(out))
    grades = results.grades_by_way(given.ways)
    different = _differences(grades)
    costs = results.total(given.kinds, given.ways)
    print(table(HEAD, _rows(costs)))
    for kind in given.kinds:
        print("", kind, "", table(HEAD, _rows(results.total([kind], given.ways))), sep="\n")
    print(
        f"\n{len(made_students(grades))} graded hand-ins, {given.data_size} data",
        *sorted(set(results.machines.values())),
        sep="\n",
    )
    print("", *different, table(("hand-in", *given.ways), _points(grades)), sep="\n")
    if given.plot is not None:
        _draw(costs, given.plot)
    sys.exit(1 if different else 0)


@dataclass
class Results:
    """What was measured, by assignment and way.

    Attributes:
        file: Where it is kept; None for nowhere.
        costs: Of each run.
        grades: Of each run, by student; empty for other tools.
        machines: Date, processors and load of each run.
    """

    file: Path | None
    costs: dict[tuple[str, str], Cost] = field(default_factory=dict)
    grades: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    machines: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path | None) -> Results:
        """Return what is kept in a file, nothing if there is none."""
        results = cls(file)
        for one in json.loads(file.read_text(encoding="utf-8")) if file is not None and file.exists() else ():
            key = one["kind"], one["way"]
            results.costs[key], results.grades[key] = Cost(**one["cost"]), one["grades"]
            results.machines[key] = one["machine"]
        return results

    def add(self, kind: str, way: str, cost: Cost, grades: dict[str, Any]) -> None:
        """Add a run, say so, and keep it."""
        key = kind, way
        self.costs[key], self.machines[key] = cost, machine()
        self.grades[key] = json.loads(json.dumps(grades))
        print(f"{kind}, {way}: {cost}", file=sys.stderr, flush=True)
        if self.file is not None:
            kept = [
                {"kind": key[0], "way": key[1], "cost": asdict(self.costs[key]), "grades": self.grades[key]}
                | {"machine": self.machines[key]}
                for key in self.costs
            ]
            self.file.write_text(json.dumps(kept, indent=1), encoding="utf-8")

    def total(self, kinds: Sequence[str], ways: Sequence[str]) -> dict[str, Cost]:
        """Return the cost of each way for these assignments."""
        return {way: total([self.costs[kind, way] for kind in kinds]) for way in ways}

    def grades_by_way(self, ways: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the grades of each way by student."""
        return {
            way: {name: grade for key, grades in self.grades.items() if key[1] == way for name, grade in grades.items()}
            for way in ways
        }


# The class


def _make(folder: Path, kind: str, count: int) -> None:
    folder.mkdir(parents=True)
    for number, (title, text) in enumerate(itertools.islice(_texts(kind), count)):
        document = json.loads(text)
        note = {"cell_type": "markdown", "id": f"student-{number}", "metadata": {}, "source": f"Student {number}"}
        document["cells"].append(note)  # other bytes, so that each is run
        path = folder / f"{kind}-{number:02}-{title}.ipynb"
        path.write_text(json.dumps(document), encoding="utf-8")


def _texts(kind: str) -> Iterator[tuple[str, str]]:
    """Yield right, wrong and slow notebooks in turn: of ten six, three and one."""
    assignment = load_assignment(kind)
    solution = generate(assignment, language="en", solution=True)
    work = RubricTest(assignment, load_facts(assignment.reference), solution)
    found = {one.operator.name: one.notebook for one in variants(work, only=(*EQUIVALENTS, *WRONG), whole=True)}
    right = itertools.cycle([("right", solution), *((name, found[name]) for name in EQUIVALENTS if name in found)])
    wrong = itertools.cycle([(name, found[name]) for name in WRONG if name in found])
    slow = itertools.cycle([("slow", _EPOCHS.sub(lambda match: f"{match[1]}{2 * int(match[2])}", solution))])
    turns = (right, wrong, right, slow, right, wrong, right, right, wrong, right)
    yield from (next(source) for source in itertools.cycle(turns))


def _data(folder: Path, size: str) -> Path:
    """Lay out what Keras's own loaders look for: one file of MNIST, four of Fashion-MNIST."""
    (folder / "datasets").mkdir(parents=True)
    with MeasuringProcesses(DataSize(size), None) as measurer:
        for name in ("mnist", "fashion_mnist"):
            measurer.publish(name, folder / "datasets")
    fashion = folder / "datasets" / "fashion-mnist"
    fashion.mkdir()
    with np.load(folder / "datasets" / "fashion_mnist.npz") as arrays:
        for part, array in (("train", "train"), ("t10k", "test")):
            for kind, key in (("labels-idx1", "y"), ("images-idx3", "x")):
                numbers = arrays[f"{key}_{array}"]
                head = struct.pack(f">HBB{numbers.ndim}I", 0, 8, numbers.ndim, *numbers.shape)
                content = gzip.compress(head + numbers.astype(np.uint8).tobytes(), compresslevel=1)
                (fashion / f"{part}-{kind}-ubyte.gz").write_bytes(content)
    return folder


# The ways


def _grader(*options: str) -> Callable[[Class, Path], Cost]:
    def grade(made: Class, out: Path) -> Cost:
        costs = []
        for kind in sorted(path.name for path in made.folder.iterdir()):
            command: list[str | Path] = [
                *GRADER,
                "grade",
                made.folder / kind,
                "--assignment",
                kind,
                "--out",
                out / kind,
            ]
            more = ["--data-size", made.size, "--jobs", str(made.jobs), "--audit", "none", *options]
            costs.append(run([*command, *more], folder=out, environment=os.environ, log=out / "log"))
        return total(costs)

    return grade


WAYS: Mapping[str, Callable[[Class, Path], Cost]] = {
    "grader": _grader(),
    "grader-whole": _grader("--no-accelerate"),
    "grader-serial": _grader("--jobs", "1"),
    "nbclient": lambda made, out: other_tools.nbclient(made.folder, out, data=made.data),
    "nbgrader": lambda made, out: other_tools.nbgrader(made.folder, out, data=made.data),
    "otter": lambda made, out: other_tools.otter(made.folder, out, data=made.data),
}


# What came out


def _grades(out: Path) -> dict[str, Any]:
    found = {}
    for path in out.glob("*/grades.json"):
        for one in json.loads(path.read_text(encoding="utf-8"))["grades"]:
            checks = [(check["check"], check["outcome"], check["points_awarded"]) for check in one["checks"]]
            found[one["student"]] = (one["status"], one["points_awarded"], checks)
    return found


def grades_of(grades: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the ways that gave points."""
    return [way for way, found in grades.items() if found]


def made_students(grades: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return everybody who has a grade, in order."""
    return sorted({student for found in grades.values() for student in found})


def _points(grades: Mapping[str, dict[str, Any]]) -> list[list[str]]:
    ways = grades_of(grades)
    return [
        [student, *(f"{grades[way][student][1]:g} {grades[way][student][0]}" if way in ways else "–" for way in grades)]
        for student in made_students(grades)
    ]


def _differences(grades: Mapping[str, dict[str, Any]]) -> list[str]:
    ways = grades_of(grades)
    return [
        f"DIFFERS: {student}: {ways[0]} {grades[ways[0]].get(student)} ≠ {way} {grades[way].get(student)}"
        for way in ways[1:]
        for student in made_students(grades)
        if grades[way].get(student) != grades[ways[0]].get(student)
    ]


def _rows(costs: Mapping[str, Cost]) -> list[tuple[str, ...]]:
    other = costs.get("nbgrader")
    return [
        (
            way if not cost.status else f"{way} (status {cost.status})",
            f"{cost.wall_seconds:.0f}",
            f"{cost.processor_seconds:.0f}",
            f"{cost.peak_mib:.0f}",
            "–" if other is None else f"{other.wall_seconds / cost.wall_seconds:.1f}",
        )
        for way, cost in costs.items()
    ]


def _draw(costs: Mapping[str, Cost], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(list(costs), [cost.wall_seconds / 60 for cost in costs.values()])
    axes.invert_yaxis()
    axes.set_xlabel("minutes for the class")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    main()
