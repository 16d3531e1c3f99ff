"""Keeps every grade; append-only."""

from __future__ import annotations

from grader.gradebook.adjustment import Adjustment
from grader.gradebook.export import grades_csv, grades_json, write_atomically
from grader.gradebook.faults import GradebookError
from grader.gradebook.store import Gradebook, sqlite_url

__all__ = [
    "Adjustment",
    "Gradebook",
    "GradebookError",
    "grades_csv",
    "grades_json",
    "sqlite_url",
    "write_atomically",
]
