"""nbgrader's table of grades, with the columns of its own CSV export.

nbgrader itself writes values without quotes, so that a comma in a name breaks its table; ours are quoted where
necessary, and any reader of CSV accepts both.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from grader.domain.assignment import Assignment
from grader.gradebook.spreadsheet_escaping import harmless
from grader.handback.final_grades import FinalGrade, FinalGradeState
from grader.handback.graded_class import ClassListRow

COLUMNS: Final = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


def nbgrader_csv(places: Sequence[ClassListRow], assignment: Assignment) -> bytes:
    """Return the table: one row per person; empty scores, which nbgrader reads as none, for those without a grade.

    Whoever handed in nothing has 0, as in nbgrader's own table.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place in places:
        person, standing = place.person, place.standing
        names = [harmless(name) for name in (person.family_name, person.given_name or person.name, person.email)]
        writer.writerow(
            [
                assignment.assignment,
                _stamp(None if assignment.due is None else assignment.due.date),
                _stamp(None if standing is None else standing.submitted_at),
                harmless(person.identifier or (standing.student if standing else person.shown)),
                *names,
                *_scores(standing, assignment),
            ]
        )
    return table.getvalue().encode("utf-8", errors="replace")


# Private functions


def _scores(standing: FinalGrade | None, assignment: Assignment) -> list[str]:
    """Return raw score, penalty, score and maximum; a person's points are both raw and final."""
    if standing is None:
        return ["0.0", "0.0", "0.0", _score(assignment.points_possible)]
    possible = _score(standing.grade.points_possible)
    if standing.points is None or standing.state is not FinalGradeState.FINAL:
        return ["", "", "", possible]
    if standing.adjusted is not None:
        return [_score(standing.adjusted), "0.0", _score(standing.adjusted), possible]
    taken = 0.0 if standing.late is None else standing.late.points
    return [_score(standing.grade.points_awarded), _score(taken), _score(standing.points), possible]


def _score(points: float) -> str:
    return str(float(Decimal(repr(round(points, 9)))))


def _stamp(moment: datetime | None) -> str:
    """Write a time as nbgrader does: in UTC, without a time zone."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
