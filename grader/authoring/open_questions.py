"""The open questions of an assignment, read from its own notebooks, so that nothing has to be written twice.

The template names the answer's cell; the text cell above it contains the question, and the solution notebook the model
answer. Points, a short title and criteria come from `[[question]]` in `assignment.toml`, if it has one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from grader.authoring.assignment_catalogue import references_folder
from grader.authoring.cells import CellKind, ScriptCell, read_script
from grader.authoring.templates import TEMPLATE, Version, render_script
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.languages import LANGUAGES
from grader.domain.questions import OpenQuestion, QuestionItem


def open_questions(assignment: Assignment, *, course: Course | None = None) -> tuple[OpenQuestion, ...]:
    """Return the open questions of an assignment in the order of its notebook.

    Args:
        assignment: The assignment.
        course: An instructor's own course, whose references stand in its own folder.

    Raises:
        AuthoringError: The template or a text is wrong.
    """
    references = references_folder() if course is None else course.references
    key = _digest(assignment, references)
    if key not in _KNOWN:
        _KNOWN[key] = _read(assignment, references)
    return _KNOWN[key]


# ----------------------------------------------------------------------------------------------------------------------

_KNOWN: Final[dict[str, tuple[OpenQuestion, ...]]] = {}
"""Questions by the digest of their sources, since rendering four notebooks takes half a second."""


def _digest(assignment: Assignment, references: Path) -> str:
    template = (assignment.folder / TEMPLATE).read_bytes() if (assignment.folder / TEMPLATE).is_file() else b""
    decisive = (template, assignment.texts, assignment.title, assignment.rubric_hash, assignment.questions, references)
    return hashlib.sha256(repr(decisive).encode("utf-8", errors="replace")).hexdigest()


def _read(assignment: Assignment, references: Path) -> tuple[OpenQuestion, ...]:
    cells = {
        (language, solution): read_script(
            render_script(assignment, Version(language, solution), references=references), assignment
        )
        for language in LANGUAGES
        for solution in (False, True)
    }
    first = cells[LANGUAGES[0], False]
    names = [cell.name for cell in first if cell.kind is CellKind.ANSWER]
    items = {item.question: item for item in assignment.questions}
    return tuple(
        OpenQuestion(
            question=name,
            prompt={language: _above(name, cells[language, False]) for language in LANGUAGES},
            model_answer={language: _source(name, cells[language, True]) for language in LANGUAGES},
            placeholder={language: _source(name, cells[language, False]) for language in LANGUAGES},
            points=_item(name, items).points,
            title=_item(name, items).title,
            criteria=_item(name, items).criteria,
        )
        for name in names
    )


def _source(name: str, cells: list[ScriptCell]) -> str:
    return next((cell.source for cell in cells if cell.name == name), "")


def _above(name: str, cells: list[ScriptCell]) -> str:
    """Return the text cell before an answer's."""
    position = next((index for index, cell in enumerate(cells) if cell.name == name), 0)
    before = cells[position - 1] if position else None
    return before.source if before is not None and before.kind is CellKind.TEXT else ""


def _item(name: str, items: dict[str, QuestionItem]) -> QuestionItem:
    return items.get(name, QuestionItem(name, 0.0, {}))
