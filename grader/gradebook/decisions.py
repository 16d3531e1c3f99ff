"""Stores people's decisions and students' answers beside the grades: added, never changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, case, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Text

from grader.domain.decision import Decision, DecisionKind
from grader.domain.questions import OpenAnswer
from grader.gradebook.store import Gradebook
from grader.gradebook.store import _storable as storable
from grader.gradebook.tables import UtcDateTime


class DecisionBase(DeclarativeBase):
    """Tables of what people decided and wrote."""

    type_annotation_map = {str: Text, datetime: UtcDateTime}  # noqa: RUF012 - read once by SQLAlchemy


class DecisionRow(DecisionBase):
    """One decision; the latest of a topic counts, and it has the highest id."""

    __tablename__ = "decision"
    __table_args__ = (Index("decision_by_student", "assignment", "student"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    assignment: Mapped[str]
    student: Mapped[str]
    sha256: Mapped[str]
    item: Mapped[str]
    points: Mapped[float]
    until: Mapped[datetime | None]
    withdrawn: Mapped[bool]
    author: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class AnswerRow(DecisionBase):
    """A file's answer to one open question; stored once per file, since its bytes never change."""

    __tablename__ = "open_answer"
    __table_args__ = (UniqueConstraint("assignment", "sha256", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment: Mapped[str]
    sha256: Mapped[str]
    question: Mapped[str]
    text: Mapped[str]


class Decisions:
    """The decisions and answers of a gradebook.

    All methods raise `GradebookError` when the database does not answer, is locked, full or damaged.
    """

    def __init__(self, gradebook: Gradebook) -> None:
        """Use an open gradebook."""
        self._gradebook = gradebook

    def add(self, decisions: Iterable[Decision]) -> None:
        """Store decisions, all of them or none; earlier ones stay."""
        rows = [_row(one) for one in decisions]
        with self._gradebook.transaction() as session:
            session.add_all(rows)

    def of(self, assignment: str, student: str | None = None) -> list[Decision]:
        """Return the decisions on an assignment, or on one student's, in the order in which they were made.

        Totals that were kept by `Gradebook.adjust` are among them, as decisions on every hand-in of their student.
        """
        wanted = select(DecisionRow).filter_by(assignment=storable(assignment)).order_by(DecisionRow.id)
        if student is not None:
            wanted = wanted.filter_by(student=storable(student))
        totals = [
            Decision(DecisionKind.TOTAL, one.assignment, one.student, one.author, one.reason, one.at, points=one.points)
            for one in self._gradebook.adjustments(assignment)
            if student in {None, one.student}
        ]
        with self._gradebook.transaction() as session:
            return [*totals, *(_decision(row) for row in session.scalars(wanted))]

    def newest(self, assignment: str) -> int:
        """Return the number of the latest decision on an assignment, 0 if there is none."""
        with self._gradebook.transaction() as session:
            found = session.execute(
                select(func.max(DecisionRow.id)).filter_by(assignment=storable(assignment))
            ).scalar()
        return found or 0

    def keep_answers(self, assignment: str, sha256: str, answers: Sequence[OpenAnswer]) -> None:
        """Store the answers in a file to the open questions; known answers stay as they are."""
        if not answers:
            return
        rows = [
            {"assignment": storable(assignment), "sha256": storable(sha256), "question": one.question,
             "text": storable(one.text)}
            for one in answers
        ]  # fmt: skip
        with self._gradebook.transaction() as session:
            is_sqlite = session.connection().dialect.name == "sqlite"
            known = sqlite.insert(AnswerRow) if is_sqlite else postgresql.insert(AnswerRow)
            session.execute(known.values(rows).on_conflict_do_nothing())

    def answers(self, assignment: str, among: Collection[str] | None = None) -> dict[str, dict[str, str]]:
        """Return the answers by digest of the file and by question, of some files or of all."""
        wanted = select(AnswerRow.sha256, AnswerRow.question, AnswerRow.text).filter_by(assignment=storable(assignment))
        if among is not None:
            wanted = wanted.where(AnswerRow.sha256.in_([storable(one) for one in among]))
        found: dict[str, dict[str, str]] = {}
        with self._gradebook.transaction() as session:
            for row in session.execute(wanted.order_by(AnswerRow.id)):
                found.setdefault(row.sha256, {})[row.question] = row.text
        return found

    def empty_answers(self, assignment: str, question: str) -> set[str]:
        """Return the digests of the files whose answer to a question is empty."""
        wanted = select(AnswerRow.sha256).filter_by(assignment=storable(assignment), question=question, text="")
        with self._gradebook.transaction() as session:
            return set(session.scalars(wanted))

    def written(self, assignment: str) -> dict[str, tuple[int, int]]:
        """Return, by question, how many files have its cell, and in how many the answer is not empty."""
        something = func.coalesce(func.sum(case((AnswerRow.text != "", 1), else_=0)), 0)
        wanted = (
            select(AnswerRow.question, func.count(), something)
            .where(AnswerRow.assignment == storable(assignment))
            .group_by(AnswerRow.question)
        )
        with self._gradebook.transaction() as session:
            return {question: (total, some) for question, total, some in session.execute(wanted)}


# Private -------------------------------------------------------------------------------------------------------------


def _row(one: Decision) -> DecisionRow:
    return DecisionRow(
        kind=one.kind.value,
        assignment=storable(one.assignment),
        student=storable(one.student),
        sha256=storable(one.sha256),
        item=storable(one.item),
        points=one.points,
        until=one.until,
        withdrawn=one.withdrawn,
        author=storable(one.author),
        reason=storable(one.reason),
        at=one.at,
    )


def _decision(row: DecisionRow) -> Decision:
    return Decision(
        kind=DecisionKind(row.kind),
        assignment=row.assignment,
        student=row.student,
        author=row.author,
        reason=row.reason,
        at=row.at,
        sha256=row.sha256,
        item=row.item,
        points=row.points,
        until=row.until,
        withdrawn=row.withdrawn,
    )
