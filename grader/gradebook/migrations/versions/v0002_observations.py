"""Observations of runs, apart from their points (2026)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grader.gradebook.append_only import note_version, refuse_changes

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "observation",
        sa.Column("id", sa.Integer(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("sha256", "context", "document")),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("observation_by_bytes", "observation", ["sha256", "context"])
    refuse_changes(op.get_bind(), "observation")
    note_version(op.get_bind(), 2)
