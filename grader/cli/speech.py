"""The language of the command line, and the border where errors become a sentence and an exit status.

Exit status: 0 done, 1 the thing asked about did not pass, 2 wrong usage or unreadable input, 3 the grader's own fault.
"""

from __future__ import annotations

import locale
import os
import traceback
from collections.abc import Iterator, Sequence
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
    """Return the language of the user's surroundings (`LC_ALL`, `LC_MESSAGES`, `LANG`), Spanish where they say none.

    `C.UTF-8` names no language; `locale.getlocale` would call it American English.
    """
    named = [os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)]
    codes = [name[:2].lower() for name in named or [locale.setlocale(locale.LC_CTYPE)]]
    return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])


SURROUNDINGS = Translator(surrounding_language())
"""Speaks where no `--lang` was given: help texts, errors."""


def told(sentence: Message, language: str | None = None) -> str:
    """Return a sentence in the asked language, else in that of the surroundings."""
    return (Translator(language) if language else SURROUNDINGS).text(sentence)


def complain(sentence: Message, status: Exit, language: str | None = None) -> typer.Exit:
    """Write a sentence to standard error and return the exception that ends the command with `status`."""
    typer.secho(told(sentence, language), fg=typer.colors.RED, err=True)
    return typer.Exit(int(status))


def our_fault(error: Exception) -> int:
    """Show a failure that nobody expected, with its traceback for the maintainer; return the exit status."""
    traceback.print_exception(error)
    said = message("The grader itself failed: {error}", error=f"{type(error).__name__}: {error}")
    return complain(said, Exit.OUR_FAULT).exit_code


@contextmanager
def error_border(language: str | None = None) -> Iterator[None]:
    """Turn every error that a command can expect into a clear sentence and its exit status.

    Which errors those are is looked up when one comes: importing their modules takes longer than `grader list`.
    """
    try:
        yield
    except Exception as error:
        told_as = _expected(error)
        if told_as is None:
            raise
        sentence, details, status = told_as
        ending = complain(sentence, status, language)
        for detail in details:
            typer.echo(f"  {told(detail, language)}", err=True)
        raise ending from error


def _expected(error: Exception) -> tuple[Message, Sequence[Message], Exit] | None:
    """Return the sentence of an expected error, what is listed below it, and the exit status; None for any other."""
    from grader.authoring.errors import AuthoringError
    from grader.delivery import OutputFolderError
    from grader.domain.measurement import MeasuringFailedError
    from grader.gradebook import GradebookError
    from grader.intake.errors import IntakeError
    from grader.rebuild.client import BrokenReferenceError, MissingDataError, MissingTensorFlowError
    from grader.review.making import DecisionRefusedError
    from grader.roster.sheet import SheetError
    from grader.sandbox.bubblewrap import SandboxUnavailableError

    if isinstance(error, AuthoringError):
        return error.summary, [problem.told() for problem in error.problems], Exit.WRONG_USAGE
    if isinstance(error, BrokenReferenceError):
        return error.reason, error.problems, Exit.WRONG_USAGE
    if isinstance(error, MissingDataError | MissingTensorFlowError | SandboxUnavailableError):
        return error.reason, (), Exit.WRONG_USAGE
    if isinstance(error, IntakeError | OutputFolderError | GradebookError | DecisionRefusedError | SheetError):
        return error.reason, (), Exit.WRONG_USAGE
    if isinstance(error, MeasuringFailedError):
        sentence = message("The measuring process failed. Run `grader doctor`. It said: {text}", text=str(error))
        return sentence, (), Exit.OUR_FAULT
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return _told_by_system(error), (), Exit.WRONG_USAGE
    return None


def _told_by_system(error: OSError) -> Message:
    return message(
        "{path}: {why}. Nothing that was finished before is lost.",
        path=str(error.filename or ""),
        why=error.strerror or str(error),
    )


def language_option(value: str | None) -> str | None:
    """Check `--lang`.

    Raises:
        typer.BadParameter: It is no language that we speak.
    """
    if value is not None and value not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise typer.BadParameter(told(message("unknown language {value}; there are {known}", value=value, known=known)))
    return value
