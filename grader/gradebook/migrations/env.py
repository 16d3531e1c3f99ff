"""Runs for every command of Alembic, on the connection and in the open transaction that it was given."""

from __future__ import annotations

from alembic import context

from grader.gradebook.decisions import DecisionBase
from grader.gradebook.migrations import VERSION_TABLE
from grader.gradebook.standing_tables import StandingBase
from grader.gradebook.tables import Base

TABLES = [Base.metadata, DecisionBase.metadata, StandingBase.metadata]

context.configure(
    connection=context.config.attributes["connection"], target_metadata=TABLES, version_table=VERSION_TABLE
)
context.run_migrations()
