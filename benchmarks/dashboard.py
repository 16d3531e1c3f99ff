"""How long the dashboard's pages take at the server, with 2,000 students and 20 assignments.

    python benchmarks/dashboard.py [--students 2000] [--assignments 20] [--keep FOLDER]

Grades are made up, of the shapes and sizes that real ones have, and written into a gradebook without running anything.
Each page is asked for several times through the whole application (guard, SQL, templates); shown are the median of the
processor time that the server takes for it, and the median and the slowest by the clock, in milliseconds: on a machine
that has other work to do the clock says more about that work. The first start, which makes the lists from the grades,
is timed by itself.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert
from starlette.testclient import TestClient

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment
from grader.dashboard.application import create_application
from grader.dashboard.guard import BrowserSessions, HostNames
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.domain.assignment import Assignment
from grader.domain.datasets import DataSize
from grader.domain.grade import CheckResult, Finding, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import ImageStrip, Measurement, Measurements, Quantity
from grader.domain.messages import message, verbatim
from grader.domain.questions import OpenAnswer
from grader.domain.run import RunRecord, RunStatus
from grader.gradebook import Decisions, Gradebook
from grader.gradebook.store import _DOCUMENTS, _to_document
from grader.gradebook.tables import GradingRow, SubmissionRow
from grader.review.book import BookPlace

LIMIT_MS = 200
FIRST = ("Ana", "Luis", "Zoé", "Iván", "María José", "Andrés Felipe", "Ñusta", "Óscar", "Camila", "Juan Pablo")
LAST = ("García", "Ñáñez", "Ruiz", "Peña", "Rodríguez", "López", "Muñoz", "Álvarez", "Díaz", "Ibáñez")
PICTURE = base64.b64encode(bytes(range(0, 252, 9)) * 28).decode()
BEGAN = datetime(2026, 2, 1, 8, 0, tzinfo=UTC)


def result(check: str, points: float, chance: random.Random) -> CheckResult:
    """One check: mostly met, sometimes not, now and then open."""
    outcome = chance.choices((Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED, Outcome.UNGRADABLE), (80, 9, 9, 2))[0]
    share = {Outcome.PASSED: 1.0, Outcome.PARTIAL: 0.5}.get(outcome, 0.0)
    finding = Finding(
        message("encoder"),
        message("A code of {expected} numbers", expected=30),
        message("{actual} numbers", actual=chance.randrange(10, 90)),
        message("A wider code compresses less."),
        message(f"Look at layer {chance.randrange(9)}."),
    )
    lost = outcome in {Outcome.PARTIAL, Outcome.FAILED}
    number = Measurement(Quantity.RECONSTRUCTION_MSE, 0.0123, "pixel²", "mean over 1000 hidden images")
    findings = (finding,) * 3 if lost else ()
    said = verbatim("The measuring process ran out of memory." if outcome is Outcome.UNGRADABLE else "Told.")
    return CheckResult(check, outcome, round(points * share, 2), points, said, findings, (number,) * 3)


def graded(assignment: Assignment, number: int, chance: random.Random) -> GradedSubmission:
    """One hand-in, about 20 KB as a document."""
    from grader.scoring import score

    student = f"{FIRST[number % 10]} {LAST[number // 10 % 10]} {number:04}"
    strips = tuple(ImageStrip(title, 28, 28, (PICTURE,) * 5) for title in ("original", "student", "reference"))
    return GradedSubmission(
        student=student,
        filename=f"{assignment.assignment}_{number}.ipynb",
        sha256=hashlib.sha256(f"{assignment.assignment}/{number}".encode()).hexdigest(),
        assignment=assignment.assignment,
        rubric_hash=assignment.rubric_hash,
        grade=score([result(item.check, item.points, chance) for item in assignment.rubric]),
        run=RunRecord(RunStatus.COMPLETED, cells_total=30, cells_run=30, wall_seconds=90.0, peak_memory_mib=900.0),
        measurements=Measurements(data=DataSize.FULL, strips=strips),
        wall_seconds=round(chance.uniform(30, 300), 1),
        submitted_at=BEGAN + timedelta(minutes=number),
    )


def fill(place: BookPlace, students: int, assignments: int) -> int:
    """Write the gradebook; return the bytes of all documents."""
    chance, size = random.Random(15), 0  # noqa: S311 - no secret
    with Gradebook.open(place.url) as gradebook:
        decisions = Decisions(gradebook)
        for position, name in enumerate(assignment_ids()[:assignments]):
            assignment = load_assignment(name)
            made = [graded(assignment, number, chance) for number in range(students)]
            with gradebook.transaction() as session:
                first = position * students + 1
                session.execute(insert(SubmissionRow), [submission_row(first + at, one) for at, one in enumerate(made)])
                rows = [grading_row(first + at, one) for at, one in enumerate(made)]
                session.execute(insert(GradingRow), rows)
            size += sum(len(str(row["document"])) for row in rows)
            if name == "stacked":
                for one in made:
                    answers = [OpenAnswer(question, "Con 2 números … " * 20) for question in ("compression", "losses")]
                    decisions.keep_answers(name, one.sha256, answers)
    return size


def submission_row(number: int, one: GradedSubmission) -> dict[str, object]:
    """The row of a hand-in."""
    keys = ("assignment", "student", "filename", "sha256")
    return {"id": number, "received_at": BEGAN} | {key: getattr(one, key) for key in keys}


def grading_row(number: int, one: GradedSubmission) -> dict[str, object]:
    """The row of its grading."""
    return {
        "id": number,
        "submission_id": number,
        "rubric_hash": one.rubric_hash,
        "context": "benchmark",
        "status": one.grade.status.value,
        "points_awarded": one.grade.points_awarded,
        "points_possible": one.grade.points_possible,
        "wall_seconds": one.wall_seconds,
        "document": _to_document(_DOCUMENTS, one),
        "graded_at": BEGAN,
    }


def measured(client: TestClient, address: str, repeats: int) -> tuple[float, float, float]:
    """Return processor time, median and slowest of several requests, in milliseconds; the first one is not counted."""
    times, worked = [], []
    for number in range(repeats + 1):
        begun, begun_work = time.perf_counter(), time.process_time()
        answer = client.get(address)
        took, work = 1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - begun_work)
        assert answer.status_code == 200, (address, answer.status_code)
        if number:
            times.append(took)
            worked.append(work)
    return statistics.median(worked), statistics.median(times), max(times)


@contextlib.contextmanager
def folder_of(keep: Path | None) -> Iterator[Path]:
    """Lend a folder, a temporary one where none is to be kept."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="grader-benchmark-") as folder:
        yield Path(folder)


