"""Runs commands as a user does, and makes the files that users have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox_here import sandbox_is_missing
from typer.testing import CliRunner

from grader.cli.app import app

START = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from grader.cli import main; sys.argv[0] = 'grader'; main()"
)
"""Ctrl-C is listened to even where these tests run in a shell's background, whose children are deaf to it."""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        status: Exit status.
        out: Standard output.
        err: Standard error.
    """

    status: int
    out: str
    err: str


def run(*arguments: str | Path) -> Ended:
    """Run `grader ARGUMENTS` in this process, where it starts at once; an error that nobody expected is raised."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="grader")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "Traceback" not in result.stderr
    return Ended(result.exit_code, result.stdout, result.stderr)


def run_process(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    seconds: float = 180,
) -> Ended:
    """Run `grader ARGUMENTS` in a process of its own; variables of `environment` are added, empty ones taken away."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=surroundings(environment or {}),
        cwd=folder,
        timeout=seconds,
    )
    assert "Traceback" not in done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def command(*arguments: str | Path) -> list[str]:
    """The command line of `grader ARGUMENTS` in this environment."""
    return [sys.executable, "-c", START, *map(str, arguments)]


def surroundings(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with changes; an empty value takes a variable away."""
    merged = dict(os.environ) | changes
    return {name: value for name, value in merged.items() if value}


def has_sandbox() -> bool:
    """Whether a sandbox works here."""
    return not sandbox_is_missing()


def notebook(*sources: str, **document: Any) -> str:
    """A notebook of these code cells as JSON; `document` replaces whole parts of it."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in sources
    ]
    origin = {"autoencoder_grader": {"assignment": "stacked", "language": "en"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": origin, "cells": cells} | document)


OLD_FORMAT = json.dumps(
    {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {},
        "worksheets": [{"cells": [{"cell_type": "code", "input": "a = 1"}]}],
    }
)

LARGE_BYTES = 200_000_000


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be graded.

    Attributes:
        content: Its text, or None for 200 MB that take no room on the disk.
        sentences: What is said about it, by language.
    """

    content: str | None
    sentences: Mapping[str, str]


_DOWNLOAD_EN = "In Colab, choose File > Download > Download .ipynb, and hand in that file."
_DOWNLOAD_ES = "En Colab, elige Archivo > Descargar > Descargar .ipynb, y entrega ese archivo."

UNREADABLE = {
    "not_json": Unreadable(
        "hello",
        {
            "en": "The file is not a notebook, or a damaged one: it is not valid JSON at line 1, column 1 "
            f"(Expecting value). {_DOWNLOAD_EN}",
            "es": "El archivo no es un notebook, o está dañado: no es JSON válido en la línea 1, columna 1 "
            f"(Expecting value). {_DOWNLOAD_ES}",
        },
    ),
    "empty": Unreadable(
        "",
        {
            "en": f"The file is empty: it has 0 bytes. {_DOWNLOAD_EN}",
            "es": f"El archivo está vacío: tiene 0 bytes. {_DOWNLOAD_ES}",
        },
    ),
    "no_code": Unreadable(
        notebook(),
        {
            "en": "The notebook has no code cell (cells in all: 0). Perhaps the work is in another copy.",
            "es": "El notebook no tiene ninguna celda de código (celdas en total: 0). Quizás el trabajo está en otra "
            "copia.",
        },
    ),
    "other_language": Unreadable(
        notebook("x <- 1", metadata={"kernelspec": {"name": "ir", "language": "R"}}),
        {
            "en": "The notebook is written for R, not for Python. In Colab, choose Runtime > Change runtime type > "
            "Python 3, save, download it and hand it in again.",
            "es": "El notebook está escrito para R, no para Python. En Colab, elige Entorno de ejecución > Cambiar "
            "tipo de entorno de ejecución > Python 3, guarda, descárgalo y entrégalo de nuevo.",
        },
    ),
    "large": Unreadable(
        None,
        {
            "en": "The notebook has 200.0 MB, more than the 50 MB that are accepted. Saved outputs are most of it: in "
            "Colab, choose Edit > Clear all outputs, save, download it and hand it in again.",
            "es": "El notebook tiene 200,0 MB, más de los 50 MB que se aceptan. Casi todo son salidas guardadas: en "
            "Colab, elige Editar > Borrar todos los resultados (Clear all outputs), guarda, descárgalo y entrégalo de "
            "nuevo.",
        },
    ),
}


def write_unreadable(folder: Path, kind: str) -> Path:
    """Write `<kind>.ipynb` and return its path."""
    path = folder / f"{kind}.ipynb"
    content = UNREADABLE[kind].content
    path.write_text(content or "")
    if content is None:
        os.truncate(path, LARGE_BYTES)
    return path
