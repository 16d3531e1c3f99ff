"""An assignment as `assignment.toml` states it, validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.domain.run import Limits

ParameterValue = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RubricItem:
    """One check with its points.

    Attributes:
        check: Id of the check (`grader.checks.registry`).
        points: Points possible.
        parameters: Settings of the check (`activations = ["relu", "selu"]`).
        requires: Checks that must have passed, else this one is SKIPPED.
        title: What it asks, by language.
    """

    check: str
    points: float
    parameters: Mapping[str, ParameterValue]
    requires: tuple[str, ...]
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Everything that an assignment is.

    Attributes:
        assignment: Its id, equal to the folder's name.
        reference: Id of its reference.
        folder: Where its files are.
        title: By language (`es`, `en`).
        rubric: Checks in order of report.
        limits: What a notebook may use.
        texts: Texts of the notebook by language and key.
        scale_maximum: Top of the grade scale (5.0 in Colombia).
        scale_decimals: Decimals of a grade on that scale.
        rubric_hash: Digest of all that decides points; a grade made under another one is not reused.
    """

    assignment: str
    reference: str
    folder: Path
    title: Mapping[str, str]
    rubric: tuple[RubricItem, ...]
    limits: Limits
    texts: Mapping[str, Mapping[str, str]]
    scale_maximum: float
    scale_decimals: int
    rubric_hash: str

    @property
    def points_possible(self) -> float:
        """Sum of the rubric's points."""
        return sum(item.points for item in self.rubric)


class AssignmentError(Exception):
    """An assignment is unknown or its files are wrong; the text lists every mistake with file and place."""
