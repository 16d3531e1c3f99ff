"""`grader new`: an instructor's first assignment, with a reference of its own, complete and ready to be changed.

The files are in `assignments/_scaffold`. Lines that begin with `[es]` or `[en]`, with or without a comment sign, are
for readers of that language; texts for students are always in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from grader.authoring.assignment_catalogue import assignment_ids, assignments_folder
from grader.authoring.courses import is_ours, open_course
from grader.authoring.errors import AuthoringError, unknown
from grader.authoring.publication import SCHEMA_NAME, published_schema
from grader.authoring.schema import ID_PATTERN
from grader.authoring.specification import FILE_NAME
from grader.authoring.templates import TEMPLATE
from grader.domain.assignment import no_assignment
from grader.domain.course import Course
from grader.domain.messages import message

SCAFFOLD: Final = "_scaffold"
REFERENCE: Final = "reference.py.txt"
"""Not named as Python, because it is invalid before its placeholders are filled."""

_ID_LINE = re.compile(r"^id\s*=.*$", re.MULTILINE)
_FOR_READERS = re.compile(r"(?P<before>\s*(?:# |\{# |\"\"\")?)\[(?P<language>es|en)\] (?P<said>.*)")


def scaffold(assignment: str, folder: Path, *, language: str) -> dict[Path, str]:
    """Return the files of a new assignment by path; nothing is written.

    Args:
        assignment: Id of the assignment and of its reference.
        folder: Folder of the course; it need not exist.
        language: Of the comments for the instructor, `es` or `en`.

    Raises:
        AuthoringError: The id cannot be one or is ours, or the course cannot be used or has such files already.
    """
    course = Course(folder)
    _require_id(assignment)
    if folder.exists() and not folder.is_dir():
        raise AuthoringError(message("{folder} is a file; name a folder with --course.", folder=str(folder)))
    if course.assignments.is_dir():
        open_course(folder)
    files = {
        course.assignments / assignment / FILE_NAME: _filled(FILE_NAME, assignment, course, language),
        course.assignments / assignment / TEMPLATE: _filled(TEMPLATE, assignment, course, language),
        course.module(assignment): _filled(REFERENCE, assignment, course, language),
    }
    _require_new((*files, course.facts / f"{assignment}.json"))
    return {**files, course.assignments / SCHEMA_NAME: published_schema()}


def copied(assignment: str, source: str, folder: Path) -> dict[Path, str]:
    """Return the files of an assignment copied from another one, by path; nothing is written.

    The copy keeps the reference, and with it the facts: texts, points, checks and the template are there to be edited.

    Args:
        assignment: Id of the new assignment.
        source: Id of an assignment of the course, or of ours.
        folder: Folder of the course; it need not exist.

    Raises:
        AuthoringError: The id cannot be one or is ours, there is no such assignment, or its files are there already.
    """
    course = Course(folder)
    _require_id(assignment)
    own = assignment_ids(folder=course.assignments) if course.assignments.is_dir() else ()
    if source not in (*own, *assignment_ids()):
        raise unknown(no_assignment(name=source), source, (*own, *assignment_ids()))
    place = (course.assignments if source in own else assignments_folder()) / source
    files = {course.assignments / assignment / path.name: path.read_text("utf-8") for path in sorted(place.iterdir())}
    stated = course.assignments / assignment / FILE_NAME
    files[stated] = _ID_LINE.sub(f'id = "{assignment}"', files[stated], count=1)
    _require_new(files)
    return {**files, course.assignments / SCHEMA_NAME: published_schema()}


def _require_new(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.exists():
            raise AuthoringError(
                message(
                    "{path} exists already, and nothing was changed. Choose another id, or move it away.",
                    path=str(path),
                )
            )


def _require_id(assignment: str) -> None:
    if not re.fullmatch(ID_PATTERN, assignment):
        raise AuthoringError(
            message(
                "{name} cannot be an id: lower-case letters and digits, joined by hyphens, such as {example}.",
                name=assignment,
                example="my-autoencoder",
            )
        )
    if is_ours(assignment):
        raise AuthoringError(message("{name} is an id of the grader's own; choose another one.", name=assignment))


def _filled(name: str, assignment: str, course: Course, language: str) -> str:
    text = (assignments_folder() / SCAFFOLD / name).read_text("utf-8")
    title = assignment.replace("-", " ").capitalize()
    for placeholder, value in (
        ("__ID__", assignment),
        ("__FILE__", course.module(assignment).name),
        ("__TITLE__", title),
    ):
        text = text.replace(placeholder, value)
    return "\n".join(_for_reader(text.splitlines(), language)) + "\n"


def _for_reader(lines: list[str], language: str) -> Iterator[str]:
    """Keep the lines for everyone and those for readers of the language, without their marker."""
    for line in lines:
        marked = _FOR_READERS.fullmatch(line)
        if marked is None:
            yield line
        elif marked["language"] == language:
            yield marked["before"] + marked["said"]
