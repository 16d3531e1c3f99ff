"""How long a class takes in which nothing has to run: a repeated `grade`, and `regrade` after a change of points.

    python benchmarks/rescore.py [--students 100]

One solution is graded for real on the embedded sample. Copies of its notebook, which differ in a comment, get its
observation in the gradebook, as if each had been run; then whole commands are timed, side by side in one run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.cli.grading import ClassWork, grade_class
from grader.cli.progress_reporting import watching
from grader.domain.datasets import DataSize
from grader.domain.ports import AuditMode
from grader.gradebook import Gradebook
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.review.book import BookPlace
from grader.session import SessionOptions, known_settings_key

ASSIGNMENT = "simple-dense"


def main() -> None:
    """Build the class, time the commands, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=100)
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory() as folder:
        handed_in, out = Path(folder) / "class", Path(folder) / "out"
        _build(handed_in, out, students)
        grade = ("grade", str(handed_in), "--assignment", ASSIGNMENT, "--out", str(out), "--data-size", "sample")
        rows = [
            ("grade, everything observed, first reports", _seconds(*grade)),
            ("grade once more", _seconds(*grade)),
            ("regrade --dry-run", _seconds("regrade", "--out", str(out), "--dry-run")),
            ("regrade", _seconds("regrade", "--out", str(out))),
        ]
    for what, (wall, processor) in rows:
        print(f"{what:45} {wall:6.2f} s, {processor:6.2f} s of processors")


def _build(handed_in: Path, out: Path, students: int) -> None:
    assignment = load_assignment(ASSIGNMENT)
    facts = load_facts(assignment.reference)
    options = SessionOptions(data_size=DataSize.SAMPLE, audit=AuditMode.SUSPICIOUS, accelerate=True)
    place = BookPlace.new(out)
    handed_in.mkdir()
    out.mkdir()
    document = json.loads(generate(assignment, language="en", solution=True))
    for number in range(students):
        document["cells"].append({"cell_type": "markdown", "metadata": {}, "source": f"Student {number}"})
        (handed_in / f"student-{number:04}.ipynb").write_text(json.dumps(document), encoding="utf-8")
        document["cells"].pop()
    with tempfile.TemporaryDirectory() as workspace:
        submissions = collect([handed_in], Path(workspace))
        with watching(1, Translator("en")) as watch:
            grade_class(ClassWork(submissions[:1], assignment, facts, options, place), watch)
        key = known_settings_key(assignment, facts, options)
        with Gradebook.open(place.url) as gradebook:
            seen = gradebook.find_observation(sha256=submissions[0].sha256, context=key or "")
            if seen is None or key is None:
                raise SystemExit("the first notebook left no observation")
            for submission in submissions[1:]:
                gradebook.add_observation(seen, sha256=submission.sha256, context=key)


def _seconds(*arguments: str) -> tuple[float, float]:
    """Run a command and return its seconds by the clock on the wall and of processors."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", "from grader.cli import main; main()", *arguments], check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
