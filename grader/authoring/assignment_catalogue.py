"""The catalogue of assignments, of the facts of their references, and of the references' source text.

Everything is found beside the package `grader`, in an editable install and in a wheel alike. Nothing here imports
`reference` or Keras, so that `grader list` answers at once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

import grader
from grader.authoring import quotation
from grader.authoring.errors import AuthoringError, Problem, unknown
from grader.authoring.specification import FILE_NAME, SHARED_TEXTS, no_facts_yet, read_assignment
from grader.domain.assignment import Assignment, no_assignment
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.messages import message, verbatim


def assignments_folder() -> Path:
    """Return the folder with one folder for each assignment."""
    return _beside_grader() / "assignments"


def references_folder() -> Path:
    """Return the folder with one module for each reference."""
    return _beside_grader() / "reference"


def assignment_ids(*, folder: Path | None = None) -> tuple[str, ...]:
    """Return the ids of all assignments, in alphabetical order.

    Args:
        folder: Looked in instead of `assignments_folder()`.
    """
    return tuple(sorted(path.parent.name for path in (folder or assignments_folder()).glob(f"[!_.]*/{FILE_NAME}")))


def load_assignment(
    assignment_id: str,
    *,
    folder: Path | None = None,
    facts_folder: Path | None = None,
    course: Course | None = None,
) -> Assignment:
    """Load and validate one assignment.

    Args:
        assignment_id: Its id, equal to its folder's name.
        folder: Looked in instead of `assignments_folder()`.
        facts_folder: Looked in instead of `references_folder() / "facts"`.
        course: An instructor's own course, whose assignments are meant and no others. They share our texts, and may
            have a reference of ours.

    Raises:
        AuthoringError: No assignment has this id (the text names the nearest and lists all), or its files are wrong
            (the text lists every mistake with file and line). It is an `AssignmentError`.
    """
    folder = folder or (assignments_folder() if course is None else course.assignments)
    known = assignment_ids(folder=folder)
    if assignment_id not in known:
        raise unknown(no_assignment(name=assignment_id), assignment_id, known)
    return read_assignment(
        folder / assignment_id,
        facts_folder=facts_folder or _facts_folder(),
        course=course,
        shared_texts=None if course is None else assignments_folder() / SHARED_TEXTS,
    )


def course_ids() -> tuple[str, ...]:
    """Return the ids of all references, in the order of the course, as `reference/contract.py` lists them."""
    return quotation.listed(reference_module("contract"), "IDS")


def facts_ids(*, folder: Path | None = None) -> tuple[str, ...]:
    """Return the ids of all references that have facts: the course's in its order, then others by name."""
    found = {path.stem for path in (folder or _facts_folder()).glob("*.json")}
    course = [reference for reference in course_ids() if reference in found]
    return (*course, *sorted(found - set(course)))


def load_facts(reference_id: str, *, folder: Path | None = None, course: Course | None = None) -> ReferenceFacts:
    """Read the facts of one reference.

    Args:
        reference_id: Id of the reference (`stacked`).
        folder: Looked in instead of `references_folder() / "facts"`.
        course: An instructor's own course; the facts of its references are looked for there alone.

    Raises:
        AuthoringError: There are no facts of this reference, or the file is not what `ReferenceFacts` says.
    """
    folder = folder or _facts_folder()
    if course is not None and course.module(reference_id).is_file():
        folder = course.facts
        if not (folder / f"{reference_id}.json").is_file():
            raise AuthoringError(no_facts_yet(reference_id, course))
    known = facts_ids(folder=folder)
    if reference_id not in known:
        raise unknown(message("There are no facts of a reference {name}.", name=reference_id), reference_id, known)
    path = folder / f"{reference_id}.json"
    summary = message("The facts of {reference} cannot be used. To be made anew:", reference=reference_id)
    try:
        facts = facts_adapter().validate_json(path.read_bytes())
    except ValidationError as error:
        raise AuthoringError(summary, _facts_problems(path, error)) from error
    if facts.reference != reference_id:  # a copied file; everything would be measured by the other reference
        reason = message("these are the facts of {found}.", found=facts.reference)
        raise AuthoringError(summary, [Problem(path, reason, key="reference")])
    return facts


@cache
def facts_adapter() -> TypeAdapter[ReferenceFacts]:
    """Return what reads and writes facts; made once, since that takes longer than reading them."""
    return TypeAdapter(ReferenceFacts)


def facts_file(reference_id: str, course: Course | None = None) -> Path:
    """Return the path of a reference's facts: in the course if the course made it, else beside ours."""
    own = course is not None and course.module(reference_id).is_file()
    folder = course.facts if course is not None and own else _facts_folder()
    return folder / f"{reference_id}.json"


def reference_source(reference_id: str, function_name: str, *, folder: Path | None = None) -> str:
    """Return the source text of a function of a reference, without importing it.

    Args:
        reference_id: Id of the reference; `some-id` lives in `reference/some_id.py`.
        function_name: A function at the module's top level.
        folder: Looked in before `references_folder()`.

    Raises:
        AuthoringError: There is no such reference, or it has no such function.
    """
    module = reference_module(reference_id, folder=folder)
    try:
        return quotation.function_source(module, function_name)
    except KeyError as error:
        summary = message(
            "The reference {reference} has no function {name}.", reference=reference_id, name=function_name
        )
        raise unknown(summary, function_name, quotation.function_names(module)) from error


def reference_constants(reference_id: str, *, folder: Path | None = None) -> dict[str, quotation.Literal]:
    """Return the constants at the top level of a reference, without importing it.

    Raises:
        AuthoringError: There is no such reference.
    """
    return quotation.constants(reference_module(reference_id, folder=folder))


def reference_module(reference_id: str, *, folder: Path | None = None) -> str:
    """Return the whole source text of a reference.

    Args:
        reference_id: Id of the reference, or name of a module that several of them use.
        folder: Looked in before `references_folder()`.

    Raises:
        AuthoringError: There is no such reference.
    """
    name = f"{reference_id.replace('-', '_')}.py"
    path = (folder or references_folder()) / name
    if not path.is_file() and (references_folder() / name).is_file():
        path = references_folder() / name
    if not path.is_file():
        raise AuthoringError(message("There is no reference {name}: {file}.", name=reference_id, file=str(path)))
    return path.read_text("utf-8")


# ----------------------------------------------------------------------------------------------------------------------


def _beside_grader() -> Path:
    return Path(grader.__file__).parent.parent


def _facts_folder() -> Path:
    return references_folder() / "facts"


def _facts_problems(path: Path, error: ValidationError) -> list[Problem]:
    return [
        Problem(path, verbatim(details["msg"]), key=".".join(str(step) for step in details["loc"]))
        for details in error.errors(include_url=False)
    ]
