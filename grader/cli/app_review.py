"""The commands with which a person decides, with their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.command_language import translated
from grader.cli.help_and_usage import help_text
from grader.cli.options import AsJson, CourseFolder, GradebookUrl, Language
from grader.domain.messages import message

OutFolder = Annotated[
    Path | None,
    typer.Option("--out", help=help_text(message("Folder that `grader grade --out` wrote; default: the current one."))),
]
OneAssignment = Annotated[
    str | None,
    typer.Option("--assignment", help=help_text(message("Assignment id, where the gradebook holds several."))),
]
Author = Annotated[
    str | None, typer.Option("--author", help=help_text(message("Who decides; default: GRADER_AUTHOR, or this user.")))
]
Reason = Annotated[str, typer.Option("--reason", help=help_text(message("Why, in words that the student reads.")))]
File = Annotated[
    str,
    typer.Option("--file", help=help_text(message("Which of several hand-ins: its name, or its digest's beginning."))),
]
NotYet = Annotated[bool, typer.Option("--not-yet", help=help_text(message("The student has handed in nothing yet.")))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("review", help=help_text(message("Show what waits for a person, and why; --accept settles it.")))(
        review_command
    )
    app.command(
        "adjust", help=help_text(message("Give a check or an open question other points than the machine did."))
    )(adjust_command)
    app.command("extend", help=help_text(message("Give a student another due date.")))(extend_command)
    app.command("regrade", help=help_text(message("Give points anew by today's rubric, without running a notebook.")))(
        regrade_command
    )
    app.command("excuse", help=help_text(message("Say that the assignment does not count for a student.")))(
        excuse_command
    )
    app.command("serve", help=help_text(message("Show the grades in a browser: lists, review queue, statistics.")))(
        serve_command
    )


def review_command(
    student: Annotated[str | None, typer.Argument(help=help_text(message("One student: every check.")))] = None,
    *,
    accept: Annotated[
        bool, typer.Option("--accept", help=help_text(message("The points stand as they are; needs --reason.")))
    ] = False,
    reason: Reason = "",
    author: Author = None,
    file: File = "",
    out: OutFolder = None,
    gradebook: GradebookUrl = None,
    assignment: OneAssignment = None,
    course: CourseFolder = None,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Show the queue, or settle one hand-in."""
    from grader.cli.review_commands import ClassChoice, accept_hand_in, default_author, show_waiting
    from grader.review.decision_parsing import AuthorAndReason

    where = ClassChoice(out, gradebook, assignment, course, lang)
    if accept:
        if student is None:
            raise typer.BadParameter(translated(message("--accept needs the student's name."), lang))
        accept_hand_in(where, student, AuthorAndReason(author or default_author(), reason), file=file)
        return
    show_waiting(where, student, as_json=as_json)


def regrade_command(
    *,
    student: Annotated[
        list[str] | None, typer.Option("--student", help=help_text(message("Only this student's. Repeatable.")))
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=help_text(message("Show old and new points, and keep nothing.")))
    ] = False,
    out: OutFolder = None,
    gradebook: GradebookUrl = None,
    assignment: OneAssignment = None,
    course: CourseFolder = None,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Give a class new points from stored observations."""
    from grader.cli.regrade_command import regrade_class
    from grader.cli.review_commands import ClassChoice

    where = ClassChoice(out, gradebook, assignment, course, lang)
    regrade_class(where, student or (), as_json=as_json, dry_run=dry_run)


def adjust_command(
    student: Annotated[str, typer.Argument(help=help_text(message("The student's name, as the grades have it.")))],
    check: Annotated[str, typer.Argument(help=help_text(message("Id of the check or question; total for the whole.")))],
    *,
    reason: Reason,
    points: Annotated[
        str | None, typer.Option("--points", help=help_text(message("What it gets from now on: 7.5 or 7,5.")))
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help=help_text(message("Take an earlier decision back.")))
    ] = False,
    author: Author = None,
    file: File = "",
    out: OutFolder = None,
    gradebook: GradebookUrl = None,
    assignment: OneAssignment = None,
    course: CourseFolder = None,
    lang: Language = None,
) -> None:
    """Store a decision about points and write the results anew."""
    from grader.cli.review_commands import ClassChoice, adjust_points, default_author
    from grader.review.decision_parsing import AuthorAndReason

    if (points is None) != withdraw:
        raise typer.BadParameter(translated(message("Give either --points or --withdraw."), lang))
    where = ClassChoice(out, gradebook, assignment, course, lang)
    adjust_points(where, student, check, points, AuthorAndReason(author or default_author(), reason), file=file)


def extend_command(
    student: Annotated[str, typer.Argument(help=help_text(message("The student's name, as the grades have it.")))],
    *,
    reason: Reason,
    until: Annotated[
        str | None, typer.Option("--until", help=help_text(message("2026-12-04 (its end) or 2026-12-04T18:00.")))
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help=help_text(message("The due date of the others again.")))
    ] = False,
    not_yet: NotYet = False,
    author: Author = None,
    out: OutFolder = None,
    gradebook: GradebookUrl = None,
    assignment: OneAssignment = None,
    course: CourseFolder = None,
    lang: Language = None,
) -> None:
    """Store an extension and write the results anew."""
    from grader.cli.review_commands import ClassChoice, default_author, extend_student
    from grader.review.decision_parsing import AuthorAndReason

    if (until is None) != withdraw:
        raise typer.BadParameter(translated(message("Give either --until or --withdraw."), lang))
    where = ClassChoice(out, gradebook, assignment, course, lang)
    extend_student(where, student, until, AuthorAndReason(author or default_author(), reason), expected=not_yet)


def excuse_command(
    student: Annotated[str, typer.Argument(help=help_text(message("The student's name, as the grades have it.")))],
    *,
    reason: Reason,
    withdraw: Annotated[bool, typer.Option("--withdraw", help=help_text(message("It counts again.")))] = False,
    not_yet: NotYet = False,
    author: Author = None,
    out: OutFolder = None,
    gradebook: GradebookUrl = None,
    assignment: OneAssignment = None,
    course: CourseFolder = None,
    lang: Language = None,
) -> None:
    """Store an excuse and write the results anew."""
    from grader.cli.review_commands import ClassChoice, default_author, excuse_student
    from grader.review.decision_parsing import AuthorAndReason

    where = ClassChoice(out, gradebook, assignment, course, lang)
    excuse_student(
        where, student, AuthorAndReason(author or default_author(), reason), withdraw=withdraw, expected=not_yet
    )


def serve_command(
    out: Annotated[
        list[Path] | None,
        typer.Argument(
            help=help_text(message("Folders that `grader grade --out` wrote; default: the current one.")), metavar="OUT"
        ),
    ] = None,
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help=help_text(message("0 takes any free one.")))
    ] = 8765,
    host: Annotated[
        str,
        typer.Option("--host", help=help_text(message("Where it listens; other than loopback, a token is asked for."))),
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="GRADER_TOKEN",
            help=help_text(message("What is asked for; default: a new one, which is shown.")),
        ),
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help=help_text(message("Another name under which it may be asked.")))
    ] = None,
    author: Author = None,
    gradebook: GradebookUrl = None,
    course: CourseFolder = None,
    lang: Language = None,
) -> None:
    """Serve until Ctrl-C."""
    from grader.cli.review_commands import default_author
    from grader.cli.serving import Address, serve_grades

    address = Address(host, port, token, tuple(name or ()), author or default_author())
    serve_grades(out or [], address, gradebook=gradebook, course=course, language=lang)
