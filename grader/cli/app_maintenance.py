"""The commands with which maintainers check references, facts and rubrics, with their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.command_language import size_of_data
from grader.cli.completion import assignments
from grader.cli.help_and_usage import help_text
from grader.cli.options import WARM, Accelerate, AsJson, CourseFolder, DataFolder, Language, SandboxName, SizeName, Warm
from grader.domain.course import Course
from grader.domain.datasets import DataSize
from grader.domain.messages import message
from grader.sandbox.backend_registry import DEFAULT


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("calibrate", help=help_text(message("Train references over seeds and write reference/facts/.")))(
        calibrate_command
    )
    app.command(
        "validate", help=help_text(message("Rebuild and retrain references, and compare them with their facts."))
    )(validate_command)


def _start_tensorflow(language: str | None) -> None:
    from grader.cli.command_language import error_border
    from grader.rebuild.client import require_tensorflow
    from grader.rebuild.quiet import start_tensorflow

    with error_border(language):
        require_tensorflow()
    start_tensorflow()


Ids = Annotated[
    list[str] | None,
    typer.Argument(help=help_text(message("Reference ids; default: all.")), metavar="ID", autocompletion=assignments),
]
Trained = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help=help_text(message("Trainings at the same time.")))
]


def calibrate_command(
    ids: Ids = None,
    *,
    seeds: Annotated[
        int | None,
        typer.Option(
            "--seeds",
            min=3,
            help=help_text(message("Runs of each; default: 5, 10 where one takes under a minute, 3 where over five.")),
        ),
    ] = None,
    variation_seeds: Annotated[
        int, typer.Option("--variation-seeds", min=0, help=help_text(message("Runs of each honest variation.")))
    ] = 1,
    course: CourseFolder = None,
    data: DataFolder = None,
    data_size: Annotated[
        str | None,
        typer.Option("--data-size", help=help_text(message("full or sample; default: the one after the other."))),
    ] = None,
    jobs: Trained = None,
    lang: Language = None,
) -> None:
    """Make the runs that the facts lack."""
    _start_tensorflow(lang)  # before the modules below import it, with many messages
    from grader.cli.reference_maintenance import TrainingOptions, calibrate_references

    sizes = (DataSize.SAMPLE, DataSize.FULL) if data_size is None else (size_of_data(data_size, lang),)
    for size in sizes:
        trainings = TrainingOptions(size, data, jobs, seeds, variation_seeds, Course.at(course))
        calibrate_references(ids or (), trainings, language=lang)


Variants = Annotated[
    list[str] | None,
    typer.Option("--variant", help=help_text(message("With --rubrics: only this one, by its name; may be repeated."))),
]
KeptGrades = Annotated[
    Path | None,
    typer.Option(
        "--keep", help=help_text(message("With --rubrics: a file for the grades; the same command goes on from there."))
    ),
]


def validate_command(
    ids: Ids = None,
    *,
    full: Annotated[
        bool, typer.Option("--full", help=help_text(message("Train for as many epochs as the facts, not for a tenth.")))
    ] = False,
    rubrics: Annotated[
        bool,
        typer.Option(
            "--rubrics", help=help_text(message("Try rubrics instead, on wrong answers and other right ones."))
        ),
    ] = False,
    fast: Annotated[
        bool, typer.Option("--fast", help=help_text(message("With --rubrics: a fixed few, trained for two steps.")))
    ] = False,
    variant: Variants = None,
    keep: KeptGrades = None,
    sandbox: SandboxName = DEFAULT,
    warm: Warm = WARM,
    course: CourseFolder = None,
    data: DataFolder = None,
    data_size: SizeName = "sample",
    jobs: Trained = None,
    accelerate: Accelerate = True,
    lang: Language = None,
    as_json: AsJson = False,
) -> None:
    """Report references that drifted, or rubrics that err."""
    if rubrics:
        from grader.cli.rubric_validation import RubricValidation, validate_rubrics
        from grader.session import SessionOptions

        own, size = Course.at(course), size_of_data(data_size, lang)
        options = SessionOptions(
            sandbox=sandbox,
            data_size=size,
            data_folder=data,
            jobs=jobs,
            course=own,
            written_for=size,
            warm=warm,
            accelerate=accelerate,
        )
        trial = RubricValidation(ids or (), fast, options, own, keep, variant or ())
        validate_rubrics(trial, language=lang, as_json=as_json)
        return
    _start_tensorflow(lang)  # before the modules below import it, with many messages
    from grader.cli.reference_maintenance import TrainingOptions, validate_references

    trainings = TrainingOptions(size_of_data(data_size, lang), data, jobs, course=Course.at(course))
    validate_references(ids or (), trainings, full=full, language=lang, as_json=as_json)
