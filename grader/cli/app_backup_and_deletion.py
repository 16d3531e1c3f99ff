"""The commands that back up a gradebook and handle the data of one student, with their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.app_review import Author, OutFolder
from grader.cli.help_and_usage import help_text
from grader.cli.options import CourseFolder, GradebookUrl, Language
from grader.domain.messages import message

BackupFile = Annotated[Path, typer.Argument(help=help_text(message("The backup.")), metavar="FILE")]
Student = Annotated[
    str, typer.Argument(help=help_text(message("The student's name, exactly as the table has it.")), metavar="STUDENT")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup", help=help_text(message("Write a graded class with its gradebook into one file.")))(
        backup_command
    )
    app.command("restore", help=help_text(message("Write a backup into an empty folder, or into an empty database.")))(
        restore_command
    )
    app.command(
        "student-data", help=help_text(message("Write everything about a student into one file, to hand it over."))
    )(student_data_command)
    app.command("delete-student", help=help_text(message("Delete everything about a student.")))(delete_student_command)


def backup_command(
    file: BackupFile, *, out: OutFolder = None, gradebook: GradebookUrl = None, lang: Language = None
) -> None:
    """Write the file."""
    from grader.cli.backup_and_deletion import back_up

    back_up(file, out, gradebook, language=lang)


def restore_command(
    file: BackupFile,
    *,
    out: Annotated[Path, typer.Option("--out", help=help_text(message("An empty or new folder.")))],
    gradebook: GradebookUrl = None,
    lang: Language = None,
) -> None:
    """Write folder and gradebook."""
    from grader.cli.backup_and_deletion import restore

    restore(file, out, gradebook, language=lang)


def student_data_command(
    student: Student,
    *,
    file: Annotated[Path, typer.Option("--to", help=help_text(message("The file, a zip.")))],
    out: OutFolder = None,
    gradebook: GradebookUrl = None,
    lang: Language = None,
) -> None:
    """Write the file."""
    from grader.cli.backup_and_deletion import hand_over

    hand_over(student, file, (out, gradebook), language=lang)


def delete_student_command(
    student: Student,
    *,
    reason: Annotated[
        str, typer.Option("--reason", help=help_text(message("Why; kept without the student's name.")))
    ] = "",
    author: Author = None,
    yes: Annotated[
        bool, typer.Option("--yes", help=help_text(message("Delete; without it, only show what that is.")))
    ] = False,
    out: OutFolder = None,
    gradebook: GradebookUrl = None,
    course: CourseFolder = None,
    lang: Language = None,
) -> None:
    """Delete, or show what would be deleted."""
    from grader.cli.backup_and_deletion import delete
    from grader.cli.review_commands import default_author
    from grader.review.decision_parsing import AuthorAndReason

    delete(
        student, AuthorAndReason(author or default_author(), reason), (out, gradebook, course), yes=yes, language=lang
    )
