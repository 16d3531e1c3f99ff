"""Keeps every grade; append-only."""

from __future__ import annotations

from grader.gradebook.adjustment import Adjustment
from grader.gradebook.decisions import Decisions
from grader.gradebook.faults import GradebookError
from grader.gradebook.grade_files import grades_csv, grades_json, write_atomically, write_bytes_atomically
from grader.gradebook.store import Gradebook, sqlite_url

__all__ = [
    "Adjustment",
    "Decisions",
    "Gradebook",
    "GradebookError",
    "grades_csv",
    "grades_json",
    "sqlite_url",
    "write_atomically",
    "write_bytes_atomically",
]
