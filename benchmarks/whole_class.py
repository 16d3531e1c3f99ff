"""A mixed class, side by side in one run: this grader with and without accelerations, nbgrader, Otter, plain nbclient.

    make benchmark-environments            # once: .venv-nbgrader and .venv-otter with the same TensorFlow
    python benchmarks/whole_class.py [--students 30] [--data-size full] [--ways grader nbgrader …] [--plot FILE]

Of 30 students 10 hand in `stacked`, 5 each `simple-dense`, `convolutional`, `recurrent` and `denoising-dropout`; for
fewer the shares stay. Of each kind about six in ten are right (the solution, or an equivalent of it), three wrong (a
variant of `grader validate --rubrics`), and one trains twice as many epochs as it should. Every way gets the same files
and the same data, offline. Other tools only run the notebooks and give no points for a model; they are timed for that.

Grades of this grader's ways are compared with each other; the exit status is 1 where a point or a status differs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costs import GRADER, Cost, machine, run, table

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.domain.datasets import DataSize
from grader.rebuild.client import MeasuringProcesses
from grader.validation.rubrics import RubricTest, variants

KINDS = {"stacked": 10, "simple-dense": 5, "convolutional": 5, "recurrent": 5, "denoising-dropout": 5}
EQUIVALENTS = ("functional", "activations-apart", "spanish-names")
WRONG = ("code-double", "no-training", "hidden-linear", "skip-add")
ROOT = Path(__file__).parent.parent
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

    @property
    def notebooks(self) -> list[Path]:
        """Every notebook."""
        return sorted(self.folder.glob("*/*.ipynb"))


def main() -> None:
    """Make the class, run it in each way, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--data-size", default="full", choices=("sample", "full"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    costs: dict[str, Cost] = {}
    grades: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="whole-class-") as name:
        folder = Path(name)
        made = Class(folder / "class", _data(folder / "keras", given.data_size), given.data_size, given.jobs)
        _make(made, given.students, given.kinds)
        for way in given.ways:
            out = folder / way
            out.mkdir()
            costs[way] = WAYS[way](made, out)
            grades[way] = _grades(out)
            print(f"{way}: {costs[way]}", file=sys.stderr, flush=True)
    different = _differences(grades)
    print(table(("way", "wall s", "processor s", "peak memory MiB", "times faster than nbgrader"), _rows(costs)))
    print(f"\n{len(made_students(grades))} hand-ins, {given.data_size} data, {machine()}", *different, sep="\n")
    print(table(("hand-in", *grades_of(grades)), _points(grades)))
    if given.plot is not None:
        _draw(costs, given.plot)
    sys.exit(1 if different else 0)


# The class


def _make(made: Class, students: int, kinds: Sequence[str]) -> None:
    total = sum(KINDS[kind] for kind in kinds)
    for kind in kinds:
        count = max(1, round(students * KINDS[kind] / total))
        (made.folder / kind).mkdir(parents=True)
        for number, (title, text) in enumerate(itertools.islice(_texts(kind), count)):
            document = json.loads(text)
            note = {"cell_type": "markdown", "id": f"student-{number}", "metadata": {}, "source": f"Student {number}"}
            document["cells"].append(note)  # other bytes, so that each is run
            path = made.folder / kind / f"{kind}-{number:02}-{title}.ipynb"
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
    """Lay out what Keras's own loaders look for."""
    (folder / "datasets").mkdir(parents=True)
    with MeasuringProcesses(DataSize(size), None) as measurer:
        for name in ("mnist", "fashion_mnist"):
            published = measurer.publish(name, folder / "datasets")
            if published.file is not None and published.file.name != f"{name}.npz":
                published.file.rename(folder / "datasets" / f"{name}.npz")
    return folder


# The ways


def _surroundings(made: Class, **more: str) -> Mapping[str, str]:
    return os.environ | {"KERAS_HOME": str(made.data), "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg"} | more


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
        return _sum(costs)

    return grade


