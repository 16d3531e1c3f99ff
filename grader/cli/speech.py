"""The language of the command line, and the border where errors become a sentence and an exit status.

Exit status: 0 done, 1 the thing asked about did not pass, 2 wrong usage or unreadable input, 3 the grader's own fault.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from grader.domain.messages import Message, message
from grader.locale import LANGUAGES, Translator


class Exit(IntEnum):
    """What the exit status says."""

    DONE = 0
    DID_NOT_PASS = 1
    WRONG_USAGE = 2
    OUR_FAULT = 3


def surrounding_language() -> str:
    """Return the language of the user's surroundings (`LC_ALL`, `LC_MESSAGES`, `LANG`), Spanish where they say none."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")[:2].lower()
        if value in LANGUAGES:
            return value
    system = (locale.getlocale()[0] or "")[:2].lower()
    return system if system in LANGUAGES else LANGUAGES[0]


SURROUNDINGS = Translator(surrounding_language())
"""Speaks where no `--lang` was given: help texts, errors."""


def told(sentence: Message, language: str | None = None) -> str:
    """Return a sentence in the asked language, else in that of the surroundings."""
    return (Translator(language) if language else SURROUNDINGS).text(sentence)


def complain(sentence: Message, status: Exit, language: str | None = None) -> typer.Exit:
    """Write a sentence to standard error and return the exception that ends the command with `status`."""
    typer.secho(told(sentence, language), fg=typer.colors.RED, err=True)
    return typer.Exit(int(status))


@contextmanager
def error_border(language: str | None = None) -> Iterator[None]:
    """Turn every error that a command can expect into a clear sentence and its exit status."""
    from grader.authoring.errors import AuthoringError
    from grader.delivery import OutputFolderError
    from grader.domain.assignment import AssignmentError
    from grader.domain.measurement import MeasuringFailedError
    from grader.gradebook import GradebookError
    from grader.intake.errors import IntakeError
    from grader.rebuild.client import MissingDataError
    from grader.sandbox.bubblewrap import SandboxUnavailableError

    try:
        yield
    except AuthoringError as error:
        for problem in error.problems:
            typer.echo(f"  {told(problem.told(), language)}", err=True)
        raise complain(error.summary, Exit.WRONG_USAGE, language) from error
    except (IntakeError, OutputFolderError, GradebookError, MissingDataError, SandboxUnavailableError) as error:
        raise complain(error.reason, Exit.WRONG_USAGE, language) from error
    except AssignmentError as error:
        raise complain(message("{text}", text=str(error)), Exit.WRONG_USAGE, language) from error
    except MeasuringFailedError as error:
        sentence = message("The measuring process failed. Run `grader doctor`. It said: {text}", text=str(error))
        raise complain(sentence, Exit.OUR_FAULT, language) from error
    except OSError as error:
        sentence = message(
            "{path}: {why}. Nothing that was finished before is lost.",
            path=str(error.filename or ""),
            why=error.strerror or str(error),
        )
        raise complain(sentence, Exit.WRONG_USAGE, language) from error


def language_option(value: str | None) -> str | None:
    """Check `--lang`.

    Raises:
        typer.BadParameter: It is no language that we speak.
    """
    if value is not None and value not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise typer.BadParameter(told(message("unknown language {value}; there are {known}", value=value, known=known)))
    return value


def is_interactive() -> bool:
    """Say whether a person watches standard error."""
    return sys.stderr.isatty()
