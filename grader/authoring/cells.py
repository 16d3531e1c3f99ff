"""Script in the percent format → notebook cells that nbgrader understands.

In a template, the marker line of a cell gives its name and its kind:

    # %% name="encoder" kind="solution"

The name becomes the cell's id and its `grade_id`, so both are the same every time a notebook is generated. The
metadata follow nbgrader's schema 3: https://nbgrader.readthedocs.io (cell metadata, checksums).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import nbformat

from grader.authoring.errors import Problem, unusable
from grader.authoring.templates import TEMPLATE
from grader.domain.assignment import Assignment
from grader.domain.messages import Message, message

NBGRADER_SCHEMA_VERSION = 3

EVERYTHING = "all"
"""Value of `points_of` for the cell that carries the points of the whole rubric."""

JsonObject = dict[str, object]

# Magics stay as the template writes them; a Markdown line is never taken for one.
_PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_NAME = re.compile(r"[a-zA-Z0-9_\-]{1,64}")  # what both a cell id and a grade_id may be


class CellKind(StrEnum):
    """What a cell is for.

    TEXT: ours, Markdown, to be read.
    PROVIDED: ours, code, to be run as it is.
    SOLUTION: the student's code.
    TESTS: ours, code that nbgrader takes points from (`points_of`: a check of the rubric, or `all`); our own grader
        never does.
    ANSWER: the student's words, read by a person; worth the points that `[[question]]` states, else none.
    """

    TEXT = "text"
    PROVIDED = "provided"
    SOLUTION = "solution"
    TESTS = "tests"
    ANSWER = "answer"

    @property
    def cell_type(self) -> str:
        """`markdown` or `code`: the one type of cell that this kind can be."""
        return "markdown" if self in {CellKind.TEXT, CellKind.ANSWER} else "code"

    @property
    def is_grade(self) -> bool:
        """Whether nbgrader assigns it points."""
        return self in {CellKind.TESTS, CellKind.ANSWER}

    @property
    def is_solution(self) -> bool:
        """Whether the student writes in it."""
        return self in {CellKind.SOLUTION, CellKind.ANSWER}


@dataclass(frozen=True, slots=True)
class ScriptCell:
    """A cell as the rendered template states it.

    Attributes:
        name: Its id, unique in the notebook.
        kind: What it is for.
        source: Its text, without empty lines around it.
        points: What nbgrader may give for it; 0 if it gives nothing.
    """

    name: str
    kind: CellKind
    source: str
    points: float = 0.0


def read_script(script: str, assignment: Assignment) -> list[ScriptCell]:
    """Cut a rendered template into cells.

    Raises:
        AuthoringError: Cells without a name or kind, twice the same name, Markdown where code belongs, points of a
            check that is not in the rubric; all of them at once.
    """
    import jupytext  # a third of a second, for which a class that has run need not wait

    cells: list[ScriptCell] = []
    problems: list[Message] = []
    for position, raw in enumerate(jupytext.reads(script, fmt=_PERCENT).cells, start=1):
        wrong = _mistake(raw.metadata, str(raw.cell_type), position, assignment)
        if wrong is None and any(cell.name == raw.metadata["name"] for cell in cells):
            wrong = message("two cells are named {name}.", name=str(raw.metadata["name"]))
        if wrong is None:
            cells.append(_script_cell(raw.metadata, str(raw.source), assignment))
        else:
            problems.append(wrong)
    problems += _unasked(assignment, cells)
    if problems:
        template = assignment.folder / TEMPLATE
        raise unusable(assignment.assignment, [Problem(Path(template), problem) for problem in problems])
    return cells


def notebook_cell(cell: ScriptCell, *, release: bool) -> nbformat.NotebookNode:
    """Build the notebook cell.

    Args:
        cell: The cell.
        release: It goes to students: our cells are locked, and checksum and cell type are added, by which
            nbgrader knows untouched cells.
    """
    new_cell = nbformat.v4.new_markdown_cell if cell.kind.cell_type == "markdown" else nbformat.v4.new_code_cell
    metadata: JsonObject = {"nbgrader": nbgrader_metadata(cell, release=release)}
    if release:
        metadata["deletable"] = False
    if release and not cell.kind.is_solution:
        metadata["editable"] = False
    return new_cell(source=cell.source, id=cell.name, metadata=metadata)


def nbgrader_metadata(cell: ScriptCell, *, release: bool) -> JsonObject:
    """Return nbgrader's own part of a cell's metadata, schema 3."""
    metadata: JsonObject = {
        "schema_version": NBGRADER_SCHEMA_VERSION,
        "grade_id": cell.name,
        "grade": cell.kind.is_grade,
        "solution": cell.kind.is_solution,
        "locked": not cell.kind.is_solution,
        "task": False,
    }
    if cell.kind.is_grade:
        metadata["points"] = cell.points
    if release:
        metadata["cell_type"] = cell.kind.cell_type
        metadata["checksum"] = checksum(cell)
    return metadata


def checksum(cell: ScriptCell) -> str:
    """Return nbgrader's checksum of a cell.

    MD5 (hexadecimal) of source, cell type, the words `True` or `False` for graded, solution and locked, the grade id
    and, for a graded cell, its points as a float, written one after the other.
    """
    parts = [cell.source, cell.kind.cell_type, cell.kind.is_grade, cell.kind.is_solution, not cell.kind.is_solution]
    written = "".join(str(part) for part in [*parts, cell.name])
    if cell.kind.is_grade:
        written += str(float(cell.points))
    return hashlib.md5(written.encode("utf-8"), usedforsecurity=False).hexdigest()


# ----------------------------------------------------------------------------------------------------------------------


def _mistake(metadata: Mapping[str, object], cell_type: str, position: int, assignment: Assignment) -> Message | None:
    name, kind = str(metadata.get("name", "")), str(metadata.get("kind"))
    if not _NAME.fullmatch(name):
        return message('cell {position} needs name="…": letters, digits, _ and -, at most 64.', position=position)
    if kind not in list(CellKind):
        return message("cell {name} needs a kind, one of: {kinds}.", name=name, kinds=", ".join(CellKind))
    if cell_type != CellKind(kind).cell_type:
        wanted = CellKind(kind).cell_type
        return message("cell {name} is {kind}, so it must be {type}.", name=name, kind=kind, type=wanted)
    checks = [item.check for item in assignment.rubric]
    if kind == CellKind.TESTS and metadata.get("points_of") not in [*checks, EVERYTHING]:
        known = ", ".join(checks)
        return message("cell {name} needs points_of, a check of the rubric: {known}.", name=name, known=known)
    return None


def _unasked(assignment: Assignment, cells: list[ScriptCell]) -> list[Message]:
    """Name the questions with points for which the template has no cell."""
    answers = [cell.name for cell in cells if cell.kind is CellKind.ANSWER]
    known = ", ".join(answers) or "–"
    return [
        message(
            "no answer cell is named {name}, which [[question]] gives points; there are: {known}.",
            name=item.question,
            known=known,
        )
        for item in assignment.questions
        if item.question not in answers
    ]


def _script_cell(metadata: Mapping[str, object], source: str, assignment: Assignment) -> ScriptCell:
    points = {item.check: item.points for item in assignment.rubric} | {EVERYTHING: assignment.points_possible}
    by_hand = {item.question: item.points for item in assignment.questions}
    name, kind = str(metadata["name"]), CellKind(str(metadata["kind"]))
    earned = by_hand.get(name) if kind is CellKind.ANSWER else points.get(str(metadata.get("points_of")))
    return ScriptCell(name=name, kind=kind, source=source.strip("\n"), points=earned or 0.0)
