"""Records that a student was deleted, when and by whom, without the student's name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grader.gradebook.append_only import note_version, refuse_changes

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "deletion",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("author", "reason")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    refuse_changes(op.get_bind(), "deletion")
    note_version(op.get_bind(), 4)
