"""The gradebook: adds grades and adjustments, finds them again, changes nothing.

Every `add` is one committed transaction, so that a killed grader loses no grade that it had reported, and the next one
continues from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.domain.observation import Observation
from grader.gradebook.adjustment import Adjustment
from grader.gradebook.earlier_documents import brought_up
from grader.gradebook.faults import GradebookError, database_fault
from grader.gradebook.reservations import Reservations
from grader.gradebook.tables import AdjustmentRow, GradingRow, ObservationRow, SubmissionRow, ensure_tables

BUSY_SECONDS = 30.0
"""Seconds to wait for a locked SQLite file."""

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
"""The driver of each kind of database that we support, by the scheme of its URL."""


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite file at `path`, whatever characters its name has."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


class Gradebook:
    """Every grade and every adjustment ever made, in SQLite or PostgreSQL.

    Open it with `Gradebook.open`, as a context manager. All methods raise `GradebookError` when the database does
    not answer, is locked, full or damaged.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._where = _where(engine.url)

    @classmethod
    def open(cls, url: str, *, busy_seconds: float = BUSY_SECONDS) -> Gradebook:
        """Open a gradebook, and create its tables if the database is empty.

        Args:
            url: `sqlite:///file` (see `sqlite_url`) or `postgresql://user:password@host/database`.
            busy_seconds: How long a locked SQLite file is waited for.

        Raises:
            GradebookError: There is no such database, it is not a gradebook, or a newer version wrote it.
        """
        gradebook = cls(_engine(url, busy_seconds))
        try:
            with gradebook._reporting_faults(), gradebook._engine.connect() as connection:
                with connection.begin():
                    ensure_tables(connection, gradebook._where)
                # Only now that it is known to be ours.
                _write_ahead(connection)
        except GradebookError:
            gradebook.close()
            raise
        return gradebook

    def close(self) -> None:
        """Close the database; SQLite then merges its write-ahead log into the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def add(self, graded: GradedSubmission, *, context: str) -> None:
        """Store a grade; when this returns, it is on disk.

        Args:
            graded: What to keep.
            context: Names the data and the settings it was graded with.
        """
        now = datetime.now(UTC)
        identity = {
            "assignment": _storable(graded.assignment),
            "student": _storable(graded.student),
            "filename": _storable(graded.filename),
            "sha256": _storable(graded.sha256),
        }
        known = _insertion(self._engine.dialect.name).values(**identity, received_at=now)
        with self._session() as session:
            # First the insertion, so that SQLite takes the write lock at once and waits its turn for it.
            session.execute(known.on_conflict_do_nothing())
            submission_id = session.execute(select(SubmissionRow.id).filter_by(**identity)).scalar_one()
            session.add(
                GradingRow(
                    submission_id=submission_id,
                    rubric_hash=_storable(graded.rubric_hash),
                    context=_storable(context),
                    status=graded.grade.status.value,
                    points_awarded=graded.grade.points_awarded,
                    points_possible=graded.grade.points_possible,
                    wall_seconds=graded.wall_seconds,
                    document=_to_document(_DOCUMENTS, graded),
                    graded_at=now,
                )
            )

    def find(self, *, assignment: str, student: str, sha256: str) -> GradedSubmission | None:
        """Return the latest grade of these bytes of this student, or None.

        Its `filename` is the one under which the bytes came at that time.
        """
        wanted = (
            select(GradingRow.id, GradingRow.document)
            .join(SubmissionRow, SubmissionRow.id == GradingRow.submission_id)
            .where(SubmissionRow.assignment == _storable(assignment), SubmissionRow.student == _storable(student))
            .where(SubmissionRow.sha256 == _storable(sha256))
            .order_by(GradingRow.id.desc())
            .limit(1)
        )
        with self._session() as session:
            row = session.execute(wanted).one_or_none()
        return None if row is None else self._from_document(row.document, row.id)

    def add_observation(self, seen: Observation, *, sha256: str, context: str) -> None:
        """Store an observation of a file; when this returns, it is on disk.

        Args:
            seen: What to keep.
            sha256: Digest of the file.
            context: Names the data and the settings it was run and measured with.
        """
        row = ObservationRow(
            sha256=_storable(sha256),
            context=_storable(context),
            document=_to_document(_OBSERVATIONS, seen),
            observed_at=datetime.now(UTC),
        )
        with self._session() as session:
            session.add(row)

    def find_observation(self, *, sha256: str, context: str) -> Observation | None:
        """Return the latest observation of these bytes, from any student, or None.

        One that this version cannot read any more counts as none: the notebook is run again.
        """
        wanted = (
            select(ObservationRow.document)
            .where(ObservationRow.sha256 == _storable(sha256), ObservationRow.context == _storable(context))
            .order_by(ObservationRow.id.desc())
            .limit(1)
        )
        with self._session() as session:
            document = session.execute(wanted).scalar_one_or_none()
        try:
            return None if document is None else observation_from_json(document)
        except ValueError:
            return None

    def reservations(self) -> Reservations:
        """Return the reservations with which several graders avoid running the same work; a context manager."""
        return Reservations(self._engine, self._where)

    def assignments(self) -> list[str]:
        """Return the ids of all assignments with grades, sorted."""
        with self._session() as session:
            return sorted(session.scalars(select(SubmissionRow.assignment).distinct()).all())

    def contexts(self, assignment: str) -> dict[tuple[str, str, str], str]:
        """Return the context of the latest grade of each (student, file name, SHA-256)."""
        newest = select(func.max(GradingRow.id)).group_by(GradingRow.submission_id)
        wanted = (
            select(SubmissionRow.student, SubmissionRow.filename, SubmissionRow.sha256, GradingRow.context)
            .join(SubmissionRow, SubmissionRow.id == GradingRow.submission_id)
            .where(SubmissionRow.assignment == _storable(assignment), GradingRow.id.in_(newest))
        )
        with self._session() as session:
            rows = session.execute(wanted).all()
        return {(row.student, row.filename, row.sha256): row.context for row in rows}

    def latest(self, assignment: str) -> list[GradedSubmission]:
        """Return the latest grade of each file handed in, in order of student, file name and digest."""
        newest = (
            select(func.max(GradingRow.id))
            .join(SubmissionRow, SubmissionRow.id == GradingRow.submission_id)
            .where(SubmissionRow.assignment == _storable(assignment))
            .group_by(GradingRow.submission_id)
        )
        with self._session() as session:
            rows = session.execute(select(GradingRow.id, GradingRow.document).where(GradingRow.id.in_(newest))).all()
        graded = [self._from_document(row.document, row.id) for row in rows]
        # Sorted here: databases order text by their own locale.
        return sorted(graded, key=lambda one: (one.student, one.filename, one.sha256))

    def gradings(self, ids: Sequence[int]) -> dict[int, GradedSubmission]:
        """Return gradings by their numbers; unknown numbers are left out."""
        with self._session() as session:
            rows = session.execute(select(GradingRow.id, GradingRow.document).where(GradingRow.id.in_(ids))).all()
        return {row.id: self._from_document(row.document, row.id) for row in rows}

    def adjust(self, adjustment: Adjustment) -> None:
        """Store a person's change; earlier ones stay."""
        with self._session() as session:
            session.add(
                AdjustmentRow(
                    assignment=_storable(adjustment.assignment),
                    student=_storable(adjustment.student),
                    points=adjustment.points,
                    author=_storable(adjustment.author),
                    reason=_storable(adjustment.reason),
                    at=adjustment.at,
                )
            )

    def adjustments(self, assignment: str) -> list[Adjustment]:
        """Return every adjustment, in the order in which they were made."""
        wanted = select(AdjustmentRow).filter_by(assignment=_storable(assignment)).order_by(AdjustmentRow.id)
        with self._session() as session:
            rows: Sequence[AdjustmentRow] = session.scalars(wanted).all()
            return [Adjustment(row.assignment, row.student, row.points, row.author, row.reason, row.at) for row in rows]

    def compact(self) -> None:
        """Rewrite a SQLite file, so that no deleted row is left in it; a server does that itself."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._reporting_faults(), self._engine.connect() as connection:
            raw = connection.execution_options(isolation_level="AUTOCOMMIT")
            raw.exec_driver_sql("VACUUM")
            raw.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield a connection with one consistent state of the database, whatever others write meanwhile."""
        is_sqlite = self._engine.dialect.name == "sqlite"
        with self._reporting_faults(), self._engine.connect() as connection:
            if not is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                if is_sqlite:
                    connection.exec_driver_sql("BEGIN")  # which its driver would leave out before a SELECT
                yield connection

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session of the database for the other tables beside the grades; committed at the end."""
        with self._session() as session:
            yield session

    # Private ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self._reporting_faults(), Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def _reporting_faults(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise database_fault(error, self._where) from error

    def _from_document(self, document: str, grading: int) -> GradedSubmission:
        try:
            return _in_utc(_DOCUMENTS.validate_python(brought_up(json.loads(document))))
        except ValueError as error:
            raise GradebookError(
                message(
                    "Grade number {grading} in the gradebook {where} cannot be read by this version of the grader. "
                    "Use the version that wrote it, or grade again with a new gradebook.",
                    grading=grading,
                    where=self._where,
                )
            ) from error


# Private: documents --------------------------------------------------------------------------------------------------

_Kept = TypeVar("_Kept")

_DOCUMENTS = TypeAdapter(GradedSubmission)
_OBSERVATIONS = TypeAdapter(Observation)


def observation_json(seen: Observation) -> str:
    """Return an observation of a hand-in as JSON, in ASCII."""
    return _to_document(_OBSERVATIONS, seen)


def observation_from_json(document: str) -> Observation:
    """Return the observation.

    Raises:
        ValueError: It is none.
    """
    return _OBSERVATIONS.validate_python(brought_up(json.loads(document)))


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _to_document(adapter: TypeAdapter[_Kept], kept: _Kept) -> str:
    # Not `dump_json`: it refuses half surrogates, which a student can put into an error message, and turns infinities
    # into null. ASCII escapes keep both, in every database.
    return json.dumps(adapter.dump_python(kept, mode="json"), ensure_ascii=True, separators=(",", ":"))


def _in_utc(graded: GradedSubmission) -> GradedSubmission:
    """Give the time of hand-in a time zone of the standard library, which every other process has."""
    at = graded.submitted_at
    return graded if at is None else replace(graded, submitted_at=at.astimezone(UTC))


def _storable(text: str) -> str:
    """Replace what text columns cannot hold: NUL in PostgreSQL, half surrogate pairs in both databases."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


