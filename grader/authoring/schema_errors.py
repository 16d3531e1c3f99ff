"""Translates pydantic's errors in a TOML file into our own words, with line numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from grader.authoring.errors import Problem
from grader.authoring.schema import TomlTable
from grader.authoring.toml_source import TomlSource
from grader.domain.messages import Message, message


def schema_problems(source: TomlSource, model: type[TomlTable]) -> list[Problem]:
    """Return every key of the file that is missing, unknown, of the wrong type or out of bounds."""
    try:
        model.model_validate(source.data)
    except ValidationError as error:
        return [source.problem(details["loc"], _reason(details, model)) for details in error.errors()]
    return []


# ----------------------------------------------------------------------------------------------------------------------


def _reason(error: ErrorDetails, model: type[TomlTable]) -> Message:
    """Describe in our own words what pydantic found; in pydantic's words if we have none."""
    context = error.get("ctx", {})
    found = _shown(error["input"])
    match error["type"]:
        case "missing":
            return message("this key is missing.")
        case "extra_forbidden":
            known = ", ".join(_known_keys(model, error["loc"]))
            return message("this key is unknown; known here: {known}.", known=known)
        case "blank":
            return message("must not be empty.")
        case "greater_than":
            return message("must be greater than {bound}, found {found}.", bound=context["gt"], found=found)
        case "greater_than_equal":
            return message("must be at least {bound}, found {found}.", bound=context["ge"], found=found)
        case "less_than_equal":
            return message("must be at most {bound}, found {found}.", bound=context["le"], found=found)
        case "literal_error":
            return message("must be one of {known}, found {found}.", known=context["expected"], found=found)
        case "too_short":
            return message("must hold at least one entry.")
        case "colab_url":
            return message(
                "must be a folder on GitHub (…/tree/main/notebooks) or in Colab, found {found}.", found=found
            )
        case "package":
            return message(
                "must be one word that `pip install` understands, without quotes, found {found}.", found=found
            )
        case "parameter":
            return message(
                "must be a text, a finite number, true, false or a list of texts, found {found}.", found=found
            )
        case _:
            return _wrong_type(error["type"], found, error["msg"])


def _wrong_type(kind: str, found: str, words: str) -> Message:
    match kind:
        case "secure":
            return message("must be an address that begins with https://, found {found}.", found=found)
        case "string_type":
            return message("must be a text in quotes, found {found}.", found=found)
        case "float_type" | "finite_number":
            return message("must be a finite number, found {found}.", found=found)
        case "int_type":
            return message("must be a whole number, found {found}.", found=found)
        case "list_type":
            return message("must be a list, found {found}.", found=found)
        case "dict_type" | "model_type":
            return message("must be a table, found {found}.", found=found)
        case "datetime_type" | "timezone_aware":
            return message(
                "must be a date and time with its time zone, such as 2026-12-01T23:59:00-05:00, found {found}.",
                found=found,
            )
        case _:
            return message("{problem}, found {found}.", problem=words, found=found)


def _shown(value: object) -> str:
    """Write a value as a TOML file would, with the digits that matter to people."""
    return value.isoformat() if isinstance(value, datetime | date | time) else repr(value)


def _known_keys(model: type[TomlTable], location: tuple[str | int, ...]) -> Iterator[str]:
    """Walk down the schema to the table with an unknown key and yield the keys that it may have."""
    for step in location[:-1]:
        if isinstance(step, str) and step in model.model_fields:  # else a name of the author's own
            annotation = model.model_fields[step].annotation
            inner = next((part for part in (annotation, *get_args(annotation)) if _is_table(part)), None)
            model = inner or model
    yield from model.model_fields


def _is_table(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, TomlTable)
