"""An instructor's own course on the command line: `grader new`, and `--course` of the other commands."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from grader.authoring.errors import Problem
from grader.cli.command_language import SURROUNDINGS, error_border, translated
from grader.domain.assignment import Assignment, ParameterValue, RubricItem
from grader.domain.course import Course
from grader.domain.messages import message


def create_assignment(assignment: str, folder: Path, *, source: str | None, language: str | None) -> None:
    """Write the files of a new assignment, and show the next steps.

    Args:
        assignment: Its id.
        folder: Of the course.
        source: Id of the assignment to copy; None for a small one with a reference of its own.
        language: Language of the comments and of the output.
    """
    from grader.authoring.scaffold import copied, scaffold
    from grader.gradebook import write_atomically

    with error_border(language):
        spoken = language or SURROUNDINGS.language
        files = copied(assignment, source, folder) if source else scaffold(assignment, folder, language=spoken)
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)
            typer.echo(str(path))
    course = Course(folder)
    if source:
        typer.echo(
            translated(message("It is a copy of {source}, measured like it. Edit it, then:", source=source), language)
        )
        typer.echo(f"  {course.command('generate', f'{assignment} --out build')}")
        typer.echo(f"  {course.command('grade', f'submissions --assignment {assignment} --out grades')}")
        return
    typer.echo(translated(message("It runs as it stands. Change what is marked TODO, then:"), language))
    for name in ("calibrate", "validate"):
        typer.echo(f"  {course.command(name, assignment)}")
    typer.echo(f"  {course.command('validate', f'--rubrics {assignment} --fast')}")
    typer.echo(f"  {course.command('generate', f'{assignment} --out build')}")
    typer.echo(f"  {course.command('grade', f'submissions --assignment {assignment} --out grades')}")


@contextmanager
def references_found(course: Course | None) -> Iterator[None]:
    """Let this process and its children find the references of a course; without a course, those of none.

    For commands that train references; a process that grades gives the folder only to the measuring process.

    Raises:
        AuthoringError: The course cannot be used.
    """
    from grader.authoring.courses import open_course
    from grader.rebuild.client import COURSE_VARIABLE

    before = os.environ.pop(COURSE_VARIABLE, None)
    if course is not None:
        open_course(course.folder)
        course.facts.mkdir(exist_ok=True)
        os.environ[COURSE_VARIABLE] = str(course.folder.resolve())
    try:
        yield
    finally:
        os.environ.pop(COURSE_VARIABLE, None)
        if before is not None:
            os.environ[COURSE_VARIABLE] = before


def require_sound(references: Sequence[str]) -> None:
    """Refuse references that cannot be used, before their trainings take an hour.

    Raises:
        BrokenReferenceError: The first of them, with everything that is wrong with it.
    """
    from grader.rebuild.client import BrokenReferenceError
    from grader.rebuild.facts.soundness import problems_of

    for reference in references:
        if problems := problems_of(reference):
            raise BrokenReferenceError(reference, problems)


def require_readable_facts(course: Course, references: Sequence[str]) -> None:
    """Refuse unreadable facts of an earlier calibration, since a calibration continues from them.

    Raises:
        AuthoringError: Lists every error of the first such file.
    """
    from grader.authoring.assignment_catalogue import load_facts

    for reference in references:
        if (course.facts / f"{reference}.json").is_file():
            load_facts(reference, course=course)


def require_usable(course: Course, references: Sequence[str]) -> None:
    """Refuse a course if an assignment on these references has an error in files, rubric or template.

    Raises:
        AuthoringError: Lists all errors of the first such assignment.
    """
    from grader.authoring.assignment_catalogue import assignment_ids
    from grader.authoring.courses import reference_of
    from grader.authoring.notebooks import generate

    for name in assignment_ids(folder=course.assignments):
        if reference_of(name, course) in references:
            assignment = load_checked(name, course)
            for language in assignment.languages:
                for solution in (False, True):
                    generate(assignment, language=language, solution=solution, references=course.references)


def load_checked(assignment_id: str, course: Course | None) -> Assignment:
    """Load an assignment from its course, and report every error of its files and its rubric at once.

    Raises:
        AuthoringError: Lists every error: of keys and their values, and of checks and parameters that do not exist.
    """
    from grader.authoring.assignment_catalogue import assignments_folder
    from grader.authoring.configured import load_configured
    from grader.authoring.errors import AuthoringError, unusable
    from grader.authoring.specification import FILE_NAME

    folder = (assignments_folder() if course is None else course.assignments) / assignment_id
    mistakes = rubric_problems(folder / FILE_NAME) if course is not None else []
    try:
        assignment = load_configured(assignment_id, course=course)
    except AuthoringError as error:
        if not mistakes:
            raise
        reported = {(one.file, one.line, one.key) for one in error.problems}
        others = [one for one in mistakes if (one.file, one.line, one.key) not in reported]
        raise unusable(assignment_id, [*error.problems, *others]) from error
    if mistakes:
        raise unusable(assignment_id, mistakes)
    return assignment


def rubric_problems(file: Path) -> list[Problem]:
    """Return every check and parameter of a rubric that does not exist; ours are guarded by tests.

    Anything that is not a rubric is left out: the reader of the file reports it.
    """
    from grader.authoring.errors import AuthoringError
    from grader.authoring.toml_source import read_toml
    from grader.checks.rubric import rubric_mistakes

    try:
        source = read_toml(file)
    except AuthoringError:
        return []  # the loader of the assignment reports it with its line
    stated = source.data.get("rubric")
    problems: list[Problem] = []
    for position, item in enumerate(stated if isinstance(stated, list) else []):
        if isinstance(item, dict) and isinstance(item.get("check"), str):
            alone = RubricItem(item["check"], 1.0, _parameters(item.get("parameters")), (), {})
            problems += [source.problem(("rubric", position, *one.key), one.reason) for one in rubric_mistakes([alone])]
    return problems


def _parameters(stated: object) -> dict[str, ParameterValue]:
    """Return the parameters of a valid type; the reader of the file reports the others."""
    if not isinstance(stated, dict):
        return {}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in stated.items()}
    return {name: value for name, value in values.items() if isinstance(value, str | int | float | tuple)}
