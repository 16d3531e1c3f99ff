"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from grader.cli.command_language import language_option
from grader.cli.completion import chosen_from
from grader.cli.help_and_usage import help_text
from grader.domain.messages import message
from grader.sandbox.backend_registry import UNSHUT, backend_names

NOTEBOOKS_FOLDERS_ZIPS: Final = message("Notebooks, folders, zips.")


Language = Annotated[
    str | None,
    typer.Option(
        "--lang",
        callback=language_option,
        autocompletion=chosen_from("es", "en"),
        help=help_text(message("Language of the output: es or en.")),
    ),
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help=help_text(
            message("Print JSON and nothing else; grade and check write events to standard error as JSON, too.")
        ),
    ),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data", help=help_text(message("Folder with full data sets of your own (mnist.npz, fashion_mnist.npz)."))
    ),
]
SizeName = Annotated[
    str,
    typer.Option(
        "--data-size", autocompletion=chosen_from("full", "sample"), help=help_text(message("full or sample."))
    ),
]
CourseFolder = Annotated[
    Path | None,
    typer.Option("--course", help=help_text(message("Folder of your own course (`grader new`), instead of ours."))),
]
GradebookUrl = Annotated[
    str | None,
    typer.Option("--gradebook", help=help_text(message("Address of the gradebook: postgresql://… or sqlite:///…."))),
]
SandboxName = Annotated[
    str,
    typer.Option(
        "--sandbox",
        autocompletion=chosen_from(*backend_names()),
        help=help_text(
            message(
                "Where notebooks run: {names}. With {unshut} they run with your rights.",
                names=", ".join(backend_names()),
                unshut=UNSHUT,
            )
        ),
    ),
]
WARM: Final = True
"""Whether kernels are warm by default."""
Warm = Annotated[
    bool,
    typer.Option(
        "--warm/--no-warm",
        help=help_text(message("Import TensorFlow once and fork kernels from there; grades are the same.")),
    ),
]
Accelerate = Annotated[
    bool,
    typer.Option(
        "--accelerate/--no-accelerate",
        help=help_text(message("Shorten trainings; what loses a point by it is run again, whole.")),
    ),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help=help_text(message("Notebooks that run at the same time.")))
]
Roster = Annotated[
    Path | None,
    typer.Option("--roster", help=help_text(message("Table (CSV) of the class, or the worksheet that the LMS gave."))),
]
Times = Annotated[
    str | None,
    typer.Option(
        "--times", help=help_text(message("Table (CSV) of times of hand-in; `names` reads them in names of files."))
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option("--timezone", help=help_text(message("Of times that name none, such as America/Bogota."))),
]
