"""Lets the database refuse to change or delete rows; only deleting a student suspends that, within a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Column, Connection, DateTime, Integer, MetaData, Table, func, insert, select, text

# Identifies our lock among the advisory locks of a PostgreSQL server: "grader" in ASCII.
_LOCK_KEY = int.from_bytes(b"grader", "big")

_SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER {{table}}_refuses_{verb} BEFORE {verb} ON {{table}} "
    "BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END"
    for verb in ("update", "delete")
)

_POSTGRESQL_TRIGGERS = (
    """
    CREATE OR REPLACE FUNCTION gradebook_refuses_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the gradebook is append-only'; END $$
    """,
    """
    CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION gradebook_refuses_change()
    """,
)

_SCHEMA = Table(
    "gradebook_schema",
    MetaData(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)


def lock_tables(connection: Connection) -> None:
    """Keep other processes from changing the structure of the tables until the end of the transaction."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("BEGIN IMMEDIATE"))
    else:
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK_KEY)))


def refuse_changes(connection: Connection, table: str) -> None:
    """Let the database refuse UPDATE and DELETE on a table."""
    for trigger in _SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else _POSTGRESQL_TRIGGERS:
        connection.exec_driver_sql(trigger.format(table=table))


@contextmanager
def changes_allowed(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Suspend the refusal on some tables within one transaction; no other connection sees them without it.

    Both databases roll the form of tables back together with rows, so that a failure leaves the refusal as it was. In
    SQLite that asks for a transaction that was begun before anything else, which is done here.
    """
    lock_tables(connection)
    is_sqlite = connection.dialect.name == "sqlite"
    for table in tables:
        if is_sqlite:
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_refuses_{verb}")
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER {table}_refuses_change")
    yield
    for table in tables:
        if is_sqlite:
            refuse_changes(connection, table)
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER {table}_refuses_change")


def note_version(connection: Connection, version: int) -> None:
    """Record the present version of the tables."""
    connection.execute(insert(_SCHEMA).values(version=version, created_at=datetime.now(UTC)))
