"""The language of the command line, and the border where errors become a sentence and an exit status.

Exit status: 0 done, 1 the thing asked about did not pass, 2 wrong usage or unreadable input, 3 the grader's own fault.
"""

from __future__ import annotations

import json
import locale
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum, StrEnum
from typing import Final, TypeVar

import typer

from grader.cli.extras import what_to_install
from grader.domain.datasets import ASKED_SIZES, DataSize
from grader.domain.graded import own_failure
from grader.domain.messages import Message, MessageValue, message
from grader.domain.system_errors import said_by_system
from grader.domain.text import with_escaped_controls
from grader.locale import LANGUAGES, Translator
from grader.locale.translator import unknown_language

Choice = TypeVar("Choice", bound=StrEnum)


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
"""Speaks where no `--lang` was given."""

_spoken: ContextVar[Translator] = ContextVar("spoken", default=SURROUNDINGS)


@contextmanager
def using_language(language: str | None) -> Iterator[None]:
    """Let help texts, frames and errors of the command line have this language; None for that of the surroundings."""
    token = _spoken.set(Translator(language) if language else SURROUNDINGS)
    try:
        yield
    finally:
        _spoken.reset(token)


def translated(sentence: Message, language: str | None = None) -> str:
    """Return a sentence in the asked language, else in the one that the command line speaks."""
    return (Translator(language) if language else _spoken.get()).text(sentence)


def colours() -> bool | None:
    """Return whether colours are shown: never where `NO_COLOR` is set, else where a terminal shows them (None)."""
    return False if os.environ.get("NO_COLOR") else None


def echo_json(document: object) -> None:
    """Write a document to standard output as JSON; no word of a student in it commands the terminal."""
    typer.echo(with_escaped_controls(json.dumps(document, ensure_ascii=False, indent=2)))


def complain(sentence: Message, status: Exit, language: str | None = None) -> typer.Exit:
    """Write a sentence to standard error and return the exception that ends the command with `status`."""
    typer.secho(translated(sentence, language), fg=typer.colors.RED, err=True, color=colours())
    return typer.Exit(int(status))


def our_fault(error: Exception) -> int:
    """Show a failure that nobody expected, with its traceback for the maintainer; return the exit status."""
    traceback.print_exception(error)
    said = own_failure(error=f"{type(error).__name__}: {error}")
    return complain(said, Exit.OUR_FAULT).exit_code


@contextmanager
def error_border(language: str | None = None) -> Iterator[None]:
    """Turn every error that a command can expect into a clear sentence and its exit status."""
    try:
        yield
    except Exception as error:
        expected_as = _expected(error)
        if expected_as is None:
            raise
        sentence, details, status = expected_as
        ending = complain(sentence, status, language)
        for detail in details:
            typer.echo(f"  {translated(detail, language)}", err=True)
        raise ending from error


_WITH_A_REASON: Final = (
    ("grader.rebuild.client", "MissingDataError"),
    ("grader.rebuild.client", "MissingTensorFlowError"),
    ("grader.sandbox.bubblewrap", "SandboxUnavailableError"),
    ("grader.intake.intake_errors", "IntakeError"),
    ("grader.delivery", "OutputFolderError"),
    ("grader.executors.choice", "UnknownExecutorError"),
    ("grader.executors.choice", "ClusterError"),
    ("grader.gradebook.faults", "GradebookError"),
    ("grader.review.decision_parsing", "DecisionRefusedError"),
    ("grader.roster.sheet", "SheetError"),
)
"""Errors whose attribute `reason` is the whole sentence, by module and name."""


def _is_one(error: Exception, module: str, name: str) -> bool:
    """Return whether an error is of this class. An error can only be of a class whose module is imported by now."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(error, kind)


def _expected(error: Exception) -> tuple[Message, Sequence[Message], Exit] | None:
    """Return the sentence of an expected error, what is listed below it, and the exit status; None for any other.

    Nothing is imported here: the light core lacks what some of these modules need.
    """
    if _is_one(error, "grader.authoring.errors", "AuthoringError"):
        return error.summary, [problem.sentence() for problem in error.problems], Exit.WRONG_USAGE  # type: ignore[attr-defined]
    if _is_one(error, "grader.rebuild.client", "BrokenReferenceError"):
        return error.reason, error.problems, Exit.WRONG_USAGE  # type: ignore[attr-defined]
    if any(_is_one(error, module, name) for module, name in _WITH_A_REASON):
        return error.reason, (), Exit.WRONG_USAGE  # type: ignore[attr-defined]
    if _is_one(error, "grader.domain.measurement", "MeasuringFailedError"):
        sentence = message("The measuring process failed. Run `grader doctor`. It said: {text}", text=str(error))
        return sentence, (), Exit.OUR_FAULT
    if isinstance(error, ModuleNotFoundError):
        to_install = what_to_install(error)
        return None if to_install is None else (to_install, (), Exit.WRONG_USAGE)
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return _system_error(error), (), Exit.WRONG_USAGE
    return None


def _system_error(error: OSError) -> Message:
    return message(
        "{path}: {why}. Nothing that was finished before is lost.",
        path=str(error.filename or ""),
        why=said_by_system(error),
    )


LANGUAGE_NAMES: Final[Mapping[str, str]] = {"es": "español", "en": "English"}
"""Each language in its own words."""


def language_option(value: str | None) -> str | None:
    """Check `--lang`.

    Raises:
        typer.BadParameter: It is no language that we speak; the text names those that there are.
    """
    if value is not None and value not in LANGUAGES:
        known = ", ".join(f"{code} ({LANGUAGE_NAMES[code]})" for code in LANGUAGES)
        raise typer.BadParameter(translated(unknown_language(value=value, known=known)))
    return value


def several_notebooks(*, path: MessageValue, count: MessageValue) -> Message:
    """Ask for one notebook where there are several."""
    return message("{path} holds {count} notebooks. Name one of them.", path=path, count=count)


def chosen(given: str, values: Sequence[Choice], *, option: str, language: str | None) -> Choice:
    """Return the value that an option names.

    Raises:
        typer.Exit: It is none of these values.
    """
    found = next((value for value in values if value == given), None)
    if found is None:
        sentence = wrong_choice(option=option, value=given, known=", ".join(values))
        raise complain(sentence, Exit.WRONG_USAGE, language)
    return found


def size_of_data(given: str, language: str | None) -> DataSize:
    """Return the size that `--data-size` names.

    Raises:
        typer.Exit: It is none that a person may ask for.
    """
    return chosen(given, ASKED_SIZES, option="--data-size", language=language)


def wrong_choice(*, option: MessageValue, value: MessageValue, known: MessageValue) -> Message:
    """Refuse a value that an option cannot have."""
    return message("{option} is {value}; it can be {known}", option=option, value=value, known=known)


def class_report(*, path: MessageValue) -> Message:
    """Say where the report of a class lies."""
    return message("Report of the class: {path}", path=path)
