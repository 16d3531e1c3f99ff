"""Assignment → student or solution notebook, the same bytes every time.

    template + texts + reference → script in the percent format → cells with nbgrader's metadata → notebook JSON

Cell ids come from the template's cell names; there are no outputs, no times and no versions of this machine.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

from grader.authoring.assignment_catalogue import references_folder
from grader.authoring.cells import JsonObject, notebook_cell, read_script
from grader.authoring.course_settings import NOT_PUBLISHED, Publication
from grader.authoring.errors import unknown
from grader.authoring.templates import Version, render_script
from grader.domain.assignment import Assignment
from grader.domain.languages import LANGUAGES
from grader.domain.messages import message

METADATA_SCHEMA_VERSION = 1
"""Version of the notebook's own `autoencoder_grader` metadata."""


def generate(
    assignment: Assignment,
    *,
    language: str,
    solution: bool,
    references: Path | None = None,
    publication: Publication = NOT_PUBLISHED,
) -> str:
    """Generate a notebook.

    Args:
        assignment: What to generate (`load_assignment`).
        language: `es` or `en`.
        solution: The instructor's version: solution cells hold the reference's code, answer cells a model answer.
        references: Folder of the references' modules, instead of the one beside the package.
        publication: What the course's `course.toml` says: a link to Colab above the notebook, a cell that installs.

    Returns:
        The notebook's JSON text: nbformat 4.5, keys sorted, one line break at the end.

    Raises:
        AuthoringError: The language does not exist, or the template or a text is wrong; it is an `AssignmentError`.
    """
    if language not in assignment.languages:
        known = [one for one in LANGUAGES if one in assignment.languages]
        raise unknown(message("There are no notebooks in the language {name}.", name=language), language, known)
    version = Version(language, solution, publication)
    script = render_script(assignment, version, references=references or references_folder())
    cells = [notebook_cell(cell, release=not solution) for cell in read_script(script, assignment)]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=_metadata(assignment, language))
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


# ----------------------------------------------------------------------------------------------------------------------


def _metadata(assignment: Assignment, language: str) -> JsonObject:
    return {
        "autoencoder_grader": {
            "assignment": assignment.assignment,
            "language": language,
            "schema_version": METADATA_SCHEMA_VERSION,
        },
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
    }