def _nbclient(made: Class, out: Path) -> Cost:
    """Run each notebook to its end, one after the other, errors or not."""
    program = (
        "import sys, nbformat, nbclient\n"
        "for path in sys.argv[1:]:\n"
        "    notebook = nbformat.read(path, as_version=4)\n"
        "    nbclient.NotebookClient(notebook, timeout=7200, allow_errors=True, kernel_name='python3').execute()\n"
    )
    command: list[str | Path] = [sys.executable, "-c", program, *made.notebooks]
    return run(command, folder=out, environment=_surroundings(made), log=out / "log")


def _nbgrader(made: Class, out: Path) -> Cost:
    """Let `nbgrader autograde` run a course of which each kind is an assignment."""
    binaries = _environment("nbgrader")
    config = 'c = get_config()\nc.CourseDirectory.course_id = "class"\nc.ExecutePreprocessor.timeout = 7200\n'
    (out / "nbgrader_config.py").write_text(config + "c.Execute.timeout = 7200\nc.Execute.allow_errors = True\n")
    for kind in sorted(path.name for path in made.folder.iterdir()):
        (out / "source" / kind).mkdir(parents=True)
        solution = next(iter(sorted((made.folder / kind).iterdir())))
        shutil.copyfile(solution, out / "source" / kind / "notebook.ipynb")
        for path in sorted((made.folder / kind).iterdir()):
            place = out / "submitted" / path.stem / kind
            place.mkdir(parents=True)
            shutil.copyfile(path, place / "notebook.ipynb")
    costs = []
    for kind in sorted(path.name for path in made.folder.iterdir()):
        for words in (("generate_assignment", kind, "--force", "--no-metadata"), ("autograde", kind, "--create")):
            command = [binaries / "python", "-m", "nbgrader", *words]
            surroundings = _surroundings(made, PATH=f"{binaries}:{os.environ['PATH']}")
            costs.append(run(command, folder=out, environment=surroundings, log=out / "log"))
    return _sum([cost for place, cost in enumerate(costs) if place % 2])  # autograding alone


def _otter(made: Class, out: Path) -> Cost:
    """Let `otter run` grade each notebook with a test that asks for nothing but the end."""
    binaries = _environment("otter")
    (out / "tests").mkdir()
    (out / "tests" / "ran.py").write_text(
        'OK_FORMAT = True\ntest = {"name": "ran", "points": 1, "suites": [{"type": "doctest", "scored": True, '
        '"setup": "", "teardown": "", "cases": [{"code": ">>> 1 + 1\\n2"}]}]}\n'
    )
    with zipfile.ZipFile(out / "autograder.zip", "w") as archive:
        archive.write(out / "tests" / "ran.py", "tests/ran.py")
        archive.writestr("otter_config.json", json.dumps({"lang": "python"}))
        archive.writestr("files/nothing.txt", "")
        archive.writestr("requirements.txt", "")
        archive.writestr("run_otter.py", "")
    costs = []
    for path in made.notebooks:
        command: list[str | Path] = [
            binaries / "python",
            "-m",
            "otter",
            "run",
            path,
            "-a",
            out / "autograder.zip",
            "-o",
            out,
            "--no-logo",
        ]
        surroundings = _surroundings(made, PATH=f"{binaries}:{os.environ['PATH']}")
        costs.append(run(command, folder=out, environment=surroundings, log=out / "log"))
    return _sum(costs)


def _environment(name: str) -> Path:
    binaries = ROOT / f".venv-{name}" / "bin"
    if not binaries.is_dir():
        sys.exit(f"{binaries} is not there: make benchmark-environments")
    return binaries


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(
        sum(one.wall_seconds for one in costs),
        sum(one.processor_seconds for one in costs),
        max(one.peak_mib for one in costs),
        max(one.status for one in costs),
    )


WAYS: Mapping[str, Callable[[Class, Path], Cost]] = {
    "grader": _grader(),
    "grader-whole": _grader("--no-accelerate"),
    "grader-serial": _grader("--jobs", "1"),
    "nbclient": _nbclient,
    "nbgrader": _nbgrader,
    "otter": _otter,
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
        [student, *(f"{grades[way][student][1]:g} {grades[way][student][0]}" for way in ways)]
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
