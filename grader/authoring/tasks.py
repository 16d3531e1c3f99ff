"""The cells that a student has to complete, with their sections: for notebooks without any changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from grader.authoring.assignment_catalogue import references_folder
from grader.authoring.templates import Version, render_script
from grader.domain.assignment import Assignment
from grader.domain.messages import Message, message
from grader.domain.submission import CodeCell

PLACEHOLDER: Final = "raise NotImplementedError()"
"""The template's placeholder for a student's code."""

_CELL: Final = re.compile(r"^# %%", re.MULTILINE)
_NAME: Final = re.compile(r'name="([^"]+)"')
_SECTION: Final = re.compile(r"^# ## (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Task:
    """A cell to complete.

    Attributes:
        name: The cell's name, which `grader.hint` may know.
        section: The nearest heading above it, "" if there is none.
    """

    name: str
    section: str


def tasks(assignment: Assignment, language: str) -> tuple[Task, ...]:
    """Return the cells to complete, in the order of the notebook.

    Raises:
        AuthoringError: The template cannot be rendered.
    """
    script = render_script(assignment, Version(language, solution=False), references=references_folder())
    found: list[Task] = []
    section = ""
    for cell in _CELL.split(script)[1:]:
        marker, _, source = cell.partition("\n")
        headings = _SECTION.findall(source) if "[markdown]" in marker else ()
        section = headings[-1] if headings else section
        name = _NAME.search(marker)
        if PLACEHOLDER in source and name is not None:
            found.append(Task(name[1], section))
    return tuple(found)


def is_untouched(cells: Iterable[CodeCell], wanted: Iterable[Task]) -> bool:
    """Return whether every cell to complete is unchanged, so that the student has not begun."""
    names = {task.name for task in wanted}
    left = {cell.cell_id or cell.provided for cell in cells if PLACEHOLDER in cell.source}
    return bool(names) and names <= left


def where_to_begin(wanted: tuple[Task, ...]) -> Message:
    """Return the sentence for a notebook in which the student has not begun."""
    return message(
        "{count} cells to complete; start with the section “{section}”. In the notebook, {call} helps.",
        count=len(wanted),
        section=wanted[0].section,
        call=f'grader.hint("{wanted[0].name}")',
    )
