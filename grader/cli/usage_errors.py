"""Translates the usage errors that click reports in English into our sentences.

Some versions of typer contain a copy of click and others use the package, so errors are identified by the names of
their classes, which are the same in both.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

import typer

from grader.domain.messages import Message, message, verbatim

_LISTED: Final = re.compile(r"\(([^()]*)\)$")


def is_usage_error(error: Exception) -> bool:
    """Return whether click reports wrong usage."""
    return "ClickException" in _kinds(error)


def unknown_command(name: str, known: Sequence[str]) -> typer.BadParameter:
    """Return the error of a command that does not exist."""
    error = typer.BadParameter(name)
    error.grader_sentence = _with_nearest(  # type: ignore[attr-defined]
        message("There is no command {name}.", name=name), name, known
    )
    return error


def explain(error: Exception) -> Message:
    """Return what is wrong with the command line.

    Args:
        error: A usage error of click's.
    """
    sentence = getattr(error, "grader_sentence", None)
    if isinstance(sentence, Message):
        return sentence
    kinds, text = _kinds(error), str(getattr(error, "message", error))
    if "MissingParameter" in kinds:
        return message("{name} is missing.", name=_name_of(error))
    if "NoSuchOption" in kinds:
        name = str(getattr(error, "option_name", ""))
        return _with_nearest(message("There is no option {name}.", name=name), name, _options_of(error))
    if "BadOptionUsage" in kinds:
        return _bad_use(str(getattr(error, "option_name", "")), text)
    if "BadParameter" in kinds:
        return _bad_value(error, text)
    extra = _LISTED.search(text)
    if extra is not None:
        return message("Too many arguments: {arguments}", arguments=extra.group(1))
    return verbatim(text)


def ask_for_help(error: Exception) -> Message:
    """Return the line below an error: the command that shows the usage."""
    path = getattr(getattr(error, "ctx", None), "command_path", None) or "grader"
    return message("How it is used: {command}", command=f"{path} --help")


def _kinds(error: Exception) -> frozenset[str]:
    return frozenset(kind.__name__ for kind in type(error).__mro__)


def _bad_use(option: str, text: str) -> Message:
    if "does not take" in text:
        return message("{option} takes no value.", option=option)
    return message("{option} needs a value after it.", option=option)


def _bad_value(error: Exception, text: str) -> Message:
    """Explain an invalid option value: a number is expected, or our own callback has reported the error."""
    name, least = _name_of(error), getattr(getattr(error, "param", None), "min", None)
    if least is None:  # click stores it in the parameter's type, typer does not
        least = getattr(getattr(getattr(error, "param", None), "type", None), "min", None)
    if least is not None:
        return message("{name} needs a whole number that is at least {least}.", name=name, least=least)
    return message("{name}: {problem}", name=name, problem=text)


def _name_of(error: Exception) -> str:
    """Return the name of a parameter on the command line: the option, or the placeholder of an argument."""
    parameter = getattr(error, "param", None)
    if parameter is None:
        return str(getattr(error, "param_hint", "") or "")
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.name.upper())


def _options_of(error: Exception) -> list[str]:
    command = getattr(getattr(error, "ctx", None), "command", None)
    return [option for one in getattr(command, "params", ()) for option in one.opts if option.startswith("--")]


def _with_nearest(summary: Message, name: str, known: Sequence[str]) -> Message:
    nearest = difflib.get_close_matches(name, known, n=1)
    if not nearest:
        return summary
    return message("{problem} Did you mean {nearest}?", problem=summary, nearest=nearest[0])
