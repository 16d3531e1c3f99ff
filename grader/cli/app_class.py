"""Commands around grading: giving results back, looking for copies, publishing an assignment to students."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.command_language import size_of_data
from grader.cli.help_and_usage import help_text
from grader.cli.options import (
    NOTEBOOKS_FOLDERS_ZIPS,
    AsJson,
    CourseFolder,
    GradebookUrl,
    Language,
    Roster,
    SandboxName,
    SizeName,
    Times,
    TimeZone,
)
from grader.domain.course import Course
from grader.domain.messages import message
from grader.sandbox.backend_registry import DEFAULT

FileToWrite = Annotated[Path, typer.Option("--out", help=help_text(message("File to write.")))]


def export_command(
    form: Annotated[
        str,
        typer.Argument(
            help=help_text(
                message(
                    "moodle, moodle-feedback, canvas, gradescope, gradescope-autograder, github-classroom, nbgrader, "
                    "xlsx, csv or junit."
                )
            ),
            metavar="FORMAT",
        ),
    ],
    folder: Annotated[
        Path, typer.Argument(help=help_text(message("Folder that `grader grade` wrote.")), metavar="FOLDER")
    ] = Path("grades"),
    *,
    out: FileToWrite,
    worksheet: Annotated[
        Path | None,
        typer.Option(
            "--worksheet", help=help_text(message("moodle, canvas: the worksheet or gradebook as it was downloaded."))
        ),
    ] = None,
    roster: Roster = None,
    times: Times = None,
    timezone: TimeZone = None,
    extensions: Annotated[
        Path | None,
        typer.Option("--extensions", help=help_text(message("Table (CSV): until when a student may hand in."))),
    ] = None,
    column: Annotated[
        str, typer.Option("--column", help=help_text(message("canvas: title of the assignment's column.")))
    ] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help=help_text(message("Write the file although some students match nobody.")))
    ] = False,
    assignment: Annotated[
        str | None,
        typer.Option("--assignment", help=help_text(message("Assignment id; default: the one graded last."))),
    ] = None,
    sandbox: SandboxName = DEFAULT,
    data_size: SizeName = "full",
    course: CourseFolder = None,
    gradebook: GradebookUrl = None,
    lang: Language = None,
) -> None:
    """Write one file for a platform, a spreadsheet or a program."""
    from grader.cli.handing_back import ExportRequest, export_class
    from grader.cli.rosters import ClassLists

    lists = ClassLists(roster, times, timezone, extensions)
    size = size_of_data(data_size, lang)
    wanted = ExportRequest(
        form, out, worksheet, column, anyway, assignment, sandbox, size, Course.at(course), gradebook
    )
    export_class(folder, wanted, lists, language=lang)


def publish_command(
    assignment: Annotated[str, typer.Argument(help=help_text(message("Assignment id.")), metavar="ID")],
    *,
    out: FileToWrite,
    course: CourseFolder = None,
    lang: Language = None,
) -> None:
    """Write what students need to check an assignment, without its solution."""
    from grader.cli.publishing import publish_assignment

    publish_assignment(assignment, out, Course.at(course), language=lang)


def register_after_generating(app: typer.Typer) -> None:
    """Add the commands that come after `generate`."""
    app.command("publish", help=help_text(message("Write an assignment for students: rubric and facts, no solution.")))(
        publish_command
    )


def alike_command(
    paths: Annotated[list[Path], typer.Argument(help=help_text(NOTEBOOKS_FOLDERS_ZIPS), metavar="PATH")],
    *,
    assignment: Annotated[str, typer.Option("--assignment", help=help_text(message("Assignment id.")))],
    out: Annotated[
        Path | None, typer.Option("--out", help=help_text(message("Page (HTML) with both sides of every pair.")))
    ] = None,
    grades: Annotated[
        Path | None,
        typer.Option(
            "--grades", help=help_text(message("Folder that `grader grade` wrote: finds equal trained weights too."))
        ),
    ] = None,
    common: Annotated[
        list[Path] | None,
        typer.Option(
            "--common", help=help_text(message("Notebooks, Python files or folders that all may use. Repeatable."))
        ),
    ] = None,
    gradebook: GradebookUrl = None,
    course: CourseFolder = None,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Compare hand-ins with each other; nothing runs and no grade changes."""
    from grader.cli.alike_command import ComparisonOptions, compare_class

    wanted = ComparisonOptions(out, grades, gradebook, tuple(common or ()))
    compare_class(paths, assignment, Course.at(course), wanted, language=lang, as_json=as_json)


def register_after_grading(app: typer.Typer) -> None:
    """Add the commands that come after `grade`."""
    app.command("export", help=help_text(message("Give grades back: to Moodle, Canvas, Gradescope, a spreadsheet …")))(
        export_command
    )
    app.command("alike", help=help_text(message("Show hand-ins that are unusually alike, as evidence for a person.")))(
        alike_command
    )
