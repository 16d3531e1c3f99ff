"""Hand-ins and the assignment's own material, read for comparing; nothing is run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from grader.alike.fingerprints import fingerprints
from grader.alike.pairs import Work
from grader.authoring.notebooks import generate
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.intake.notebook import read_notebook


def works_of(submissions: Iterable[Submission]) -> list[Work]:
    """Return the readable ones with their fingerprints; of the same bytes of one student, one."""
    found: dict[tuple[str, str], Work] = {}
    for submission in submissions:
        try:
            notebook = read_notebook(submission)
        except UnreadableSubmissionError:
            continue  # the class's report says so
        cells = {cell.index: cell.source for cell in notebook.cells}
        work = Work(submission.student, submission.filename, submission.sha256, cells, fingerprints(cells.items()))
        found.setdefault((submission.student, submission.sha256), work)
    return list(found.values())


def given_material(assignment: Assignment, course: Course | None) -> frozenset[int]:
    """Return the fingerprints of the assignment's student notebook and solution, in every language."""
    references = None if course is None else course.references
    texts: Sequence[str] = [
        generate(assignment, language=language, solution=solution, references=references)
        for language in assignment.languages
        for solution in (False, True)
    ]
    return frozenset(digest for text in texts for digest in fingerprints(_code_cells(text)))


# Private functions


def _code_cells(notebook: str) -> list[tuple[int, str]]:
    cells = json.loads(notebook)["cells"]
    sources = ((position, cell["source"]) for position, cell in enumerate(cells) if cell["cell_type"] == "code")
    return [(position, source if isinstance(source, str) else "".join(source)) for position, source in sources]
