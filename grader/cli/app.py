"""Every command with its options, in the order in which a course needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import grader
from grader.cli import app_backup_and_deletion, app_class, app_maintenance, app_review
from grader.cli.command_language import Exit, chosen, size_of_data
from grader.cli.completion import assignments
from grader.cli.help_and_usage import Commands, TranslatedGroup, first_steps, help_text
from grader.cli.options import (
    NOTEBOOKS_FOLDERS_ZIPS,
    WARM,
    Accelerate,
    AsJson,
    CourseFolder,
    DataFolder,
    GradebookUrl,
    Jobs,
    Language,
    Roster,
    SandboxName,
    SizeName,
    Times,
    TimeZone,
    Warm,
)
from grader.domain.course import Course
from grader.domain.datasets import Held
from grader.domain.messages import message
from grader.domain.ports import AuditMode
from grader.sandbox.backend_registry import DEFAULT, UNSHUT

app = Commands(
    name="grader",
    cls=TranslatedGroup,
    invoke_without_command=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help=help_text(message("Fair, explained, tamper-proof grading of autoencoder notebooks.")),
)


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer's callback
    if value:
        typer.echo(f"autoencoder-grader {grader.__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has answered
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help=help_text(message("Show the version."))),
    ] = False,
    lang: Language = None,
) -> None:
    """Read the options of every command; without a command, show the first steps and exit with status 2."""
    if lang is not None:  # given before the command, it applies to the command
        ctx.default_map = {name: {"lang": lang} for name in ctx.command.commands}  # type: ignore[attr-defined]
    if ctx.invoked_subcommand is None:
        typer.echo(first_steps())
        raise typer.Exit(int(Exit.WRONG_USAGE))


@app.command("list", help=help_text(message("Show assignments and references at a glance.")))
def list_command(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            help=help_text(message("Show these alone, with all figures.")), metavar="ID", autocompletion=assignments
        ),
    ] = None,
    *,
    course: CourseFolder = None,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Show every assignment with its reference's facts."""
    from grader.cli.notebook_generation import show_list

    show_list(course, ids=ids or (), language=lang, as_json=as_json)


@app.command(
    "new", help=help_text(message("Begin an assignment of your own, with its own reference, in your own folder."))
)
def new_command(
    assignment: Annotated[
        str, typer.Argument(help=help_text(message("Its id, such as my-autoencoder.")), metavar="ID")
    ],
    *,
    course: Annotated[
        Path, typer.Option("--course", help=help_text(message("Folder of the course; made if need be.")))
    ] = Path("course"),
    source: Annotated[
        str | None,
        typer.Option("--from", help=help_text(message("Begin as a copy of this assignment, such as stacked."))),
    ] = None,
    lang: Language = None,
) -> None:
    """Write the scaffold."""
    from grader.cli.course_option import create_assignment

    create_assignment(assignment, course, source=source, language=lang)


@app.command("generate", help=help_text(message("Write assignment notebooks: DIR/<id>.ipynb.")))
def generate_command(
    ids: Annotated[
        list[str],
        typer.Argument(help=help_text(message("Assignment ids, or all.")), metavar="ID", autocompletion=assignments),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help=help_text(message("Folder for the notebooks.")))],
    course: CourseFolder = None,
    lang: Language = None,
    solution: Annotated[
        bool, typer.Option("--solution", help=help_text(message("Write the solution: DIR/<id>.solution.ipynb.")))
    ] = False,
) -> None:
    """Generate notebooks."""
    from grader.cli.notebook_generation import write_notebooks

    write_notebooks(ids, out, course, language=lang, solution=solution)


app_class.register_after_generating(app)

Compat = Annotated[
    bool,
    typer.Option(
        "--compat", help=help_text(message("Translate calls that current versions no longer take, and report it."))
    ),
]
Audit = Annotated[
    str,
    typer.Option(
        "--audit",
        help=help_text(
            message(
                "Which notebooks are run again on a secret view of the data, to see whether they train: suspicious, "
                "all or none."
            )
        ),
    ),
]
CompatOrNot = Annotated[
    bool | None,
    typer.Option(
        "--compat/--no-compat",
        help=help_text(message("Run old code translated, or only as it is; else translated where it breaks as it is.")),
    ),
]

Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        help=help_text(message("Where notebooks run: local, dask-local:N, or dask://HOST:PORT of a Dask scheduler.")),
    ),
]


