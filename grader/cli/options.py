"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.speech import language_option, told
from grader.domain.messages import message

Language = Annotated[
    str | None,
    typer.Option("--lang", callback=language_option, help=told(message("Language of the output: es or en."))),
]
AsJson = Annotated[bool, typer.Option("--json", help=told(message("Print JSON and nothing else.")))]
CourseFolder = Annotated[
    Path | None,
    typer.Option("--course", help=told(message("Folder of your own course (`grader new`), instead of ours."))),
]
GradebookUrl = Annotated[
    str | None,
    typer.Option("--gradebook", help=told(message("Address of the gradebook: postgresql://… or sqlite:///…."))),
]
