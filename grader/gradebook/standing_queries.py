"""Queries of lists, queues and statistics on the derived tables, each in a few statements for any class size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from grader.domain.grade import GradeStatus, Outcome
from grader.gradebook.standing_tables import StandingCheckRow, StandingFindingRow, StandingRow
from grader.gradebook.standing_updates import name_key
from grader.gradebook.store import Gradebook


class Order(StrEnum):
    """The sort key of a list."""

    NAME = "name"
    GRADE = "grade"
    STATUS = "status"
    TIME = "time"
    HANDED_IN = "handed_in"


@dataclass(frozen=True, slots=True)
class HandInFilter:
    """Which hand-ins to list, and in which order.

    Attributes:
        assignment: Assignment id, "" for all.
        search: Part of a student's or a file's name; case and accents do not matter.
        status: Only these, "" for all.
        order: What they are sorted by.
        descending: The other way round.
        failed: Only those that did not get every point of this check, "" for all.
    """

    assignment: str = ""
    search: str = ""
    status: str = ""
    order: Order = Order.NAME
    descending: bool = False
    failed: str = ""


@dataclass(frozen=True, slots=True)
class AssignmentCount:
    """The summary of one assignment."""

    assignment: str
    hand_ins: int
    final: int
    waiting: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class CheckCount:
    """One check over a class."""

    item: str
    met: int
    waiting: int
    decided: int
    judged: int
    earned: float
    possible: float


@dataclass(frozen=True, slots=True)
class FindingCount:
    """One kind of finding over a class; `said` is one student's, as messages in JSON."""

    item: str
    said: str
    hand_ins: int


@dataclass(frozen=True, slots=True)
class ClassStatistics:
    """A class in numbers.

    Attributes:
        grades: Each final grade on the scale and how many have it.
        checks: In rubric order.
        findings: The commonest first.
        seconds: Seconds of every grading, ascending.
    """

    grades: tuple[tuple[float, int], ...]
    checks: tuple[CheckCount, ...]
    findings: tuple[FindingCount, ...]
    seconds: tuple[float, ...]


class StandingQueries:
    """Reads the derived tables. All methods raise `GradebookError` if the database does not answer."""

    def __init__(self, gradebook: Gradebook) -> None:
        self._gradebook = gradebook

    def counts(self) -> list[AssignmentCount]:
        """Return the summary of every assignment."""
        final, waiting = (_status(GradeStatus.FINAL), _status(GradeStatus.NEEDS_REVIEW))
        mean = func.avg(case((final, StandingRow.scaled)))
        statement = (
            select(StandingRow.assignment, func.count(), _number(final), _number(waiting), mean)
            .group_by(StandingRow.assignment)
            .order_by(StandingRow.assignment)
        )
        with self._gradebook.transaction() as session:
            return [AssignmentCount(*row) for row in session.execute(statement)]

    def count(self, wanted: HandInFilter) -> int:
        """Return how many hand-ins there are."""
        with self._gradebook.transaction() as session:
            number: int = session.execute(_filtered(select(func.count()), wanted)).scalar_one()
        return number

    def rows(self, wanted: HandInFilter, *, offset: int = 0, limit: int = 100) -> list[StandingRow]:
        """Return a page of hand-ins."""
        statement = _ordered(_filtered(select(StandingRow), wanted), wanted).offset(offset).limit(limit)
        with self._gradebook.transaction() as session:
            return _detached(session, session.scalars(statement).all())

    def order_of(self, wanted: HandInFilter) -> list[int]:
        """Return the ids of all hand-ins in order, for the next and the previous one."""
        statement = _ordered(_filtered(select(StandingRow.submission_id), wanted), wanted)
        with self._gradebook.transaction() as session:
            return list(session.scalars(statement))

    def names(self, wanted: HandInFilter) -> list[tuple[int, str]]:
        """Return number and digest of every hand-in in order, which is much cheaper than whole rows."""
        statement = _ordered(_filtered(select(StandingRow.submission_id, StandingRow.sha256), wanted), wanted)
        with self._gradebook.transaction() as session:
            return [(number, sha256) for number, sha256 in session.execute(statement)]

    def rows_of(self, submission_ids: Sequence[int]) -> list[StandingRow]:
        """Return some hand-ins in the order of the given numbers."""
        statement = select(StandingRow).where(StandingRow.submission_id.in_(submission_ids))
        with self._gradebook.transaction() as session:
            found = {row.submission_id: row for row in _detached(session, session.scalars(statement).all())}
        return [found[number] for number in submission_ids if number in found]

    def outcomes(self, assignment: str, item: str) -> dict[int, str]:
        """Return the outcome of one check or question over a whole class, by number of the hand-in."""
        row = StandingCheckRow
        statement = select(row.submission_id, row.outcome).where(row.assignment == assignment, row.item == item)
        with self._gradebook.transaction() as session:
            return dict(session.execute(statement).all())

    def row(self, submission_id: int) -> StandingRow | None:
        """Return one hand-in."""
        with self._gradebook.transaction() as session:
            found = session.get(StandingRow, submission_id)
            return None if found is None else _detached(session, [found])[0]

    def of_student(self, student: str) -> list[StandingRow]:
        """Return every hand-in of a student."""
        statement = select(StandingRow).filter_by(student=student).order_by(StandingRow.assignment)
        with self._gradebook.transaction() as session:
            return _detached(session, session.scalars(statement).all())

    def checks_of(self, submission_ids: Sequence[int]) -> dict[int, list[StandingCheckRow]]:
        """Return the checks of some hand-ins by their ids, in rubric order."""
        statement = (
            select(StandingCheckRow)
            .where(StandingCheckRow.submission_id.in_(submission_ids))
            .order_by(StandingCheckRow.submission_id, StandingCheckRow.position)
        )
        found: dict[int, list[StandingCheckRow]] = {}
        with self._gradebook.transaction() as session:
            for row in _detached(session, session.scalars(statement).all()):
                found.setdefault(row.submission_id, []).append(row)
        return found

    def statistics(self, assignment: str, *, most_findings: int = 12) -> ClassStatistics:
        """Return a class in numbers."""
        with self._gradebook.transaction() as session:
            return ClassStatistics(
                grades=_grades(session, assignment),
                checks=_checks(session, assignment),
                findings=_findings(session, assignment, most_findings),
                seconds=tuple(
                    session.scalars(
                        select(StandingRow.wall_seconds).filter_by(assignment=assignment).order_by("wall_seconds")
                    )
                ),
            )


