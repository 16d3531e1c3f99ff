"""Grades in the number format of a platform: on its own maximum, with its own decimal mark."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from grader.domain.assignment import Assignment
from grader.handback.final_grades import FinalGrade

PLATFORM_DECIMALS = 2
"""Decimals of grades on a scale other than the assignment's; Moodle and Canvas keep this many."""

_WITH_COMMA = re.compile(r"\s*-?\d+,\d{1,5}\s*")
_WITH_POINT = re.compile(r"\s*-?\d+\.\d{1,5}\s*")


def platform_grade(standing: FinalGrade, assignment: Assignment, maximum: Decimal) -> Decimal | None:
    """Return a student's grade on a platform's scale; None if there is none.

    Where the platform's maximum is that of the assignment's own scale, the grade is the one that reports show, and
    where it is the sum of points, it is the points. On any other it is the same share, to two decimals.
    """
    if maximum == Decimal(repr(assignment.scale_maximum)) and not assignment.scale_letters:
        return standing.on_scale(assignment.scale_maximum, assignment.scale_decimals, assignment.scale_minimum)
    return standing.on_scale(float(maximum), PLATFORM_DECIMALS)


def number(text: str) -> Decimal | None:
    """Return the number in a cell, with a decimal comma or point; None if it holds none."""
    if _WITH_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if not re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", text):
        return None
    return Decimal(text.strip())


def decimal_mark(cells: Iterable[str], otherwise: str) -> str:
    """Return the decimal mark of a table's numbers, `otherwise` if no cell has one."""
    for cell in cells:
        if _WITH_COMMA.fullmatch(cell):
            return ","
        if _WITH_POINT.fullmatch(cell):
            return "."
    return otherwise


def written(value: Decimal, mark: str) -> str:
    """Write a number with this decimal mark."""
    return f"{value:f}".replace(".", mark)
