"""Progress of grading as events: one JSON object each, and one sentence each for people.

The objects are a contract, described in `docs/progress.en.md`. Times are in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from grader.domain.grade import GradeStatus
from grader.domain.messages import Message, message, verbatim
from grader.domain.progress import CellBegun, EpochSeen, Stage, StageBegun, Step
from grader.domain.submission import Submission
from grader.scale import Progress

_MINUTE = 60
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class HandInGraded:
    """One hand-in of a class is graded.

    Attributes:
        progress: Its grade.
        number: How many are graded by now.
        total: Number of hand-ins.
    """

    progress: Progress
    number: int
    total: int


def step_event(submission: Submission, step: Step) -> dict[str, Any]:
    """Return a progress event of a hand-in, as plain data."""
    who = {"student": submission.student, "submission": submission.filename}
    match step:
        case StageBegun(stage, count, most_seconds):
            return _event("stage", who | {"stage": stage.value, "count": count, "most_seconds": most_seconds})
        case CellBegun(number, total, line):
            return _event("cell", who | {"cell": number, "cells": total, "line": line})
        case EpochSeen(epoch, epochs, loss):
            return _event("epoch", who | {"epoch": epoch, "epochs": epochs, "loss": loss})


def done_event(done: HandInGraded) -> dict[str, Any]:
    """Return a result, as plain data."""
    graded = done.progress.graded
    left = done.progress.seconds_left
    return _event(
        "graded",
        {
            "student": graded.student,
            "submission": graded.filename,
            "status": graded.grade.status.value,
            "points_awarded": graded.grade.points_awarded,
            "points_possible": graded.grade.points_possible,
            "wall_seconds": graded.wall_seconds,
            "accelerated": graded.accelerated,
            "reused": done.progress.reused,
            "done": done.number,
            "total": done.total,
            "seconds_left": None if left is None else round(left, 1),
        },
    )


def remark_event(text: str) -> dict[str, Any]:
    """Return a remark for the user, as plain data."""
    return _event("remark", {"text": text})


def _event(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"event": kind, "time": datetime.now(UTC).isoformat(timespec="milliseconds")} | values


def step_sentence(step: Step) -> Message:
    """Return the sentence for a progress event."""
    match step:
        case StageBegun(Stage.RUNNING, count, most_seconds):
            return message(
                "Running the notebook: {count} code cells, {minutes:.0f} minutes at most",
                count=count,
                minutes=most_seconds / _MINUTE,
            )
        case StageBegun(Stage.RUNNING_WHOLE):
            return message("Running the notebook again, with trainings as they were written")
        case StageBegun(Stage.AUDITING):
            return message("Running the notebook on a secret view of the data")
        case StageBegun(Stage.MEASURING, count):
            return message("Measuring the models: {count}", count=count)
        case CellBegun(number, total, line):
            return message("cell {number} of {total}: {line}", number=number, total=total, line=verbatim(line))
        case EpochSeen(epoch, epochs, None):
            return message("epoch {epoch} of {epochs}", epoch=epoch, epochs=epochs)
        case EpochSeen(epoch, epochs, loss):
            return message("epoch {epoch} of {epochs}, loss {loss}", epoch=epoch, epochs=epochs, loss=f"{loss:.4g}")
    raise AssertionError(step)  # StageBegun has no other stage


def done_sentence(done: HandInGraded) -> Message:
    """Return the sentence for a result, with the time that the others will take."""
    graded, left = done.progress.graded, done.progress.seconds_left
    points = f"{graded.grade.points_awarded:g}/{graded.grade.points_possible:g}"
    values: dict[str, Any] = {"points": points, "status": graded.grade.status.value}
    if done.progress.reused:
        result = message("{points} {status}, run before", **values)
    elif graded.accelerated:
        result = message("{points} {status} after {seconds:.0f} s, trainings shortened", **values, seconds=_wall(done))
    else:
        result = message("{points} {status} after {seconds:.0f} s", **values, seconds=_wall(done))
    if left is None or done.number == done.total:
        return result
    return message("{result}; about {time} left", result=result, time=duration(left))


def waits(done: HandInGraded) -> bool:
    """Return whether a person must look at it."""
    return done.progress.graded.grade.status is GradeStatus.NEEDS_REVIEW


def duration(seconds: float) -> Message:
    """Write an estimated time without false precision."""
    if seconds < 1.5 * _MINUTE:
        return message("{count:.0f} s", count=seconds)
    if seconds < 1.5 * _HOUR:
        return message("{count:.0f} min", count=seconds / _MINUTE)
    return message("{count:.1f} h", count=seconds / _HOUR)


def _wall(done: HandInGraded) -> float:
    return done.progress.graded.wall_seconds