# Private: connecting -------------------------------------------------------------------------------------------------


def _engine(url: str, busy_seconds: float) -> Engine:
    parsed = _parsed(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    try:
        engine = create_engine(parsed, connect_args={"timeout": busy_seconds} if is_sqlite else {})
    except ModuleNotFoundError as error:
        raise GradebookError(
            message(
                "The driver for PostgreSQL is not installed. Run `pip install 'autoencoder-grader[postgresql]'` and "
                "try again."
            )
        ) from error
    if is_sqlite:
        event.listen(engine, "connect", _configure_sqlite)
    return engine


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _wrong_address() from error
    driver = _DRIVERS.get(parsed.drivername.partition("+")[0])
    if driver is None:
        raise _wrong_address()
    return parsed.set(drivername=driver)


def _wrong_address() -> GradebookError:
    # The address itself is not shown, because it may hold a password.
    return GradebookError(
        message(
            "The address of the gradebook is wrong. Write `sqlite:///folder/gradebook.sqlite` or "
            "`postgresql://user:password@host/database`."
        )
    )


def _configure_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # Synced at each commit: a grade may have taken half an hour, and a power cut must not lose it.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _write_ahead(connection: Connection) -> None:
    """Let readers and one writer of a SQLite file work at the same time; the setting is stored in the file."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _insertion(dialect: str) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(SubmissionRow) if dialect == "sqlite" else postgresql.insert(SubmissionRow)


def _where(url: URL) -> str:
    return url.database or ":memory:" if url.get_backend_name() == "sqlite" else url.render_as_string()
