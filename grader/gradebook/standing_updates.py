"""The current state of every hand-in, in SQL: kept up to date here, read by lists, queues and statistics."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select

from grader.domain.grade import Grade, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message
from grader.gradebook.decisions import DecisionRow
from grader.gradebook.standing_tables import (
    StandingBase,
    StandingCheckRow,
    StandingFindingRow,
    StandingRow,
)
from grader.gradebook.store import Gradebook
from grader.gradebook.store import _storable as storable
from grader.gradebook.tables import AdjustmentRow, GradingRow, SubmissionRow

_MESSAGES = TypeAdapter(list[Message])
_FINDINGS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Stale:
    """A hand-in whose row is missing or out of date.

    Attributes:
        submission_id: Its row in the gradebook.
        grading_id: Its latest grading.
        decision_id: Its student's latest decision, 0 for none.
    """

    submission_id: int
    grading_id: int
    decision_id: int


@dataclass(frozen=True, slots=True)
class StoredStanding:
    """The stored state of one hand-in.

    Attributes:
        stale: The numbers of the rows that it was made from.
        graded: With the grade that counts (`grader.deciding`).
        scaled: That grade on the assignment's scale.
        rules: Digest of what else it depends on.
    """

    stale: Stale
    graded: GradedSubmission
    scaled: float
    rules: str


class StandingTables:
    """The derived tables of a gradebook. All methods raise `GradebookError` if the database does not answer."""

    def __init__(self, gradebook: Gradebook) -> None:
        """Use an open gradebook."""
        self._gradebook = gradebook

    def assignments(self) -> list[str]:
        """Return the ids of the assignments that the gradebook holds."""
        with self._gradebook.transaction() as session:
            return sorted(session.scalars(select(SubmissionRow.assignment).distinct()))

    def mark(self, assignment: str) -> tuple[int, int, int]:
        """Return three numbers that change whenever a grade, or a decision on this assignment, is added."""
        newest = [
            select(func.coalesce(func.max(GradingRow.id), 0)),
            *(
                select(func.coalesce(func.max(row.id), 0)).where(row.assignment == storable(assignment))
                for row in (DecisionRow, AdjustmentRow)
            ),
        ]
        with self._gradebook.transaction() as session:
            gradings, decisions, adjustments = (session.execute(one).scalar_one() for one in newest)
        return gradings, decisions, adjustments

    def stale(self, assignment: str, rules: str) -> list[Stale]:
        """Return the hand-ins of an assignment whose rows are missing or out of date."""
        newest = (
            select(GradingRow.submission_id, func.max(GradingRow.id).label("grading_id"))
            .join(SubmissionRow, SubmissionRow.id == GradingRow.submission_id)
            .where(SubmissionRow.assignment == storable(assignment))
            .group_by(GradingRow.submission_id)
            .subquery()
        )
        wanted = (
            select(
                newest.c.submission_id, newest.c.grading_id, SubmissionRow.student,
                StandingRow.grading_id.label("known_grading"), StandingRow.decision_id.label("known_decision"),
                StandingRow.rules,
            )
            .join(SubmissionRow, SubmissionRow.id == newest.c.submission_id)
            .outerjoin(StandingRow, StandingRow.submission_id == newest.c.submission_id)
        )  # fmt: skip
        by_student = (
            select(DecisionRow.student, func.max(DecisionRow.id))
            .where(DecisionRow.assignment == storable(assignment))
            .group_by(DecisionRow.student)
        )
        with self._gradebook.transaction() as session:
            rows = session.execute(wanted).all()
            decided = dict(session.execute(by_student).all())
        return [
            Stale(row.submission_id, row.grading_id, decided.get(row.student, 0))
            for row in rows
            if (row.known_grading, row.known_decision, row.rules)
            != (row.grading_id, decided.get(row.student, 0), rules)
        ]

    def keep(self, standings: Iterable[StoredStanding]) -> None:
        """Replace rows that are out of date."""
        made = list(standings)
        ids = [one.stale.submission_id for one in made]
        graded_at = select(GradingRow.id, GradingRow.graded_at).where(
            GradingRow.id.in_([one.stale.grading_id for one in made])
        )
        with self._gradebook.transaction() as session:
            at = dict(session.execute(graded_at).all())
            for table in (StandingRow, StandingCheckRow, StandingFindingRow):
                session.execute(delete(table).where(table.submission_id.in_(ids)))
            for one in made:
                session.add(_row(one, graded_at=at[one.stale.grading_id]))
                session.add_all(_dependents(one))

    def reset(self) -> None:
        """Delete all derived rows; they are made anew when they are next needed."""
        with self._gradebook.transaction() as session:
            for table in reversed(StandingBase.metadata.sorted_tables):
                session.execute(delete(table))


def name_key(name: str) -> str:
    """Return a name for sorting and searching: without case and accents, `Ñáñez` beside `Nanez`."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def messages_of(document: str) -> list[Message]:
    """Read the messages stored in a row."""
    return _MESSAGES.validate_json(document)


# Private -------------------------------------------------------------------------------------------------------------


def _row(one: StoredStanding, *, graded_at: object) -> StandingRow:
    graded, grade = one.graded, one.graded.grade
    return StandingRow(
        submission_id=one.stale.submission_id,
        grading_id=one.stale.grading_id,
        decision_id=one.stale.decision_id,
        rules=one.rules,
        assignment=storable(graded.assignment),
        student=storable(graded.student),
        name_key=name_key(storable(graded.student)),
        filename=storable(graded.filename),
        sha256=storable(graded.sha256),
        status=grade.status.value,
        points_counted=grade.points_counted,
        points_possible=grade.points_possible,
        points_machine=grade.machine_points,
        scaled=one.scaled,
        late_points=0.0 if grade.late is None else grade.late.points,
        waits=sum(result.outcome is Outcome.UNGRADABLE for result in grade.results),
        decided=grade.has_decisions,
        reasons=_document(grade.reasons),
        wall_seconds=graded.wall_seconds,
        submitted_at=graded.submitted_at,
        graded_at=graded_at,
    )


def _dependents(one: StoredStanding) -> Iterator[StandingCheckRow | StandingFindingRow]:
    known = {"submission_id": one.stale.submission_id, "assignment": storable(one.graded.assignment)}
    for position, result in enumerate(one.graded.grade.results):
        yield StandingCheckRow(
            **known,
            position=position,
            item=storable(result.check),
            outcome=result.outcome.value,
            points_awarded=result.points_awarded,
            points_possible=result.points_possible,
            points_machine=result.machine_points,
            decided=result.decided is not None,
        )
    for position, (item, key, said) in enumerate(_findings(one.graded.grade)):
        yield StandingFindingRow(**known, position=position, item=storable(item), key=storable(key), said=said)


def _findings(grade: Grade) -> list[tuple[str, str, str]]:
    """Return check, key and words of each kind of finding once, since one wrong layer may be reported five times."""
    found: Mapping[tuple[str, str], str] = {
        (result.check, f"{finding.expected.msgid}|{finding.actual.msgid}|{finding.hint.msgid}"): _document(
            (finding.expected, finding.actual)
        )
        for result in grade.results
        for finding in result.findings
    }
    return [(item, key, said) for (item, key), said in found.items()][:_FINDINGS_KEPT]


def _document(messages: Sequence[Message]) -> str:
    # ASCII, because half a surrogate pair fits into no text column.
    return json.dumps([asdict(one) for one in messages], ensure_ascii=True)
