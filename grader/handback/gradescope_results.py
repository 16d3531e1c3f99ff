"""Gradescope: `results.json` of a student, by its rules: scores within bounds, known visibilities, no mark-up.

| key | holds |
|---|---|
| `score` | the points that count, or what is certain where a person must look |
| `output` | one sentence on top |
| `tests` | a check each: name, score, max_score, status, output, visibility |
| `extra_data` | what a program may want: status, digest, adjusted, late points |

Gradescope takes lateness off by its own due date, so that its results hold none of ours.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Outcome
from grader.domain.messages import Message, message
from grader.handback.feedback_text import changed_by_a_person, points_text
from grader.handback.final_grades import FinalGrade, FinalGradeState
from grader.handback.outcome import Export, waiting_students
from grader.intake.naming import report_name
from grader.locale import Translator

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
RESULTS_FILE = "results.json"


def results_json(standing: FinalGrade, assignment: Assignment, translator: Translator) -> str:
    """Return `results.json` of one student."""
    grade = standing.grade
    score = grade.points_awarded if standing.adjusted is None else standing.adjusted
    document = {
        "score": round(score, 9),
        "execution_time": max(0, round(standing.counted.wall_seconds)),
        "output": translator.text(_on_top(standing, translator)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(result, number, assignment, translator) for number, result in enumerate(grade.results, 1)],
        "extra_data": {
            "assignment": assignment.assignment,
            "status": standing.state.value,
            "sha256": standing.counted.sha256,
            "points_measured": round(grade.points_awarded, 9),
            "points_adjusted": standing.adjusted,
            "points_possible": round(grade.points_possible, 9),
        },
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def results_zip(standings: Sequence[FinalGrade], assignment: Assignment, translator: Translator) -> Export:
    """Return a zip with `<student>/results.json` for everyone who has a grade."""
    buffer = io.BytesIO()
    given = [one for one in standings if one.state is FinalGradeState.FINAL]
    with zipfile.ZipFile(buffer, "w") as archive:
        for standing in given:
            entry = zipfile.ZipInfo(f"{report_name(standing.student)}/{RESULTS_FILE}", _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, results_json(standing, assignment, translator).encode("utf-8", errors="replace"))
    return Export(buffer.getvalue(), len(given), waiting_students(standings))


# Private functions


def _on_top(standing: FinalGrade, translator: Translator) -> Message:
    if standing.adjusted is not None:
        return changed_by_a_person(
            points=points_text(standing.grade.points_awarded, translator), reason=standing.reason or ""
        )
    if standing.state is FinalGradeState.WAITING:
        return message(
            "A person must look at this before it is a grade: {reason} The points are what is certain.",
            reason=standing.reason or "",
        )
    return message("Measured by the autoencoder grader.")


def _test(
    result: CheckResult, number: int, assignment: Assignment, translator: Translator
) -> dict[str, str | float | list[str]]:
    titles = {item.check: item.title for item in assignment.rubric}
    lines = [translator.text(result.message)]
    for finding in result.findings:
        parts = (finding.where, finding.expected, finding.actual, finding.why, finding.hint)
        lines.append("\n".join(["", *(translator.text(one) for one in parts)]))
    shown: dict[str, str | float | list[str]] = {
        "name": titles.get(result.check, {}).get(translator.language) or result.check,
        "number": str(number),
        "score": round(result.points_awarded, 9),
        "max_score": round(result.points_possible, 9),
        "output": "\n".join(lines),
        "output_format": "text",
        "tags": [result.check],
        "visibility": "visible",
    }
    if result.outcome in (Outcome.PASSED, Outcome.FAILED):
        shown["status"] = result.outcome.value.lower()
    return shown
