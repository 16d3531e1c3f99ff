"""Every key of `assignment.toml` and of `_base/texts.toml`, with its type and its bounds.

Rules that span several keys (duplicates, requirements, the two languages) are in `grader.authoring.consistency`,
because they are told together with these and pydantic stops before them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from grader.authoring.errors import Problem
from grader.authoring.toml_source import TomlSource
from grader.domain.assignment import ParameterValue
from grader.domain.messages import Message, message


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "blank")
    return text


def _parameter(value: object) -> ParameterValue:
    if isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise PydanticCustomError("parameter", "parameter")


Text = Annotated[str, AfterValidator(_not_blank)]
Parameter = Annotated[ParameterValue, PlainValidator(_parameter)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveInt = Annotated[int, Field(gt=0)]


class Table(BaseModel):
    """A TOML table: no key but the known ones, no type turned into another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Localised(Table):
    """A short text in every language."""

    es: Text
    en: Text


class RubricTable(Table):
    """`[[rubric]]`: a check, its points, its settings and the checks that must have passed before."""

    check: Text
    points: PositiveFloat
    requires: list[str] = Field(default_factory=list)
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    title: Localised


class LimitsTable(Table):
    """`[limits]`: the fields of `grader.domain.run.Limits`; what is left out keeps the default there."""

    cell_seconds: PositiveFloat | None = None
    notebook_seconds: PositiveFloat | None = None
    memory_mib: PositiveInt | None = None
    processes: PositiveInt | None = None
    file_mib: PositiveInt | None = None
    work_mib: PositiveInt | None = None
    output_mib: PositiveInt | None = None


class ScaleTable(Table):
    """`[scale]`: what the points become in the grade book."""

    maximum: PositiveFloat
    decimals: Annotated[int, Field(ge=0, le=4)]


class TextTable(Table):
    """`[text.es]` and `[text.en]`: prose of the notebook by key."""

    es: dict[str, Text]
    en: dict[str, Text]


class SharedTexts(Table):
    """`_base/texts.toml`: prose that several assignments share."""

    text: TextTable


class AssignmentTable(Table):
    """`assignment.toml` as a whole."""

    id: Text
    reference: Text
    title: Localised
    limits: LimitsTable = Field(default_factory=LimitsTable)
    scale: ScaleTable
    rubric: Annotated[list[RubricTable], Field(min_length=1)]
    text: TextTable


def schema_problems(source: TomlSource, model: type[Table]) -> list[Problem]:
    """Return every key of the file that is missing, unknown, of the wrong type or out of bounds."""
    try:
        model.model_validate(source.data)
    except ValidationError as error:
        return [source.problem(details["loc"], _reason(details, model)) for details in error.errors()]
    return []


# ----------------------------------------------------------------------------------------------------------------------


def _reason(error: ErrorDetails, model: type[Table]) -> Message:
    """Say in our own words what pydantic found; its own words where we have none."""
    context = error.get("ctx", {})
    found = repr(error["input"])
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
        case "too_short":
            return message("must hold at least one entry.")
        case "parameter":
            return message(
                "must be a text, a finite number, true, false or a list of texts, found {found}.", found=found
            )
        case _:
            return _wrong_type(error["type"], found, error["msg"])


def _wrong_type(kind: str, found: str, words: str) -> Message:
    match kind:
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
        case _:
            return message("{problem}, found {found}.", problem=words, found=found)


def _known_keys(model: type[Table], location: tuple[str | int, ...]) -> Iterator[str]:
    """Walk down the schema to the table that holds an unknown key and yield the keys that it may have."""
    for step in location[:-1]:
        if isinstance(step, str):
            annotation = model.model_fields[step].annotation
            inner = next((part for part in (annotation, *get_args(annotation)) if _is_table(part)), None)
            model = inner or model
    yield from model.model_fields


def _is_table(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Table)
