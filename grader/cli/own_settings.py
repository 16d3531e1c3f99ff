"""Protects the instructor's settings of a course: files of hand-ins are never used as settings.

`course.toml` is read from the folder of the course, or from the current one, and the references of a course are
imported as code. A user who runs the command inside the folder of the hand-ins, or names a course that came with one of
them, would take both from a student.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from grader.authoring.course_settings import FILE_NAME
from grader.authoring.errors import AuthoringError
from grader.domain.messages import Message, message
from grader.locale import Translator


def require_own_settings(paths: Sequence[Path], course: Path | None, translator: Translator) -> None:
    """Refuse settings inside the folder of the hand-ins; report those beside one hand-in.

    Args:
        paths: Files and folders to grade.
        course: Folder of the instructor's own course; None if there is none.
        translator: Language of the remark.

    Raises:
        AuthoringError: The settings, or the course, are inside a folder that is to be graded.
    """
    settings = (Path() if course is None else course).resolve() / FILE_NAME
    if not (settings.is_file() if course is None else course.is_dir()):
        return
    given = [path.resolve() for path in paths]
    if any(settings.is_relative_to(path) for path in given if path.is_dir()):
        raise AuthoringError(_among_hand_ins(settings, course))
    if any(path.is_file() and path.parent == settings.parent for path in given):
        remark = message("The settings of {path}, which lies beside a hand-in, count.", path=str(settings))
        typer.secho(translator.text(remark), fg=typer.colors.YELLOW, err=True)


def _among_hand_ins(settings: Path, course: Path | None) -> Message:
    if course is not None:
        return message(
            "{path} lies in the folder of the hand-ins, so that it may be a student's. Move one of the two.",
            path=str(course),
        )
    return message(
        "{path} lies in the folder of the hand-ins, so that it may be a student's. Run the command from "
        "another folder, or name the folder of your course with --course.",
        path=str(settings),
    )
