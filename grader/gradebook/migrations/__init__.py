"""Migrates the tables of a gradebook to today's form with Alembic, step by step, in SQLite and PostgreSQL alike.

A step never changes the meaning of grades. Steps have the numbers of the versions in the table `gradebook_schema`,
which tell an earlier grader that it is too old; Alembic records its own position in `gradebook_revision`. Gradebooks
from before Alembic have no such record; their version shows the step.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

VERSION_TABLE: Final = "gradebook_revision"


def migrate(connection: Connection, *, version: int) -> None:
    """Apply every step that the tables lack.

    Args:
        connection: In a transaction, which the caller commits, with the lock on the tables.
        version: What `gradebook_schema` says; 0 for an empty database.
    """
    config = _configuration(connection)
    if version and VERSION_TABLE not in inspect(connection).get_table_names():
        command.stamp(config, revision_of(version))
    command.upgrade(config, "head")


def revision_of(version: int) -> str:
    """Return the name of the step that creates a version."""
    return f"{version:04}"


def newest_version() -> int:
    """Return the version that the last step creates."""
    head = ScriptDirectory.from_config(_configuration(None)).get_current_head()
    return int(head or 0)


# Private -------------------------------------------------------------------------------------------------------------


def _configuration(connection: Connection | None) -> Config:
    config = Config()
    folder = str(Path(__file__).parent).replace("%", "%%")  # a sign of the format of its settings
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
