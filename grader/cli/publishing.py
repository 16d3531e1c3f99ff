"""`grader publish`: an assignment in the form for students."""

from __future__ import annotations

from pathlib import Path

import typer

from grader.authoring.bundle import published
from grader.authoring.course_settings import read_publication
from grader.authoring.courses import open_course
from grader.cli.command_language import error_border, translated
from grader.cli.course_option import load_checked
from grader.domain.course import Course
from grader.domain.messages import message
from grader.gradebook import write_atomically


def publish_assignment(assignment_id: str, out: Path, course: Course | None, *, language: str | None) -> None:
    """Write the bundle, and say how a notebook refers to it."""
    with error_border(language):
        if course is not None:
            open_course(course.folder)
        text = published(load_checked(assignment_id, course), course)
        publication = read_publication(Path() if course is None else course.folder)
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, text)
    typer.echo(str(out))
    address = publication.bundle_url(assignment_id) or f"https://…/{out.name}"
    typer.echo(
        translated(message("It holds the rubric and the facts, no solution. Students name it like this:"), language)
    )
    typer.echo(f'  grader.use("{address}")')
    typer.echo(f"  grader check {assignment_id}.ipynb --assignment {out}")