# Private -------------------------------------------------------------------------------------------------------------

_Kept = TypeVar("_Kept", StandingRow, StandingCheckRow)


def _detached(session: Session, rows: Sequence[_Kept]) -> list[_Kept]:
    """Detach rows from their session, whose commit would empty them."""
    session.expunge_all()
    return list(rows)


def _status(status: GradeStatus) -> ColumnElement[bool]:
    return StandingRow.status == status.value


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _filtered(statement: Select[*tuple[Any, ...]], wanted: HandInFilter) -> Select[*tuple[Any, ...]]:
    statement = statement.select_from(StandingRow)
    if wanted.assignment:
        statement = statement.where(StandingRow.assignment == wanted.assignment)
    if wanted.status:
        statement = statement.where(StandingRow.status == wanted.status)
    if wanted.search.strip():
        part = name_key(wanted.search.strip())
        in_name = StandingRow.name_key.contains(part, autoescape=True)
        statement = statement.where(in_name | func.lower(StandingRow.filename).contains(part, autoescape=True))
    if wanted.failed:
        missed = select(StandingCheckRow.submission_id).where(
            StandingCheckRow.item == wanted.failed, StandingCheckRow.outcome != Outcome.PASSED.value
        )
        if wanted.assignment:
            missed = missed.where(StandingCheckRow.assignment == wanted.assignment)
        statement = statement.where(StandingRow.submission_id.in_(missed))
    return statement


_COLUMNS = {
    Order.NAME: StandingRow.name_key,
    Order.GRADE: StandingRow.scaled,
    Order.STATUS: StandingRow.status,
    Order.TIME: StandingRow.wall_seconds,
    Order.HANDED_IN: StandingRow.submitted_at,
}


def _ordered(statement: Select[*tuple[Any, ...]], wanted: HandInFilter) -> Select[*tuple[Any, ...]]:
    column = _COLUMNS[wanted.order]
    # Unknown times last, in both databases.
    first = column.desc().nulls_last() if wanted.descending else column.asc().nulls_last()
    return statement.order_by(first, StandingRow.name_key, StandingRow.submission_id)


def _grades(session: Session, assignment: str) -> tuple[tuple[float, int], ...]:
    statement = (
        select(StandingRow.scaled, func.count())
        .where(StandingRow.assignment == assignment, _status(GradeStatus.FINAL))
        .group_by(StandingRow.scaled)
        .order_by(StandingRow.scaled)
    )
    return tuple(session.execute(statement).all())


def _checks(session: Session, assignment: str) -> tuple[CheckCount, ...]:
    row = StandingCheckRow
    waits = row.outcome == Outcome.UNGRADABLE.value
    statement = (
        select(
            row.item, _number(row.outcome == Outcome.PASSED.value), _number(waits), _number(row.decided.is_(True)),
            _number(~waits), func.coalesce(func.sum(case((~waits, row.points_awarded), else_=0.0)), 0.0),
            func.max(row.points_possible),
        )
        .where(row.assignment == assignment)
        .group_by(row.item)
        .order_by(func.min(row.position))
    )  # fmt: skip
    return tuple(CheckCount(*found) for found in session.execute(statement).all())


def _findings(session: Session, assignment: str, most: int) -> tuple[FindingCount, ...]:
    row, number = StandingFindingRow, func.count(StandingFindingRow.submission_id)
    statement = (
        select(row.item, func.min(row.said), number)
        .where(row.assignment == assignment)
        .group_by(row.item, row.key)
        .order_by(number.desc(), row.item)
        .limit(most)
    )
    return tuple(FindingCount(*found) for found in session.execute(statement).all())
