"""Everything that a gradebook holds about one student, to be handed over to the student or to be deleted.

Both use the same rows. Data of others are left out of the export and not deleted: an observation of bytes that a
classmate handed in as well is shared. A grade names classmates in only one place: when the weights of two hand-ins are
the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from grader.gradebook.append_only import changes_allowed
from grader.gradebook.decisions import AnswerRow, DecisionRow
from grader.gradebook.standing_tables import StandingCheckRow, StandingFindingRow, StandingRow
from grader.gradebook.store import Gradebook
from grader.gradebook.store import _storable as storable
from grader.gradebook.tables import AdjustmentRow, DeletionRow, GradingRow, ObservationRow, SubmissionRow

SCHEMA_VERSION: Final = 1
SOMEBODY: Final = "…"
"""Replaces another student's name."""

_NAMING: Final = "others"
"""The field of a message that holds names of classmates."""
_GUARDED: Final = ("grading", "observation", "open_answer", "decision", "adjustment", "submission")


@dataclass(frozen=True, slots=True)
class StudentRecordCounts:
    """How much a gradebook holds about a student.

    Attributes:
        submissions: Files that were handed in.
        gradings: Grades of them, old ones too.
        observations: Runs of these files that no classmate's file shares.
        answers: Answers to open questions.
        decisions: What people decided.
        files: SHA-256 of the files.
        digests: Of those among them that no classmate handed in as well.
    """

    submissions: int
    gradings: int
    observations: int
    answers: int
    decisions: int
    files: tuple[str, ...]
    digests: tuple[str, ...]

    @property
    def rows(self) -> int:
        """The number of these rows."""
        return self.submissions + self.gradings + self.observations + self.answers + self.decisions


def belongings(gradebook: Gradebook, student: str) -> StudentRecordCounts:
    """Count what a gradebook holds about a student.

    Raises:
        GradebookError: The database does not answer.
    """
    with gradebook.transaction() as session:
        return _counted(session, storable(student))


def student_record(gradebook: Gradebook, student: str) -> dict[str, Any]:
    """Return everything that a gradebook holds about a student, as values for JSON.

    Raises:
        GradebookError: The database does not answer.
    """
    name = storable(student)
    with gradebook.transaction() as session:
        files = session.execute(_all(SubmissionRow).where(SubmissionRow.student == name)).mappings().all()
        return {
            "schema_version": SCHEMA_VERSION,
            "student": student,
            "made_at": datetime.now(UTC).isoformat(),
            "submissions": [_hand_in(session, dict(row)) for row in files],
            "decisions": _rows(session, _all(DecisionRow).where(DecisionRow.student == name)),
            "adjustments": _rows(session, _all(AdjustmentRow).where(AdjustmentRow.student == name)),
        }


def delete_student(gradebook: Gradebook, student: str, *, author: str, reason: str) -> StudentRecordCounts:
    """Delete everything that a gradebook holds about a student; a record of the deletion stays, without the name.

    The file of a SQLite gradebook is written anew afterwards, so that nothing of it is left in unused pages.

    Raises:
        GradebookError: The database does not answer; then nothing was deleted.
    """
    name = storable(student)
    with gradebook.transaction() as session:
        with changes_allowed(session.connection(), _GUARDED):
            found = _counted(session, name)
            submissions = list(session.scalars(select(SubmissionRow.id).where(SubmissionRow.student == name)))
            answers = [tuple(row) for row in session.execute(_own_answers(name))]
            for table in (StandingFindingRow, StandingCheckRow, StandingRow, GradingRow):
                session.execute(delete(table).where(table.submission_id.in_(submissions)))
            session.execute(delete(ObservationRow).where(ObservationRow.sha256.in_(found.digests)))
            session.execute(delete(AnswerRow).where(tuple_(AnswerRow.assignment, AnswerRow.sha256).in_(answers)))
            session.execute(delete(DecisionRow).where(DecisionRow.student == name))
            session.execute(delete(AdjustmentRow).where(AdjustmentRow.student == name))
            session.execute(delete(SubmissionRow).where(SubmissionRow.student == name))
            _take_name_out(session, name)
        row = {"rows": found.rows, "author": storable(author), "reason": storable(reason), "at": datetime.now(UTC)}
        session.execute(insert(DeletionRow).values(**row))
    gradebook.compact()
    return found


