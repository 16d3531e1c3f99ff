"""The tables of the gradebook. Rows are added and never changed: the database itself refuses UPDATE and DELETE."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    func,
    inspect,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from grader.domain.messages import message
from grader.gradebook.append_only import lock_tables
from grader.gradebook.faults import GradebookError

SCHEMA_VERSION = 4
"""Increased with every change of any table, by a step in `migrations/versions`; a higher version is refused.

A gradebook of a lower version is brought up to date when it is opened.
"""


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone; SQLite stores no zone, so it is stored as UTC there."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the time to the database in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of the gradebook; every column holds a value."""

    type_annotation_map = {str: Text, datetime: UtcDateTime}  # noqa: RUF012 - read once by SQLAlchemy


class SchemaRow(Base):
    """The version of these tables in the database; this table marks a gradebook."""

    __tablename__ = "gradebook_schema"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime]


class SubmissionRow(Base):
    """One file of one student for one assignment, stored once however often it is graded."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("assignment", "student", "filename", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment: Mapped[str]
    student: Mapped[str]
    filename: Mapped[str]
    sha256: Mapped[str]
    received_at: Mapped[datetime]
    """When it was first graded."""


class GradingRow(Base):
    """One grading of a submission; the latest has the highest id."""

    __tablename__ = "grading"
    __table_args__ = (Index("grading_by_submission", "submission_id", "rubric_hash", "context"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    rubric_hash: Mapped[str]
    context: Mapped[str]
    """Data and settings with which it was run and measured."""
    status: Mapped[str]
    points_awarded: Mapped[float]
    points_possible: Mapped[float]
    wall_seconds: Mapped[float]
    document: Mapped[str]
    """The whole `GradedSubmission` as JSON, from which everything else can be derived."""
    graded_at: Mapped[datetime]


class ObservationRow(Base):
    """The observation of a file before any point is given; the latest has the highest id."""

    __tablename__ = "observation"
    __table_args__ = (Index("observation_by_bytes", "sha256", "context"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    """Digest of the file, whoever handed it in."""
    context: Mapped[str]
    """Data and settings with which it was run and measured; it is reused only under the same ones."""
    document: Mapped[str]
    """The whole `Observation` as JSON."""
    observed_at: Mapped[datetime]


class AdjustmentRow(Base):
    """One change by a person; a student's latest counts, and it has the highest id."""

    __tablename__ = "adjustment"
    __table_args__ = (Index("adjustment_by_student", "assignment", "student"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment: Mapped[str]
    student: Mapped[str]
    points: Mapped[float]
    author: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class DeletionRow(Base):
    """Record that a student was deleted, without the name, which was to be forgotten."""

    __tablename__ = "deletion"

    id: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int]
    """How many rows of this gradebook were deleted."""
    author: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


def ensure_tables(connection: Connection, where: str) -> None:
    """Create the tables in an empty database, or migrate older ones; refuse a database that is not a gradebook.

    Args:
        connection: In a transaction, which the caller commits.
        where: The database's name for messages.

    Raises:
        GradebookError: The database holds something else, or a newer version wrote it.
    """
    if _version(connection, where) == SCHEMA_VERSION:
        return
    from grader.gradebook.migrations import migrate  # Alembic takes a tenth of a second, which most commands need not

    lock_tables(connection)
    # Checked again, because another process may have done it while we waited for the lock.
    version = _version(connection, where)
    if version < SCHEMA_VERSION:
        migrate(connection, version=version)


# Private -------------------------------------------------------------------------------------------------------------

_FIRST_TABLES = frozenset({"gradebook_schema", "submission", "grading", "adjustment"})


def _version(connection: Connection, where: str) -> int:
    """Return the version of a gradebook's tables, which is at most ours; 0 for an empty database."""
    names = set(inspect(connection).get_table_names())
    if not names:
        return 0
    version = connection.execute(select(func.max(SchemaRow.version))).scalar() if names >= _FIRST_TABLES else None
    if version is None:
        raise GradebookError(
            message("{where} is a database, but not a gradebook. Choose another one, or a new file.", where=where)
        )
    if version > SCHEMA_VERSION:
        raise GradebookError(
            message(
                "The gradebook {where} was written by a newer version of the grader (tables of version {version}, this "
                "one knows {known}). Update the grader.",
                where=where,
                version=version,
                known=SCHEMA_VERSION,
            )
        )
    return int(version)
