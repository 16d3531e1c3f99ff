"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from grader.cli.completion import chosen_from
from grader.cli.frames import remembered as told
from grader.cli.speech import language_option
from grader.domain.messages import message

NOTEBOOKS_FOLDERS_ZIPS: Final = message("Notebooks, folders, zips.")


Language = Annotated[
    str | None,
    typer.Option(
        "--lang",
        callback=language_option,
        autocompletion=chosen_from("es", "en"),
        help=told(message("Language of the output: es or en.")),
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help=told(message("Print JSON and nothing else.")))]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data", help=told(message("Folder with full data sets of your own (mnist.npz, fashion_mnist.npz)."))
    ),
]
DataSize = Annotated[
    str,
    typer.Option("--data-size", autocompletion=chosen_from("full", "sample"), help=told(message("full or sample."))),
]
CourseFolder = Annotated[
    Path | None,
    typer.Option("--course", help=told(message("Folder of your own course (`grader new`), instead of ours."))),
]
GradebookUrl = Annotated[
    str | None,
    typer.Option("--gradebook", help=told(message("Address of the gradebook: postgresql://… or sqlite:///…."))),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help=told(message("Notebooks that run at the same time.")))
]
Roster = Annotated[
    Path | None,
    typer.Option("--roster", help=told(message("Table (CSV) of the class, or the worksheet that the LMS gave."))),
]
Times = Annotated[
    str | None,
    typer.Option(
        "--times", help=told(message("Table (CSV) of times of hand-in; `names` reads them in names of files."))
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option("--timezone", help=told(message("Of times that name none, such as America/Bogota."))),
]