# Private -------------------------------------------------------------------------------------------------------------


def _all(table: type[Any]) -> Select[*tuple[Any, ...]]:
    return select(*table.__table__.columns).order_by(table.id)


def _own_files(name: str) -> ColumnElement[bool]:
    """Return whether only this student handed in a file, for any assignment."""
    others = select(SubmissionRow.sha256).where(SubmissionRow.student != name)
    return SubmissionRow.sha256.not_in(others)


def _own_digests(name: str) -> Select[str]:
    return select(SubmissionRow.sha256).where(SubmissionRow.student == name, _own_files(name)).distinct()


def _own_answers(name: str) -> Select[str, str]:
    """Return assignment and digest of the student's files that no classmate handed in for the same assignment."""
    mine, theirs = (
        select(SubmissionRow.assignment, SubmissionRow.sha256).where(condition)
        for condition in (SubmissionRow.student == name, SubmissionRow.student != name)
    )
    return mine.where(tuple_(SubmissionRow.assignment, SubmissionRow.sha256).not_in(theirs)).distinct()


def _counted(session: Session, name: str) -> StudentRecordCounts:
    def count(table: type[Any], *conditions: ColumnElement[bool]) -> int:
        number: int = session.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
        return number

    files = select(SubmissionRow.id).where(SubmissionRow.student == name)
    digests = tuple(sorted(session.scalars(_own_digests(name))))
    return StudentRecordCounts(
        submissions=count(SubmissionRow, SubmissionRow.student == name),
        gradings=count(GradingRow, GradingRow.submission_id.in_(files)),
        observations=count(ObservationRow, ObservationRow.sha256.in_(digests)),
        answers=count(AnswerRow, tuple_(AnswerRow.assignment, AnswerRow.sha256).in_(_own_answers(name))),
        decisions=count(DecisionRow, DecisionRow.student == name) + count(AdjustmentRow, AdjustmentRow.student == name),
        files=tuple(sorted(set(session.scalars(select(SubmissionRow.sha256).where(SubmissionRow.student == name))))),
        digests=digests,
    )


def _hand_in(session: Session, row: dict[str, Any]) -> dict[str, Any]:
    """Return one file with its grades, its observation, and its answers."""
    observed = _all(ObservationRow).where(ObservationRow.sha256 == row["sha256"])
    graded = _all(GradingRow).where(GradingRow.submission_id == row["id"])
    answers = _all(AnswerRow).filter_by(assignment=row["assignment"], sha256=row["sha256"])
    return {
        **_plain(row),
        "gradings": _rows(session, graded),
        "observations": _rows(session, observed),
        "answers": {one["question"]: one["text"] for one in _rows(session, answers)},
    }


def _rows(session: Session, wanted: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [_plain(dict(row)) for row in session.execute(wanted).mappings()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row for JSON: times as text, documents with their content, without classmates' names."""
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    if "document" in plain:
        plain["document"] = _without_names(json.loads(plain["document"]), None)
    return plain


def _without_names(value: Any, name: str | None) -> Any:  # noqa: ANN401 - any value of JSON
    """Return a document in which messages name no classmates, or not the one with this name."""
    if isinstance(value, dict):
        return {key: _without_names(one, name) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) == 2 and value[0] == _NAMING and isinstance(value[1], str):
        return [_NAMING, _redacted(value[1], name)]
    return [_without_names(one, name) for one in value]


def _redacted(names: str, name: str | None) -> str:
    if name is None:
        return SOMEBODY
    return ", ".join(SOMEBODY if one == name else one for one in names.split(", "))


def _take_name_out(session: Session, name: str) -> None:
    """Remove a name from the sentences about classmates' hand-ins."""
    written = json.dumps(name, ensure_ascii=True)[1:-1]
    for table in (GradingRow, ObservationRow):
        naming = select(table.id, table.document).where(
            table.document.contains(f'["{_NAMING}",', autoescape=True),
            table.document.contains(written, autoescape=True),
        )
        for number, document in session.execute(naming).all():
            values = _without_names(json.loads(document), name)
            kept = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
            session.execute(update(table).where(table.id == number).values(document=kept))
