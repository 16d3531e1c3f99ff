"""Opens an instructor's own course, and reports every error that would mislead later.

Our ids are reserved: a course that uses one of them is refused, since it would be unclear whose assignment graded a
class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import Path

from grader.authoring.assignment_catalogue import assignment_ids, course_ids, references_folder
from grader.authoring.errors import AuthoringError, Problem, unknown
from grader.authoring.schema import ID_PATTERN
from grader.authoring.specification import FILE_NAME
from grader.authoring.toml_source import read_toml
from grader.domain.course import Course, unusable_reference
from grader.domain.messages import Message, message

_ID = re.compile(ID_PATTERN)


def open_course(folder: Path) -> Course:
    """Return the course in a folder.

    Raises:
        AuthoringError: There is no such folder, no course in it, or an id in it is one of ours (all are reported).
    """
    course = Course(folder)
    if not course.assignments.is_dir():
        raise AuthoringError(_no_course(course))
    problems = [
        Problem(course.assignments / name / FILE_NAME, _taken(name))
        for name in assignment_ids(folder=course.assignments)
        if is_ours(name)
    ]
    problems += [Problem(course.module(name), _taken(name)) for name in own_references(course) if is_ours(name)]
    if problems:
        raise AuthoringError(message("The course {folder} cannot be used. To be fixed:", folder=str(folder)), problems)
    return course


def own_references(course: Course) -> tuple[str, ...]:
    """Return the ids of the course's own references, in alphabetical order; `_some.py` is not one."""
    found = (path.stem.replace("_", "-") for path in course.references.glob("[!_.]*.py"))
    return tuple(sorted(name for name in found if _ID.fullmatch(name)))


def chosen_references(ids: Sequence[str], course: Course) -> tuple[str, ...]:
    """Return the references asked for, or all of the course if none or `all` is given.

    Raises:
        AuthoringError: The course has no such reference, or none at all.
    """
    known = own_references(course)
    for name in (name for name in ids if name not in known and name != "all"):
        summary = message("The course {folder} has no reference {name}.", folder=str(course.folder), name=name)
        raise unknown(summary, name, known)
    if not known:
        summary = message(
            "The course {folder} has no reference of its own. `{command}` makes one.",
            folder=str(course.folder),
            command=course.command("new", "ID"),
        )
        raise AuthoringError(summary)
    return known if not ids or "all" in ids else tuple(dict.fromkeys(ids))


def reference_of(assignment: str, course: Course) -> str:
    """Return the id of the reference that an assignment names; "" if its file names none.

    Raises:
        AuthoringError: The file is no TOML.
    """
    stated = read_toml(course.assignments / assignment / FILE_NAME).data.get("reference")
    return stated if isinstance(stated, str) else ""


def require_python(reference: str, course: Course) -> None:
    """Refuse a reference that is not valid Python, before notebooks quote it; nothing is imported.

    Raises:
        AuthoringError: It is not, with file and line.
    """
    file = course.module(reference)
    try:
        ast.parse(file.read_text("utf-8"))
    except SyntaxError as error:
        problem = Problem(file, message("this is not valid Python: {why}.", why=str(error.msg)), error.lineno)
    except (UnicodeDecodeError, ValueError):
        problem = Problem(file, message("this is not UTF-8 text; save it as UTF-8."))
    else:
        return
    summary = unusable_reference(reference=reference)
    raise AuthoringError(summary, [problem])


def is_ours(name: str) -> bool:
    """Return whether an id is one of the grader's own, or the name of a module beside its references."""
    ours = {*assignment_ids(), *course_ids()}
    return name in ours or (references_folder() / f"{name.replace('-', '_')}.py").is_file()


def _taken(name: str) -> Message:
    return message("{name} is an id of the grader's own; rename this one.", name=name)


def _no_course(course: Course) -> Message:
    if not course.folder.exists():
        return message(
            "There is no folder {folder}. `{command}` makes it, with an assignment to begin with.",
            folder=str(course.folder),
            command=course.command("new", "ID"),
        )
    return message(
        "{folder} holds no course: there is no folder {wanted}. `{command}` makes one, with an assignment to begin "
        "with.",
        folder=str(course.folder),
        wanted=str(course.assignments),
        command=course.command("new", "ID"),
    )
