"""Grades with and without acceleration, side by side in one run: points, statuses, times, ratios; in Markdown.

Run with `python benchmarks/acceleration.py [ID…] [--data-size full] [--demo] [--wrong]`. Each notebook is graded twice,
one after the other and alone: whole, and as `grader grade` does it by itself (trainings shortened, and a second, whole
run where that cost a point). The exit status is 1 where any point or status differs.

- without options, the solution of each assignment;
- `--demo` adds the class of `grader demo` (assignment `stacked`), right and wrong;
- `--wrong` adds the wrong variants of `grader validate --rubrics` that are trained to their end.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from grader.accelerated_grading import grade_fast
from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.cli.demonstration import DEMO_LIMITS
from grader.demo.sample_class import CLASS, changed
from grader.domain.assignment import Assignment
from grader.domain.datasets import DataSize
from grader.domain.graded import GradedSubmission
from grader.domain.submission import Submission
from grader.pipeline import GradingContext
from grader.session import SessionOptions, open_session
from grader.validation.operators import Mutant, TrainingLength
from grader.validation.rubrics import RubricTest, variants

_HEAD = (
    "| notebook | points | equal | how | wall s, whole | fast | ratio | processor s, whole | fast | ratio |\n"
    "|---|---:|---|---|---:|---:|---:|---:|---:|---:|"
)


@dataclass(frozen=True)
class Pair:
    """One notebook, graded both ways."""

    name: str
    whole: GradedSubmission
    fast: GradedSubmission
    whole_processor: float
    fast_processor: float

    @property
    def is_equal(self) -> bool:
        """Whether points and statuses are the same, check by check."""
        return _decided(self.whole) == _decided(self.fast)


def main() -> None:
    """Grade everything that was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", default=["stacked", "simple-dense"])
    parser.add_argument("--data-size", default="sample", choices=("sample", "full"))
    parser.add_argument("--sandbox", default="bubblewrap")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--only", nargs="*", default=[], help="names of notebooks; default: all")
    given = parser.parse_args()
    pairs = []
    print(_HEAD)
    for name in given.assignments:
        assignment = load_assignment(name)
        notebooks = _notebooks(assignment, demo=given.demo and name == "stacked", wrong=given.wrong)
        chosen = {title: text for title, text in notebooks.items() if not given.only or title in given.only}
        pairs += _graded(assignment, chosen, DataSize(given.data_size), given.sandbox)
    equal = "yes" if all(pair.is_equal for pair in pairs) else "NO"
    print(f"| **all {len(pairs)}** | | {equal} | | {_times(pairs)} |")
    sys.exit(0 if all(pair.is_equal for pair in pairs) else 1)


def _notebooks(assignment: Assignment, *, demo: bool, wrong: bool) -> dict[str, str]:
    """Return the notebooks to grade by their names."""
    solution = generate(assignment, language="en", solution=True)
    found = {"solution": solution}
    if demo:
        found |= {pupil.name: pupil.instead or changed(solution, pupil.changes) for pupil in CLASS}
    if wrong:
        work = RubricTest(assignment, load_facts(assignment.reference), solution)
        found |= {
            one.operator.name: one.notebook
            for one in variants(work)
            if isinstance(one.operator, Mutant) and one.operator.training is TrainingLength.WHOLE
        }
    return found


def _graded(assignment: Assignment, notebooks: dict[str, str], size: DataSize, sandbox: str) -> list[Pair]:
    """Grade each notebook both ways, printing a line as soon as it is done."""
    if "julian" in notebooks:  # an endless loop
        assignment = replace(assignment, limits=DEMO_LIMITS)
    options = SessionOptions(sandbox=sandbox, data_size=size, written_for=size, jobs=1, accelerate=True)
    pairs = []
    with (
        tempfile.TemporaryDirectory(prefix="acceleration-") as folder,
        open_session(assignment, load_facts(assignment.reference), options) as session,
    ):
        for name, text in notebooks.items():
            submission = _submission(name, text, Path(folder))
            whole, whole_processor = _timed(submission, replace(session.context, fast=None))
            fast, fast_processor = _timed(submission, session.context)
            pair = Pair(name, whole, fast, whole_processor, fast_processor)
            print(_line(assignment.assignment, pair), flush=True)
            pairs.append(pair)
    return pairs


def _timed(submission: Submission, context: GradingContext) -> tuple[GradedSubmission, float]:
    """Grade, and return the processor time that this process's children, kernels among them, took meanwhile."""
    before, latest = _processor_seconds(), dict[int, float]()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            latest.update(_processor_seconds())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        graded = grade_fast(submission, context)
    finally:
        done.set()
        watching.join()
    return graded, sum(seconds - before.get(pid, 0.0) for pid, seconds in latest.items())


def _processor_seconds() -> dict[int, float]:
    found = {}
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            found[child.pid] = times.user + times.system
    return found


def _submission(name: str, text: str, folder: Path) -> Submission:
    path = folder / f"{name}.ipynb"
    path.write_text(text, encoding="utf-8")
    raw = path.read_bytes()
    return Submission(name, path.name, path, hashlib.sha256(raw).hexdigest(), len(raw))


def _decided(graded: GradedSubmission) -> tuple[object, ...]:
    each = tuple((one.check, one.outcome, one.points_awarded) for one in graded.grade.results)
    return (graded.grade.status, graded.run.status, *each)


def _line(assignment: str, pair: Pair) -> str:
    twice = any("run twice" in note.msgid for note in pair.fast.notes)
    how = "shortened" if pair.fast.accelerated else "run twice" if twice else "whole"
    points = f"{pair.whole.grade.points_awarded:g}"
    points += "" if pair.is_equal else f" / {pair.fast.grade.points_awarded:g}"
    return f"| {assignment}: {pair.name} | {points} | {'yes' if pair.is_equal else 'NO'} | {how} | {_times([pair])} |"


def _times(pairs: list[Pair]) -> str:
    """Return wall times and the kernels' processor times of both ways, with their ratios, as cells of the table."""
    wall = [sum(getattr(pair, way).wall_seconds for pair in pairs) for way in ("whole", "fast")]
    processor = [sum(getattr(pair, f"{way}_processor") for pair in pairs) for way in ("whole", "fast")]
    return " | ".join(f"{one[0]:.1f} | {one[1]:.1f} | {one[0] / max(one[1], 0.01):.1f}" for one in (wall, processor))


if __name__ == "__main__":
    main()
