"""Graded hand-ins for exports, without running anything."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from grader.authoring.assignment_catalogue import load_assignment
from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurements
from grader.domain.messages import message, verbatim
from grader.domain.run import RunRecord, RunStatus, StoppedBy
from grader.gradebook import Gradebook, sqlite_url
from grader.handback.final_grades import FinalGrade, StudentDecisions, final_grades
from grader.locale import Translator
from grader.roster.sheet import Sheet, read_sheet
from grader.scoring import score

STACKED = load_assignment("stacked")
ES = Translator("es")
EN = Translator("en")
RUN = RunRecord(RunStatus.COMPLETED, StoppedBy.NOTHING, cells_total=3, cells_run=3)


def graded(
    student: str,
    share: float = 1.0,
    *,
    waits: bool = False,
    filename: str = "tarea.ipynb",
    submitted_at: datetime | None = None,
    content: str = "",
    assignment: Assignment = STACKED,
) -> GradedSubmission:
    """A hand-in that earned this share of every check; with `waits` the last check is open."""
    results = [
        CheckResult(
            item.check,
            Outcome.PASSED if share == 1 else Outcome.PARTIAL,
            item.points * share,
            item.points,
            verbatim(f"={item.check}"),
        )
        for item in assignment.rubric
    ]
    if waits:
        last = assignment.rubric[-1]
        results[-1] = CheckResult(last.check, Outcome.UNGRADABLE, 0.0, last.points, message("open"))
    grade = score(results)
    assert (grade.status is GradeStatus.FINAL) != waits
    return GradedSubmission(
        student=student,
        filename=filename,
        sha256=hashlib.sha256(f"{student}{filename}{content}".encode()).hexdigest(),
        assignment=assignment.assignment,
        rubric_hash=assignment.rubric_hash,
        grade=grade,
        run=RUN,
        measurements=Measurements(),
        submitted_at=submitted_at,
    )


def final(*hand_ins: GradedSubmission, decisions: StudentDecisions | None = None) -> list[FinalGrade]:
    """What these hand-ins are worth."""
    return final_grades(STACKED, hand_ins, decisions or StudentDecisions())


def sheet(folder: Path, content: str | bytes, name: str = "sheet.csv") -> Sheet:
    """A table on disk, read."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_sheet(path)


def stored(folder: Path, hand_ins: Sequence[GradedSubmission]) -> Path:
    """A folder of grades as `grader grade` leaves it, without reports."""
    folder.mkdir(parents=True, exist_ok=True)
    with Gradebook.open(sqlite_url(folder / "gradebook.sqlite")) as gradebook:
        for one in hand_ins:
            gradebook.add(one, context="test")
    from grader.gradebook import grades_json

    (folder / "grades.json").write_text(grades_json(STACKED, hand_ins, EN), encoding="utf-8")
    return folder
