"""Reads hand-ins and the assignment's own material for comparison; nothing runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from grader.alike.code_fingerprints import Lines, fingerprints
from grader.alike.pairs import ComparedHandIn
from grader.audit.weight_fingerprints import sets_seed
from grader.authoring.assignment_catalogue import references_folder
from grader.authoring.notebooks import generate
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.intake.intake_errors import IntakeError
from grader.intake.notebook import read_notebook
from grader.reading.reading_client import ReadingStoppedError, within_limits


@dataclass(frozen=True, slots=True)
class FingerprintedCode:
    """The code of one hand-in, read in a process with limits.

    Attributes:
        cells: Code cells by position.
        fingerprints: Their fingerprints.
        seeded: The code sets a seed.
    """

    cells: dict[int, str]
    fingerprints: dict[int, tuple[Lines, ...]]
    seeded: bool


@dataclass(frozen=True, slots=True)
class ComparedClass:
    """The hand-ins of a class that can be compared.

    Attributes:
        works: Those with fingerprints.
        stopped: Students whose notebook took too much time or memory to read.
    """

    works: tuple[ComparedHandIn, ...]
    stopped: tuple[str, ...] = ()


def works_of(
    submissions: Iterable[Submission], weights: Mapping[str, tuple[float, ...]] = MappingProxyType({})
) -> ComparedClass:
    """Return the readable ones with their fingerprints; equal bytes of one student count once.

    Args:
        submissions: A class.
        weights: Of graded ones: a few numbers of their trained weights, by digest of the file.
    """
    found: dict[tuple[str, str], ComparedHandIn] = {}
    stopped: list[str] = []
    for submission in submissions:
        try:
            code = within_limits(read_code, submission)
        except ReadingStoppedError:
            stopped.append(submission.student)
            continue
        except UnreadableSubmissionError:
            continue  # the class's report says so
        work = ComparedHandIn(
            submission.student,
            submission.filename,
            submission.sha256,
            code.cells,
            code.fingerprints,
            weights.get(submission.sha256, ()),
            code.seeded,
        )
        found.setdefault((submission.student, submission.sha256), work)
    return ComparedClass(tuple(found.values()), tuple(stopped))


def read_code(submission: Submission) -> FingerprintedCode:
    """Return the code of a notebook and its fingerprints.

    Raises:
        UnreadableSubmissionError: The bytes are no notebook.
    """
    notebook = read_notebook(submission)
    cells = {cell.index: cell.source for cell in notebook.cells}
    return FingerprintedCode(cells, dict(fingerprints(cells.items())), sets_seed(notebook.cells))


def trained_weights(graded: Iterable[GradedSubmission]) -> dict[str, tuple[float, ...]]:
    """Return a fingerprint of the trained weights of each graded file that has any, by its digest."""
    return {one.sha256: one.measurements.fingerprint for one in graded if one.measurements.fingerprint}


def common_material(paths: Sequence[Path]) -> frozenset[int]:
    """Return the fingerprints of the instructor's common material: notebooks, Python files, folders of both.

    Raises:
        IntakeError: One of them is not there, or is no notebook.
    """
    found: set[int] = set()
    for path in paths:
        files = [path] if path.is_file() else [one for one in sorted(path.rglob("*")) if one.suffix in _READ]
        if not files:
            raise IntakeError(message("{path} holds no notebook and no Python file.", path=str(path)))
        for file in files:
            found.update(fingerprints(_sources(file)))
    return frozenset(found)


def given_material(assignment: Assignment, course: Course | None) -> frozenset[int]:
    """Return the fingerprints of the assignment's notebook and solution, in every language, and of all references."""
    references = None if course is None else course.references
    texts: Sequence[str] = [
        generate(assignment, language=language, solution=solution, references=references)
        for language in assignment.languages
        for solution in (False, True)
    ]
    modules = [*references_folder().glob("*.py"), *(() if references is None else references.glob("*.py"))]
    given = [_code_cells(text) for text in texts] + [_sources(file) for file in sorted(modules)]
    return frozenset(digest for cells in given for digest in fingerprints(cells))


# Private functions

_READ: Final = frozenset({".ipynb", ".py"})


def _sources(file: Path) -> list[tuple[int, str]]:
    """Return the code of a notebook or of a Python file."""
    try:
        text = file.read_text("utf-8")
        return [(0, text)] if file.suffix == ".py" else _code_cells(text)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntakeError(message("{path} cannot be read as a notebook or a Python file.", path=str(file))) from error


def _code_cells(notebook: str) -> list[tuple[int, str]]:
    cells = json.loads(notebook)["cells"]
    sources = ((position, cell["source"]) for position, cell in enumerate(cells) if cell["cell_type"] == "code")
    return [(position, source if isinstance(source, str) else "".join(source)) for position, source in sources]
