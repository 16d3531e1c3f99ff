"""Decisions by check, answers to open questions, and the derived tables of the dashboard.

Gradebooks of version 2 may have some of these tables: before Alembic, they were made by the code that needed them
first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grader.gradebook.append_only import note_version, refuse_changes

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the missing tables."""
    known = set(sa.inspect(op.get_bind()).get_table_names())
    if "decision" not in known:
        _decisions()
    if "open_answer" not in known:
        _answers()
    _standings(known)
    note_version(op.get_bind(), 3)


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text(), nullable=False) for name in names)


def _decisions() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_texts("kind", "assignment", "student", "sha256", "item"),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        *_texts("author", "reason"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("decision_by_student", "decision", ["assignment", "student"])
    refuse_changes(op.get_bind(), "decision")


def _answers() -> None:
    op.create_table(
        "open_answer",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_texts("assignment", "sha256", "question", "text"),
        sa.UniqueConstraint("assignment", "sha256", "question"),
    )
    refuse_changes(op.get_bind(), "open_answer")


def _standings(known: set[str]) -> None:
    """Make the derived tables anew: everything in them follows from grades and decisions."""
    for table in sorted(known & {"standing", "standing_check", "standing_finding"}):
        op.drop_table(table)
    op.create_table(
        "standing",
        sa.Column("submission_id", sa.Integer(), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("grading_id", "decision_id")),
        *_texts("rules", "assignment", "student", "name_key", "filename", "sha256", "status"),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("points_counted", "points_possible", "points_machine", "scaled", "late_points")
        ),
        sa.Column("waits", sa.Integer(), nullable=False),
        sa.Column("decided", sa.Boolean(), nullable=False),
        *_texts("reasons"),
        sa.Column("wall_seconds", sa.Double(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("standing_by_assignment", "standing", ["assignment", "status"])
    op.create_index("standing_by_student", "standing", ["student"])
    op.create_table(
        "standing_check",
        *(
            sa.Column(name, sa.Integer(), primary_key=True, autoincrement=False)
            for name in ("submission_id", "position")
        ),
        *_texts("assignment", "item", "outcome"),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("points_awarded", "points_possible", "points_machine")
        ),
        sa.Column("decided", sa.Boolean(), nullable=False),
    )
    op.create_index("standing_check_by_item", "standing_check", ["assignment", "item", "outcome"])
    op.create_table(
        "standing_finding",
        *(
            sa.Column(name, sa.Integer(), primary_key=True, autoincrement=False)
            for name in ("submission_id", "position")
        ),
        *_texts("assignment", "item", "key", "said"),
    )
    op.create_index("standing_finding_by_key", "standing_finding", ["assignment", "item", "key"])
