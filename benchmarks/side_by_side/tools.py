"""Three graders of notebooks behind one form: install, write a class, grade it, read points and pages."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HIDDEN = "hidden-canary-7f3a"
"""Stands in what a student shall not see."""

HONEST = ["def square(x):\n    return x * x"]
PACKAGES = {"nbgrader": ("nbgrader==0.9.6",), "otter": ("otter-grader==7.0.0", "ipykernel", "numpy")}


class NotInstallableError(Exception):
    """Pip could not install it; the text says why."""


@dataclass(frozen=True)
class Result:
    """What a command left behind.

    Attributes:
        ended: It came to its end by itself.
        seconds: It took.
        points: By student; who has no grade is missing.
        left_process: A process of an attacker was still running.
    """

    ended: bool
    seconds: float
    points: Mapping[str, float]
    left_process: bool


class Tool(ABC):
    """A grader.

    Attributes:
        name: For the table.
        full_points: What the honest classmate has.
    """

    name = ""
    full_points = 1.0

    def __init__(self, work: Path) -> None:
        self.work = work

    @property
    def environment(self) -> Path:
        """Of its own."""
        return self.work / f"environment-{self.name}"

    def install(self) -> None:
        """Install it where it is not there yet.

        Raises:
            NotInstallableError: Pip failed.
        """
        if (self.environment / "installed").exists():
            return
        pip = [str(self.environment / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES[self.name]]
        for command in ([sys.executable, "-m", "venv", str(self.environment)], pip):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NotInstallableError((done.stderr.strip().splitlines() or ["pip failed"])[-1])
        (self.environment / "installed").touch()

    def version(self) -> str:
        """Return its version."""
        return PACKAGES[self.name][0].partition("==")[2]

    @abstractmethod
    def write_class(self, folder: Path, cells: Mapping[str, Sequence[str]]) -> None:
        """Write a course with these hand-ins."""

    @abstractmethod
    def file_of(self, folder: Path, student: str) -> Path:
        """Return a student's notebook as it was handed in."""

    @abstractmethod
    def commands(self, folder: Path) -> Iterator[Sequence[str]]:
        """Yield what an instructor types."""

    @abstractmethod
    def points(self, folder: Path) -> Mapping[str, float]:
        """Return points by student."""

    def pages(self, folder: Path) -> list[Path]:
        """Return the pages that an instructor opens."""
        return [path for path in folder.rglob("*.html") if "home" not in path.relative_to(folder).parts]


def notebook(cells: Sequence[str]) -> dict[str, object]:
    """Return a notebook of code cells."""
    made: list[dict[str, object]] = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None} for cell in cells
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}


def _write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


class Nbgrader(Tool):
    """nbgrader with the settings that it has by itself; hidden tests as its manual shows them."""

    name = "nbgrader"

    _TESTS = (
        "assert square(3) == 9\n### BEGIN HIDDEN TESTS\n"
        f"assert abs(square(-4) - 16) < 1  # {HIDDEN}\n### END HIDDEN TESTS"
    )

    def write_class(self, folder: Path, cells: Mapping[str, Sequence[str]]) -> None:
        """Write source and hand-ins; the metadata are those that nbgrader's editor writes."""
        kinds = {
            "solution": {"solution": True, "grade": False},
            "test": {"solution": False, "grade": True, "points": 1},
        }
        sources = {"solution": "### BEGIN SOLUTION\ndef square(x): return x * x\n### END SOLUTION", "test": self._TESTS}
        for student in ("", *cells):
            own = "\n".join(cells.get(student, []))
            texts = sources if not student else {"solution": own, "test": "assert square(3) == 9"}
            document = notebook([texts["solution"], texts["test"]])
            for cell, (name, kind) in zip(document["cells"], kinds.items(), strict=True):  # type: ignore[call-overload]
                known = {"grade_id": name, "locked": name == "test", "schema_version": 3, "task": False}
                cell["metadata"]["nbgrader"] = {**known, **kind}
            _write(self.file_of(folder, student) if student else folder / "source" / "ps1" / "ps1.ipynb", document)

    def file_of(self, folder: Path, student: str) -> Path:
        """`submitted/<student>/<assignment>/<notebook>`."""
        return folder / "submitted" / student / "ps1" / "ps1.ipynb"

    def commands(self, folder: Path) -> Iterator[Sequence[str]]:
        """Make the release version, grade, export, write the pages."""
        program = str(self.environment / "bin" / "nbgrader")
        yield [program, "generate_assignment", "ps1", "--create"]
        yield [program, "autograde", "ps1", "--create"]
        yield [program, "export", "--to", str(folder / "grades.csv")]
        yield [program, "generate_feedback", "ps1"]

    def points(self, folder: Path) -> Mapping[str, float]:
        """Read the exported table."""
        path = folder / "grades.csv"
        if not path.is_file():
            return {}
        with path.open(encoding="utf-8", newline="") as file:
            return {row["student_id"]: float(row["score"] or 0) for row in csv.DictReader(file)}