@app.command("check", help=help_text(message("Check one notebook on your own machine, before handing it in.")))
def check_command(
    notebook: Annotated[Path, typer.Argument(help=help_text(message("The notebook.")))],
    *,
    assignment: Annotated[
        str | None,
        typer.Option(
            "--assignment",
            autocompletion=assignments,
            help=help_text(message("Assignment id, or a published file or address; else the notebook's.")),
        ),
    ] = None,
    course: CourseFolder = None,
    compat: Compat = False,
    data: DataFolder = None,
    data_size: SizeName = "full",
    accelerate: Accelerate = True,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Run the public checks."""
    from grader.cli.checking import check_notebook
    from grader.session import SessionOptions

    options = SessionOptions(
        sandbox=UNSHUT,
        data_size=size_of_data(data_size, lang),
        data_folder=data,
        images=Held.PUBLIC,
        jobs=1,
        work_folder=notebook.parent,
        course=Course.at(course),
        compat=compat,
        accelerate=accelerate,
    )
    check_notebook(notebook, assignment, options, language=lang, as_json=as_json)


@app.command("inspect", help=help_text(message("Say which autoencoders a notebook trains; no assignment is needed.")))
def inspect_command(
    notebook: Annotated[Path, typer.Argument(help=help_text(message("The notebook.")))],
    *,
    sandbox: SandboxName = DEFAULT,
    warm: Warm = WARM,
    compat: CompatOrNot = None,
    data: DataFolder = None,
    data_size: SizeName = "full",
    accelerate: Annotated[
        bool,
        typer.Option(
            "--accelerate/--no-accelerate",
            help=help_text(message("Do several steps of a training at once, which changes no number.")),
        ),
    ] = True,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Run a notebook and report what it trains."""
    from grader.cli.inspect_command import inspect_one
    from grader.session import SessionOptions

    options = SessionOptions(
        sandbox=sandbox,
        data_size=size_of_data(data_size, lang),
        data_folder=data,
        jobs=1,
        warm=warm,
        accelerate=accelerate,
    )
    inspect_one(notebook, options, compat=compat, language=lang, as_json=as_json)


@app.command("grade", help=help_text(message("Grade files, folders and LMS zips.")))
def grade_command(
    paths: Annotated[list[Path], typer.Argument(help=help_text(NOTEBOOKS_FOLDERS_ZIPS), metavar="PATH")],
    *,
    assignment: Annotated[
        str, typer.Option("--assignment", autocompletion=assignments, help=help_text(message("Assignment id.")))
    ],
    out: Annotated[Path, typer.Option("--out", help=help_text(message("Folder for grades and reports.")))],
    sandbox: SandboxName = DEFAULT,
    course: CourseFolder = None,
    compat: Compat = False,
    data: DataFolder = None,
    data_size: SizeName = "full",
    audit: Audit = "suspicious",
    roster: Roster = None,
    times: Times = None,
    timezone: TimeZone = None,
    jobs: Jobs = None,
    executor: Executor = "local",
    force: Annotated[
        bool,
        typer.Option("--force", help=help_text(message("Run again what was run before; with --student only theirs."))),
    ] = False,
    student: Annotated[
        list[str] | None,
        typer.Option("--student", help=help_text(message("Run this student's notebook again. Repeatable."))),
    ] = None,
    accelerate: Accelerate = True,
    warm: Warm = WARM,
    gradebook: GradebookUrl = None,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Grade a class; what has run before does not run again."""
    from grader.cli.grading import grade_paths
    from grader.cli.rosters import ClassLists, HandIns
    from grader.review.book import BookPlace
    from grader.session import SessionOptions

    options = SessionOptions(
        sandbox=sandbox,
        data_size=size_of_data(data_size, lang),
        data_folder=data,
        jobs=jobs,
        course=Course.at(course),
        compat=compat,
        audit=chosen(audit, tuple(AuditMode), option="--audit", language=lang),
        run_again=tuple(student) if student else () if force else None,
        accelerate=accelerate,
        warm=warm,
        executor=executor,
    )
    place = BookPlace.new(out, gradebook, course=Course.at(course))
    hand_ins = HandIns(paths, ClassLists(roster, times, timezone))
    grade_paths(hand_ins, assignment, place, options, language=lang, as_json=as_json)


app_review.register(app)
app_class.register_after_grading(app)
app_backup_and_deletion.register(app)


@app.command("demo", help=help_text(message("Generate and grade a sample class, and compare with what is expected.")))
def demo_command(
    *,
    out: Annotated[
        Path, typer.Option("--out", help=help_text(message("Folder for the class and its reports.")))
    ] = Path("grader-demo"),
    sandbox: SandboxName = DEFAULT,
    jobs: Jobs = None,
    accelerate: Accelerate = True,
    lang: Language = None,
) -> None:
    """Show the product on a class that ships with it."""
    from grader.cli.demonstration import run_demo

    run_demo(out, sandbox=sandbox, jobs=jobs, accelerate=accelerate, language=lang)


app_maintenance.register(app)


@app.command("doctor", help=help_text(message("Show what this machine has, and what to install.")))
def doctor_command(
    *,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help=help_text(message("Try every behaviour of the sandbox instead, in a minute or two."))
        ),
    ] = False,
    data: DataFolder = None,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Examine the machine."""
    if sandbox:
        from grader.cli.conformance import show_behaviours

        show_behaviours(language=lang, as_json=as_json)
        return
    from grader.cli.doctor import examine

    examine(data, language=lang, as_json=as_json)
