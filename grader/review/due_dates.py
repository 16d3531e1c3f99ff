"""Messages about unreadable dates and impossible extensions, for the command line and the browser."""

from __future__ import annotations

from grader.domain.assignment import Assignment
from grader.domain.messages import Message, message


def no_date(text: str) -> Message:
    """Say that a text is no date, and how to write one."""
    return message("“{text}” is no date: write 2026-12-04 or 2026-12-04T23:59.", text=text)


def nothing_to_extend(assignment: Assignment) -> Message:
    """Say that an assignment has no due date."""
    return message("{assignment} has no due date, so there is nothing to extend.", assignment=assignment.assignment)
