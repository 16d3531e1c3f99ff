"""One submission with all results of grading it: what the gradebook stores and reports are made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grader.domain.audit import AuditRecord
from grader.domain.grade import Grade
from grader.domain.measurement import Measurements
from grader.domain.messages import Message, MessageValue, message
from grader.domain.portrait import LossCurve
from grader.domain.questions import OpenAnswer
from grader.domain.run import RunRecord


@dataclass(frozen=True, slots=True)
class GradedSubmission:
    """The result of `grader.pipeline.grade_submission`.

    Attributes:
        student: Who handed it in.
        filename: Which file, as received.
        sha256: Digest of its bytes.
        assignment: Assignment id.
        rubric_hash: `Assignment.rubric_hash` at the time of grading.
        grade: What it earned.
        run: What we observed of its run.
        measurements: What zone M (the measuring process) found, pictures included.
        notes: What was fixed or noticed on the way (an old format upgraded, `!pip` ignored), for the report.
        wall_seconds: From intake to grade.
        accelerated: A training was shortened in this run (`grader.domain.acceleration.is_shortened`); a grade is only
            kept where that touched no point.
        fault: Traceback of our own failure, for the maintainer, or "".
        submitted_at: When it was handed in, with a time zone; None if unknown.
        conflict: Why a person must look at the hand-in itself (`Submission.conflict`), or None.
        curves: Losses of trainings as the notebook reported them, for the report; no point rests on them.
        answers: What was written to the open questions; joined from the gradebook for reports (`grader.deciding`).
        audit: What a second run on a secret view of the data showed; None if there was none.
    """

    student: str
    filename: str
    sha256: str
    assignment: str
    rubric_hash: str
    grade: Grade
    run: RunRecord
    measurements: Measurements
    notes: tuple[Message, ...] = ()
    wall_seconds: float = 0.0
    accelerated: bool = False
    fault: str = ""
    submitted_at: datetime | None = None
    conflict: Message | None = None
    answers: tuple[OpenAnswer, ...] = ()
    audit: AuditRecord | None = None
    curves: tuple[LossCurve, ...] = ()


def own_failure(*, error: MessageValue) -> Message:
    """Say that the fault is the grader's."""
    return message("The grader itself failed: {error}", error=error)