class Otter(Tool):
    """`otter run`, which needs no Docker: one command a hand-in."""

    name = "otter"

    def write_class(self, folder: Path, cells: Mapping[str, Sequence[str]]) -> None:
        """Write tests and hand-ins."""
        cases = [{"code": ">>> square(3) == 9\nTrue", "hidden": False, "locked": False}]
        cases.append({"code": f">>> abs(square(-4) - 16) < 1  # {HIDDEN}\nTrue", "hidden": True, "locked": False})
        suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": "q1", "points": 1, "suites": [suite]}
        (folder / "tests").mkdir(parents=True)
        (folder / "tests" / "q1.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n", encoding="utf-8")
        (folder / "requirements.txt").touch()
        for student, own in cells.items():
            _write(self.file_of(folder, student), notebook(own))

    def file_of(self, folder: Path, student: str) -> Path:
        """A folder a student."""
        return folder / "handed-in" / student / f"{student}.ipynb"

    def commands(self, folder: Path) -> Iterator[Sequence[str]]:
        """Make the autograder, then grade one after the other."""
        program = str(self.environment / "bin" / "otter")
        yield [program, "generate", "-t", "tests", "-o", "autograder.zip"]
        for path in sorted((folder / "handed-in").iterdir()):
            (folder / "results" / path.name).mkdir(parents=True, exist_ok=True)
            yield [
                program,
                "run",
                "-a",
                "autograder.zip",
                "-o",
                f"results/{path.name}",
                str(path / f"{path.name}.ipynb"),
            ]

    def points(self, folder: Path) -> Mapping[str, float]:
        """Add up the scores of each result."""
        found = {}
        for path in (folder / "results").glob("*/results.json"):
            tests = json.loads(path.read_text(encoding="utf-8")).get("tests", [])
            found[path.parent.name] = sum(float(one.get("score", 0)) for one in tests)
        return found


class Own(Tool):
    """This grader: a network in NumPy on the embedded sample; the honest train it for two epochs, for 60 of 100."""

    name = "autoencoder-grader"
    full_points = 60.0

    def install(self) -> None:
        """Nothing to do: it is here."""

    def version(self) -> str:
        """Return the installed version."""
        import grader

        return grader.__version__

    @cached_property
    def _solution(self) -> str:
        from grader.authoring.assignment_catalogue import load_assignment
        from grader.authoring.notebooks import generate

        text = generate(load_assignment("from-scratch"), language="en", solution=True)
        return re.sub(r"EPOCHS = \d+", "EPOCHS = 2", text)

    def write_class(self, folder: Path, cells: Mapping[str, Sequence[str]]) -> None:
        """Write hand-ins, and beside them a file like those of a course."""
        (folder / "reference.py").write_text(f"# {HIDDEN}\n", encoding="utf-8")
        for student, own in cells.items():
            path = self.file_of(folder, student)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._solution if own == HONEST else json.dumps(notebook(own)), encoding="utf-8")

    def file_of(self, folder: Path, student: str) -> Path:
        """One file a student."""
        return folder / "handed-in" / f"{student}.ipynb"

    def commands(self, folder: Path) -> Iterator[Sequence[str]]:
        """One command a class."""
        options = ["--assignment", "from-scratch", "--data-size", "sample", "--jobs", "1", "--out", str(folder / "out")]
        yield [str(Path(sys.executable).parent / "grader"), "grade", str(folder / "handed-in"), *options]

    def points(self, folder: Path) -> Mapping[str, float]:
        """Read `grades.json`."""
        path = folder / "out" / "grades.json"
        if not path.is_file():
            return {}
        grades = json.loads(path.read_text(encoding="utf-8"))["grades"]
        return {one["student"]: one["points_awarded"] for one in grades}


def tools(work: Path) -> tuple[Tool, ...]:
    """Return the graders that are compared."""
    return Nbgrader(work), Otter(work), Own(work)