def main() -> None:
    """Fill, start, measure, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=2000)
    parser.add_argument("--assignments", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with folder_of(given.keep) as folder:
        place = BookPlace.new(folder)
        if not (folder / "gradebook.sqlite").exists():
            begun = time.perf_counter()
            size = fill(place, given.students, given.assignments)
            print(f"gradebook of {size / 1e6:.0f} MB written in {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()
        shelf = OpenGradebooks.open([place])
        print(f"started in {time.perf_counter() - begun:.1f} s", flush=True)
        sessions = BrowserSessions(author="Ruiz", language="es", token=None)
        app = create_application(shelf, sessions=sessions, names=HostNames("127.0.0.1", 8765))
        with TestClient(app, base_url="http://127.0.0.1:8765") as client:
            slow = lines_of(client, shelf, given.repeats)
    print(f"pages over {LIMIT_MS} ms: {', '.join(slow) or 'none'}")


def lines_of(client: TestClient, shelf: OpenGradebooks, repeats: int) -> list[str]:
    """Measure every kind of page and print a line each; return those that are too slow."""
    queries = shelf.books[0].queries
    from grader.gradebook.standing_queries import HandInFilter

    one = queries.rows(replace(HandInFilter("stacked"), search="1234"), limit=1) or queries.rows(
        HandInFilter("stacked"), limit=1
    )
    number, name = one[0].submission_id, one[0].student
    addresses = (
        "/", "/c/0/stacked", "/c/0/stacked?q=nanez", "/c/0/stacked?status=NEEDS_REVIEW&sort=grade&desc=1",
        "/c/0/stacked?failed=layers", "/c/0/stacked?start=1900", f"/s/0/{number}?status=NEEDS_REVIEW",
        f"/student/0?name={name}", "/stats/0/stacked", "/q/0/stacked", "/q/0/stacked/compression",
        "/q/0/stacked/compression?start=1500", f"/compare/0/{number}?beside={name}",
    )  # fmt: skip
    slow = []
    for address in addresses:
        work, middle, worst = measured(client, address, repeats)
        print(f"{work:8.1f} {middle:8.1f} {worst:8.1f}  {address}", flush=True)
        if min(work, middle) > LIMIT_MS:
            slow.append(address)
    return slow


if __name__ == "__main__":
    main()
