"""Grades as files for people and programs: `grades.json` and `grades.csv`.

`grades.json` is a contract (see `grader.domain.grade`): keys are added, never renamed or removed, within one
`schema_version`. Sentences are in one language; everything else is the same in every language.
"""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from grader.domain.assignment import Assignment
from grader.domain.audit import AuditRecord
from grader.domain.grade import (
    GRADES_SCHEMA_VERSION,
    CheckResult,
    Decided,
    Finding,
    Grade,
    GradeStatus,
    Lateness,
    Outcome,
    scaled_grade,
)
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurement
from grader.domain.run import RunRecord
from grader.domain.text import with_escaped_controls
from grader.gradebook.faults import file_fault
from grader.gradebook.spreadsheet_escaping import harmless
from grader.locale import Translator

JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
JsonObject = dict[str, JsonValue]

CSV_COLUMNS = (
    "student",
    "submission",
    "sha256",
    "status",
    "points_awarded",
    "points_provisional",
    "points_possible",
    "grade",
)
"""The columns before those of lateness and decisions (both optional) and those of the checks."""

LATE_COLUMNS = ("submitted_at", "late_minutes", "late_percent", "late_points", "points_counted")
"""The columns of an assignment that has a due date; empty if the time of hand-in is unknown."""

DECISION_COLUMNS = ("points_machine", "decided_by")
"""The columns of a class in which a person gave points: the points of the checks alone, and the decisions."""

POINT_DECIMALS = 9
"""Decimals of points in a table; further digits are noise of binary fractions."""


def grades_json(assignment: Assignment, graded: Sequence[GradedSubmission], translator: Translator) -> str:
    """Return `grades.json`: every grade with its checks, findings and measurements, in order of student.

    Args:
        assignment: What was graded.
        graded: Its grades, in any order.
        translator: The language of the sentences.
    """
    document: JsonObject = {
        "schema_version": GRADES_SCHEMA_VERSION,
        "assignment": assignment.assignment,
        "grades": [_grade_object(one, translator) for one in _in_order(graded)],
    }
    return with_escaped_controls(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)) + "\n"


def grades_csv(assignment: Assignment, graded: Sequence[GradedSubmission]) -> str:
    """Return the table of grades: one row a submission, one column a check, decimal points, RFC 4180.

    What lateness costs stands in columns of its own where the assignment has a due date; `points_awarded` is what the
    checks add up to, `points_counted` and `grade` are what is left of it. A grade that waits for a person has empty
    `points_awarded`, `points_counted` and `grade`, and its lower bound in `points_provisional`; the column of a check
    that we could not judge is empty as well. So has one that is excused. Where a person decided, `points_awarded` and
    the columns of the checks hold what counts, and `DECISION_COLUMNS` what the machine had found. No cell can start a
    formula.

    Args:
        assignment: What was graded; its rubric gives the columns, its scale the grade.
        graded: Its grades, in any order.
    """
    checks = _checks(assignment, graded)
    timed = assignment.due is not None or any(one.grade.late is not None for one in graded)
    decided = any(one.grade.has_decisions for one in graded)
    extra = (*(LATE_COLUMNS if timed else ()), *(DECISION_COLUMNS if decided else ()))
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow([*CSV_COLUMNS, *extra, *checks])
    for one in _in_order(graded):
        late = _late_cells(one) if timed else []
        given = _decision_cells(one.grade) if decided else []
        writer.writerow([*_row(one, assignment), *late, *given, *_check_cells(one.grade, checks)])
    return table.getvalue()


def write_atomically(path: Path, text: str) -> None:
    """Write a file as UTF-8 atomically: it ends up with the new content or keeps the old one.

    Characters that UTF-8 cannot hold (half surrogates) become `?`; line ends stay as they are.

    Raises:
        GradebookError: The folder cannot be written or the disk is full; the old file is unchanged.
    """
    write_bytes_atomically(path, text.encode("utf-8", errors="replace"))


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically: it ends up with the new content or keeps the old one.

    Raises:
        GradebookError: The folder cannot be written or the disk is full; the old file is unchanged.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise file_fault(error, str(path)) from error


# Private: JSON -------------------------------------------------------------------------------------------------------


def _in_order(graded: Sequence[GradedSubmission]) -> list[GradedSubmission]:
    return sorted(graded, key=lambda one: (one.student, one.filename, one.sha256))


def _grade_object(graded: GradedSubmission, translator: Translator) -> JsonObject:
    grade = graded.grade
    return {
        "student": graded.student,
        "submission": graded.filename,
        "sha256": graded.sha256,
        "status": grade.status.value,
        "points_awarded": float(grade.points_awarded),
        "points_possible": float(grade.points_possible),
        "points_machine": grade.machine_points,
        "decision": _decision_object(grade.decided),
        "data": graded.measurements.data,
        "accelerated": graded.accelerated,
        "wall_seconds": float(graded.wall_seconds),
        "submitted_at": _moment(graded.submitted_at),
        "late": None if grade.late is None else _late_object(grade.late),
        "points_counted": float(grade.points_counted),
        "reasons": [translator.text(reason) for reason in grade.reasons],
        "run": _run_object(graded.run, translator),
        "checks": [_check_object(result, translator) for result in grade.results],
        "answers": [{"question": one.question, "text": one.text} for one in graded.answers],
        "audit": None if graded.audit is None else _audit_object(graded.audit, translator),
    }


def _decision_object(decided: Decided | None) -> JsonObject | None:
    if decided is None:
        return None
    return {"author": decided.author, "reason": decided.reason, "at": _moment(decided.at)}


