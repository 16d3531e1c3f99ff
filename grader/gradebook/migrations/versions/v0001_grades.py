"""Submissions, gradings and people's totals (2025)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grader.gradebook.append_only import note_version, refuse_changes

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "gradebook_schema",
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("assignment", "student", "filename", "sha256")),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("assignment", "student", "filename", "sha256"),
    )
    op.create_table(
        "grading",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("submission_id", sa.Integer(), sa.ForeignKey("submission.id"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("rubric_hash", "context", "status")),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("points_awarded", "points_possible", "wall_seconds")
        ),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("grading_by_submission", "grading", ["submission_id", "rubric_hash", "context"])
    op.create_table(
        "adjustment",
        sa.Column("id", sa.Integer(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("assignment", "student")),
        sa.Column("points", sa.Double(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("author", "reason")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("adjustment_by_student", "adjustment", ["assignment", "student"])
    for table in ("gradebook_schema", "submission", "grading", "adjustment"):
        refuse_changes(op.get_bind(), table)
    note_version(op.get_bind(), 1)
