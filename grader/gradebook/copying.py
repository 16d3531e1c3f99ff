"""Copies a whole gradebook into an empty one, row by row: for backups, and between SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Table, func, insert, select, text

from grader.domain.messages import message
from grader.gradebook.decisions import DecisionBase
from grader.gradebook.faults import GradebookError
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import Base

_AT_ONCE: Final = 200
_OWN: Final = "gradebook_schema"
"""Tables that are not copied: each gradebook has its own."""


def copy_rows(source: Gradebook, target: Gradebook) -> dict[str, int]:
    """Copy every row of the record into an empty gradebook, all of them or none.

    Derived tables are left out: they are made anew where they are looked at.

    Returns:
        The number of rows by table.

    Raises:
        GradebookError: The target holds something already, or one of the databases does not answer.
    """
    counts = {}
    with source.snapshot() as reading, target.transaction() as session:
        writing = session.connection()
        _require_empty(writing)
        for table in record_tables():
            counts[table.name] = _copied(table, reading, writing)
    return counts


def record_tables() -> list[Table]:
    """Return the tables of the record, those first to which others refer."""
    tables = (*Base.metadata.sorted_tables, *DecisionBase.metadata.sorted_tables)
    return [table for table in tables if table.name != _OWN]


# Private -------------------------------------------------------------------------------------------------------------


def _require_empty(connection: Connection) -> None:
    for table in record_tables():
        if connection.execute(select(func.count()).select_from(table)).scalar():
            raise GradebookError(
                message("The gradebook that it shall go to holds something already. Choose an empty one.")
            )


def _copied(table: Table, reading: Connection, writing: Connection) -> int:
    count = 0
    rows = reading.execution_options(yield_per=_AT_ONCE).execute(select(table).order_by(table.c.id)).mappings()
    for part in rows.partitions():
        writing.execute(insert(table), [dict(row) for row in part])
        count += len(part)
    if count and writing.dialect.name == "postgresql":  # numbers that were given do not move its own counter on
        writing.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"))  # noqa: S608 - our own names
    return count
