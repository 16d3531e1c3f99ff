"""Every key of `assignment.toml` and of `_base/texts.toml`, with its type, its bounds and its meaning.

Rules that span several keys (duplicates, requirements, the two languages) are in `grader.authoring.consistency`,
because they are reported together with these and pydantic stops before them. What pydantic finds is put into our own
words by `grader.authoring.schema_errors`; `grader.authoring.publication` writes these tables as JSON Schema.
"""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from grader.domain.assignment import ParameterValue

NAME_PATTERN: Final = r"[a-z][a-z0-9_]*"
"""A check, and a key of `[text]`."""

MOST_DECIMALS: Final = 4
"""Of a grade."""

OWN_DECIMALS: Final = 1
"""Of a grade on a scale with a maximum of its own, where the file does not say."""

ID_PATTERN: Final = r"[a-z0-9]+(-[a-z0-9]+)*"
"""An assignment and its folder."""


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


_PARAMETER_SCHEMA = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}

Text = Annotated[str, AfterValidator(_not_blank), WithJsonSchema({"type": "string", "pattern": r"\S"})]
Parameter = Annotated[ParameterValue, PlainValidator(_parameter), WithJsonSchema(_PARAMETER_SCHEMA)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveInt = Annotated[int, Field(gt=0)]
NaturalInt = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Decimals = Annotated[int, Field(ge=0, le=MOST_DECIMALS)]


class TomlTable(BaseModel):
    """A TOML table: no key but the known ones, no type turned into another.

    The sentence below each key explains it in the published schema, which reads them from this file's source text:
    pydantic would search them at every import, which takes longer than everything else that a check in a notebook
    imports.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Localised(TomlTable):
    """A short text in every language of the assignment: one is enough, if all of it is in that one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    es: Text | None = None
    """In Spanish."""
    en: Text | None = None
    """In English."""


class RubricTable(TomlTable):
    """A check, its points, its settings and the checks that must have passed before."""

    check: Annotated[Text, WithJsonSchema({"type": "string", "pattern": f"^{NAME_PATTERN}$"})]
    """Id of the check, such as `code_size`."""
    points: PositiveFloat
    """Points for meeting it in full."""
    requires: list[str] = Field(default_factory=list)
    """Checks further up that must have passed; else this one is skipped."""
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    """Settings of the check; its documentation names them."""
    title: Localised
    """What it asks, as the report shows it."""


class QuestionTable(TomlTable):
    """An open question that carries points, which a person gives."""

    id: Annotated[Text, WithJsonSchema({"type": "string", "pattern": f"^{NAME_PATTERN}$"})]
    """Name of the answer's cell in the template, such as `compression`."""
    points: PositiveFloat
    """Points for a full answer."""
    title: Localised
    """What it asks, in short, as the report shows it."""
    criteria: Localised | None = None
    """What a full answer holds, for whoever reads the answers."""


class LimitsTable(TomlTable):
    """What a notebook may use; what is left out keeps the grader's default."""

    cell_seconds: PositiveFloat | None = None
    """Longest time of one cell, in seconds."""
    notebook_seconds: PositiveFloat | None = None
    """Longest time of the whole notebook, in seconds."""
    memory_mib: PositiveInt | None = None
    """Memory in MiB."""
    processes: PositiveInt | None = None
    """Processes and threads together."""
    file_mib: PositiveInt | None = None
    """Largest file that it may write, in MiB."""
    work_mib: PositiveInt | None = None
    """All files that it may write together, in MiB."""
    output_mib: PositiveInt | None = None
    """Most that it may print, in MiB."""


class ScaleTable(TomlTable):
    """What the points become in the grade book. Rounded half up, and never above the maximum."""

    kind: Literal["0-5", "0-10", "0-20", "0-100", "1-5", "1-7", "letters"] | None = None
    """`0-5` (one decimal, as in Colombia; the default), `0-10`, `1-5`, `1-7`, `0-20`, `0-100` (none) or `letters`."""
    maximum: PositiveFloat | None = None
    """Top of a scale of your own, instead of `kind`."""
    minimum: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Bottom of a scale of your own, which no points at all earn; 0 where it is left out."""
    decimals: Decimals | None = None
    """Decimals of a grade, where the scale's own number of them does not fit."""
    letters: Annotated[dict[str, Percent], Field(min_length=1)] | None = None
    """Lowest percentage of each letter, one of them 0; left out: A 90, B 80, C 70, D 60, F 0."""


class DueTable(TomlTable):
    """When the assignment is due and what lateness costs, where the time of hand-in is known."""

    date: AwareDatetime
    """Date and time with its time zone: `2026-12-01T23:59:00-05:00`."""
    grace_minutes: NaturalInt = 0
    """So many minutes later still is on time."""
    late_percent_per_day: Percent = 0.0
    """What each day begun after the due date costs, in percent of the points earned."""
    late_percent_maximum: Percent = 100.0
    """Lateness never costs more than this, in percent of the points earned."""
    refuse_after_days: NaturalInt | None = None
    """Whoever is later than so many days loses all points."""


class ImportsTable(TomlTable):
    """Which modules the check `imports` lets pass: either `allow` or `forbid`. A name covers everything below it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["allow"]}, {"required": ["forbid"]}]})

    allow: list[Text] | None = None
    """These modules and the standard library of Python alone."""
    forbid: Annotated[list[Text], Field(min_length=1)] | None = None
    """Every module but these; none of the standard library."""


class TextTable(TomlTable):
    """Prose of the notebook by key, the same keys in every language of the assignment."""

    es: dict[str, Text] = Field(default_factory=dict)
    """In Spanish."""
    en: dict[str, Text] = Field(default_factory=dict)
    """In English."""


class SharedTexts(TomlTable):
    """`_base/texts.toml`: prose that several assignments share."""

    text: TextTable
    """Prose by language and key."""


class AssignmentTable(TomlTable):
    """An assignment of the autoencoder grader."""

    model_config = ConfigDict(title="assignment.toml")

    id: Annotated[Text, WithJsonSchema({"type": "string", "pattern": f"^{ID_PATTERN}$"})]
    """Its id, equal to the name of its folder."""
    reference: Text
    """Id of the reference that it is measured by, such as `stacked`."""
    title: Localised
    """Title of the assignment."""
    limits: LimitsTable = Field(default_factory=LimitsTable)
    """What a notebook may use."""
    scale: ScaleTable = Field(default_factory=ScaleTable)
    """What the points become in the grade book."""
    due: DueTable | None = None
    """When it is due and what lateness costs; left out, lateness costs nothing."""
    imports: ImportsTable | None = None
    """Which modules may be imported; left out, all of them."""
    compat: bool = False
    """Translate calls that current versions no longer take before a notebook is run; the report says which."""
    rubric: Annotated[list[RubricTable], Field(min_length=1)]
    """The checks in the order of the report."""
    question: list[QuestionTable] = Field(default_factory=list)
    """Open questions that carry points; those that are not named here are read, and carry none."""
    text: TextTable
    """Prose of the notebook by language and key."""
