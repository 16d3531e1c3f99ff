"""Shows that grades do not depend on how they are made: serial, parallel or on Dask, with and without acceleration.

    python benchmarks/equal_grades.py [--solutions [ID …]] [--rubrics ID …] [--students NAME …] [--data-size full]

The class of `grader demo` is graded in each way, into a gradebook of its own; points, statuses and outcomes of every
check are compared with those of the first way (serial, every training to its end). `--solutions` takes the solutions of
assignments instead (all without an id), `--rubrics` all variants with which `grader validate --rubrics` tries a rubric.
Where this version can fork kernels from a warm process, that is a way as well. The exit status is 1 where anything
differs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from costs import machine, table

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.cli.demonstration import ASSIGNMENT, DEMO_LIMITS
from grader.cli.grading import ClassWork, grade_class
from grader.cli.progress_reporting import watching
from grader.demo.sample_class import CLASS, changed
from grader.domain.assignment import Assignment
from grader.domain.datasets import DataSize
from grader.gradebook import grades_json
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.review.book import BookPlace
from grader.session import SessionOptions
from grader.validation.rubrics import RubricTest, variants

EN = Translator("en")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Notebooks of one assignment.

    Attributes:
        assignment: Its rules.
        notebooks: Texts by the student's name.
    """

    assignment: Assignment
    notebooks: Mapping[str, str]


def ways(size: DataSize) -> dict[str, SessionOptions]:
    """Return each way by its name; the first is the one that the others are compared with."""
    whole = SessionOptions(data_size=size, written_for=size, jobs=1)
    fast = replace(whole, accelerate=True)
    found = {
        "serial, whole": whole,
        "serial, accelerated": fast,
        "parallel, whole": replace(whole, jobs=2),
        "parallel, accelerated": replace(fast, jobs=2),
        "Dask, two processes, accelerated": replace(fast, executor="dask-local:2"),
    }
    if "warm" in {one.name for one in fields(SessionOptions)}:
        for name in ("serial, whole", "parallel, accelerated"):
            found[f"{name}, warm"] = replace(found[name], warm=True)
    return found


def main() -> None:
    """Grade in each way, compare, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solutions", nargs="*")
    parser.add_argument("--rubrics", nargs="+")
    parser.add_argument("--students", nargs="+", default=[], help="only these notebooks")
    parser.add_argument("--ways", nargs="+", default=[], help="only ways whose names hold one of these words")
    parser.add_argument("--data-size", default="sample", choices=("sample", "full"))
    given = parser.parse_args()
    chosen = {
        name: options
        for place, (name, options) in enumerate(ways(DataSize(given.data_size)).items())
        if place == 0 or not given.ways or any(word in name for word in given.ways)
    }
    groups = [_only(group, given.students) for group in _groups(given.solutions, given.rubrics)]
    rows: list[tuple[object, ...]] = []
    first: Mapping[str, object] = {}
    different: list[str] = []
    for name, options in chosen.items():
        began = time.perf_counter()
        found = {key: one for group in groups for key, one in _graded(group, options)}
        first = first or found
        wrong = [f"{name}: {key}: {first[key]} ≠ {one}" for key, one in found.items() if one != first[key]]
        different += wrong
        equal = "yes" if not wrong else f"NO: {len(wrong)}"
        rows.append((name, len(found), equal, f"{time.perf_counter() - began:.0f}"))
        print(f"{name}: {equal}", file=sys.stderr, flush=True)
    print(table(("way", "hand-ins", "same points and statuses", "wall s"), rows))
    print(f"\n{machine()}", *different, sep="\n")
    sys.exit(1 if different else 0)


def _groups(solutions: Sequence[str] | None, rubrics: Sequence[str] | None) -> Iterator[Group]:
    if solutions is None and rubrics is None:
        solution = generate(load_assignment(ASSIGNMENT), language="en", solution=True)
        texts = {pupil.name: pupil.instead or changed(solution, pupil.changes) for pupil in CLASS}
        yield Group(replace(load_assignment(ASSIGNMENT), limits=DEMO_LIMITS), texts)
    for name in solutions or (() if solutions is None else assignment_ids()):
        assignment = load_assignment(name)
        yield Group(assignment, {f"solution-{name}": generate(assignment, language="en", solution=True)})
    for name in rubrics or ():
        assignment = load_assignment(name)
        work = RubricTest(assignment, load_facts(name), generate(assignment, language="en", solution=True))
        yield Group(assignment, {one.operator.name: one.notebook for one in variants(work)})


def _only(group: Group, names: Sequence[str]) -> Group:
    return replace(
        group, notebooks={name: text for name, text in group.notebooks.items() if not names or name in names}
    )


def _graded(group: Group, options: SessionOptions) -> Iterator[tuple[str, Document]]:
    """Grade a group as `grader grade` does, and return what its `grades.json` decides of each hand-in."""
    with tempfile.TemporaryDirectory(prefix="equal-grades-") as name:
        folder = Path(name)
        (folder / "class").mkdir()
        for student, text in group.notebooks.items():
            (folder / "class" / f"{student}.ipynb").write_text(text, encoding="utf-8")
        submissions = collect([folder / "class"], folder / "intake")
        facts = load_facts(group.assignment.reference)
        work = ClassWork(submissions, group.assignment, facts, options, BookPlace.new(folder))
        with watching(len(submissions), EN) as watch:
            graded = grade_class(work, watch)
        for one in json.loads(grades_json(group.assignment, graded, EN))["grades"]:
            yield f"{group.assignment.assignment}: {one['student']}", _decided(one)


def _decided(one: Document) -> Document:
    checks = [(check["check"], check["outcome"], check["points_awarded"]) for check in one["checks"]]
    return {"status": one["status"], "points": one["points_awarded"], "run": one["run"]["status"], "checks": checks}


if __name__ == "__main__":
    main()