def _audit_object(audit: AuditRecord, translator: Translator) -> JsonObject:
    return {
        "outcome": audit.outcome.value,
        "suspicions": [translator.text(suspicion) for suspicion in audit.suspicions],
        "here": audit.here,
        "there": list(audit.there),
        "otherwise": None if audit.otherwise is None else translator.text(audit.otherwise),
    }


def _late_object(late: Lateness) -> JsonObject:
    return {"minutes": late.minutes, "percent": float(late.percent), "points": float(late.points)}


def _run_object(run: RunRecord, translator: Translator) -> JsonObject:
    return {
        "status": run.status.value,
        "stopped_by": run.stopped_by.value,
        "cells_total": run.cells_total,
        "cells_run": run.cells_run,
        "errors": [
            {"cell_index": error.cell_index, "name": error.name, "text": error.text, "line": error.line}
            for error in run.errors
        ],
        "errors_left_out": run.errors_left_out,
        "wall_seconds": float(run.wall_seconds),
        "peak_memory_mib": float(run.peak_memory_mib),
        "output_truncated": run.output_truncated,
        "sandboxed": run.sandboxed,
        "detail": None if run.detail is None else translator.text(run.detail),
    }


def _moment(moment: datetime | None) -> str | None:
    """Write a moment in UTC, to the second."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def _check_object(result: CheckResult, translator: Translator) -> JsonObject:
    return {
        "check": result.check,
        "outcome": result.outcome.value,
        "points_awarded": float(result.points_awarded),
        "points_possible": float(result.points_possible),
        "message": translator.text(result.message),
        "findings": [_finding_object(finding, translator) for finding in result.findings],
        "measurements": [_measurement_object(measurement) for measurement in result.measurements],
        "outcome_machine": result.machine_outcome.value,
        "points_machine": float(result.machine_points),
        "decision": _decision_object(result.decided),
    }


def _finding_object(finding: Finding, translator: Translator) -> JsonObject:
    return {
        "where": translator.text(finding.where),
        "expected": translator.text(finding.expected),
        "actual": translator.text(finding.actual),
        "why": translator.text(finding.why),
        "hint": translator.text(finding.hint),
    }


def _measurement_object(measurement: Measurement) -> JsonObject:
    return {
        "name": measurement.name.value,
        "value": float(measurement.value),
        "unit": measurement.unit,
        "how": measurement.how,
    }


# Private: CSV --------------------------------------------------------------------------------------------------------


def _checks(assignment: Assignment, graded: Sequence[GradedSubmission]) -> list[str]:
    """Return the rubric's checks in its order, then those that only an older rubric had."""
    checks = [item.check for item in assignment.rubric]
    graded_ones = [result.check for one in _in_order(graded) for result in one.grade.results]
    return list(dict.fromkeys([*checks, *graded_ones]))


def _row(graded: GradedSubmission, assignment: Assignment) -> list[str]:
    """Return the cells under `CSV_COLUMNS`."""
    grade = graded.grade
    awarded = _points(grade.points_awarded)
    is_final = grade.status is GradeStatus.FINAL
    return [
        harmless(graded.student),
        harmless(graded.filename),
        harmless(graded.sha256),
        grade.status.value,
        awarded if is_final else "",
        awarded if grade.status is GradeStatus.NEEDS_REVIEW else "",
        _points(grade.points_possible),
        _scaled(grade, assignment),
    ]


def _late_cells(graded: GradedSubmission) -> list[str]:
    """Return the cells under `LATE_COLUMNS`."""
    late, is_final = graded.grade.late, graded.grade.status is GradeStatus.FINAL
    deducted = ["", "", ""] if late is None else [str(late.minutes), _points(late.percent), _points(late.points)]
    counted = _points(graded.grade.points_counted) if is_final else ""
    return [_moment(graded.submitted_at) or "", *deducted, counted]


def _decision_cells(grade: Grade) -> list[str]:
    """Return the cells under `DECISION_COLUMNS`: `layers 12 -> 15 (Ruiz)`."""
    said = [
        f"{result.check} {_points(result.machine_points)} -> {_points(result.points_awarded)} ({result.decided.author})"
        for result in grade.results
        if result.decided is not None
    ]
    if grade.decided is not None:
        said.append(
            f"{_points(grade.decided.machine_points)} -> {_points(grade.points_awarded)} ({grade.decided.author})"
        )
    return [_points(grade.machine_points), harmless("; ".join(said))]


def _check_cells(grade: Grade, checks: Sequence[str]) -> list[str]:
    results = {result.check: result for result in grade.results}
    return [_check_points(results.get(check)) for check in checks]


def _scaled(grade: Grade, assignment: Assignment) -> str:
    """Return the grade on the assignment's scale; empty while it is not final."""
    if grade.status is not GradeStatus.FINAL or grade.points_possible <= 0:
        return ""
    scale = (assignment.scale_maximum, assignment.scale_decimals)
    value = scaled_grade(grade, *scale, minimum=assignment.scale_minimum)
    return harmless(assignment.letter(value)) or str(value)


def _check_points(result: CheckResult | None) -> str:
    unknown = result is None or result.outcome is Outcome.UNGRADABLE
    return "" if unknown or result is None else _points(result.points_awarded)


def _points(points: float) -> str:
    return f"{_decimal(points).normalize():f}"


def _decimal(value: float) -> Decimal:
    # Adding 0 turns -0 into 0.
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-POINT_DECIMALS), ROUND_HALF_UP) + 0


# Private: files ------------------------------------------------------------------------------------------------------


def _sync_folder(folder: Path) -> None:
    """Make the new name as durable as the content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
