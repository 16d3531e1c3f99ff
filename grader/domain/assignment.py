"""An assignment as `assignment.toml` states it, validated."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from grader.domain.messages import Message, MessageValue, message
from grader.domain.questions import QuestionItem
from grader.domain.run import Limits

ParameterValue = str | int | float | bool | tuple[str, ...]

NOTEBOOK_MODULES: Final = frozenset({"IPython", "google.colab", "grader"})
"""Modules that notebooks and their provided cells import; no assignment can forbid them."""


@dataclass(frozen=True, slots=True)
class RubricItem:
    """One check with its points.

    Attributes:
        check: Id of the check (`grader.checks.check_registry`).
        points: Points possible.
        parameters: Settings of the check (`activations = ["relu", "selu"]`).
        requires: Checks that must pass first; otherwise this one is SKIPPED.
        title: What the check asks for, by language.
    """

    check: str
    points: float
    parameters: Mapping[str, ParameterValue]
    requires: tuple[str, ...]
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LetterBound:
    """One letter of a grade scale made of letters.

    Attributes:
        letter: The letter as shown (`A`).
        percent: The lowest percentage that earns it.
    """

    letter: str
    percent: float


@dataclass(frozen=True, slots=True)
class DuePolicy:
    """When an assignment is due and what lateness costs (`grader.scoring.lateness`).

    Attributes:
        date: The moment, with its time zone.
        grace_minutes: Minutes after the due date that still count as on time.
        late_percent_per_day: Share of the points earned that each day begun costs, in percent, from 0 to 100.
        late_percent_maximum: Lateness never costs more than this, in percent, from 0 to 100.
        refuse_after_days: Days after which a hand-in loses all points; None if it never does.
    """

    date: datetime
    grace_minutes: int = 0
    late_percent_per_day: float = 0.0
    late_percent_maximum: float = 100.0
    refuse_after_days: int | None = None


@dataclass(frozen=True, slots=True)
class ImportPolicy:
    """Which modules a notebook may import.

    The standard library and `NOTEBOOK_MODULES` are always allowed. A name covers everything below it: `keras`
    for `keras.layers` as well, `keras.datasets` for no other part of Keras.

    Attributes:
        allow: Only these, where it is not None.
        forbid: All but these, where `allow` is None.
    """

    allow: tuple[str, ...] | None = None
    forbid: tuple[str, ...] = ()

    def permits(self, module: str) -> bool:
        """Return whether a module, or a member of one (`keras.datasets`), may be imported."""
        if is_always_allowed(module):
            return True
        return not _is_below(module, self.forbid) if self.allow is None else _is_below(module, self.allow)


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
        scale_letters: Letters of the scale from the best to the worst, which begins at 0 %; empty if grades are
            numbers. With letters, the scale goes to 100.
        due: When it is due, or None if lateness costs nothing.
        imports: What may be imported, or None if everything may.
        scale_minimum: Bottom of the grade scale, which no points at all earn (1.0 in Chile).
        language: Language of notebooks and reports unless a command chooses another, or "".
        compat: Whether calls that current versions no longer accept are translated before a notebook runs; the report
            lists them.
        questions: Open questions that carry points, which a person gives; the rubric's hash and sum are without them.
        reference_constants: Of an instructor's reference that was published without its functions; else empty.
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
    scale_letters: tuple[LetterBound, ...] = ()
    due: DuePolicy | None = None
    imports: ImportPolicy | None = None
    compat: bool = False
    questions: tuple[QuestionItem, ...] = ()
    scale_minimum: float = 0.0
    language: str = ""
    reference_constants: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_material(self) -> bool:
        """Whether its template and texts exist: a published assignment consists of rubric and facts alone."""
        return self.folder != Path()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which it is written, the course's first."""
        return tuple(sorted(self.title, key=lambda language: language != self.language))

    @property
    def points_possible(self) -> float:
        """Sum of the rubric's points, which the checks can award."""
        return sum(item.points for item in self.rubric)

    @property
    def points_with_questions(self) -> float:
        """Sum of the rubric's points and those of the open questions."""
        return self.points_possible + sum(item.points for item in self.questions)

    def title_of(self, item: str) -> Mapping[str, str]:
        """Return the title of a check or an open question by language, empty if there is no such one."""
        titles = {one.check: one.title for one in self.rubric} | {one.question: one.title for one in self.questions}
        return titles.get(item, {})

    def letter(self, value: Decimal) -> str:
        """Return the letter of a value on the scale, "" if grades are numbers.

        The value is already rounded (`grader.domain.grade.scaled_grade`), so that a displayed 90 gets the letter of 90:
        on a scale without decimals, 89.5 % is an A.
        """
        return next((bound.letter for bound in self.scale_letters if value >= Decimal(repr(bound.percent))), "")


class AssignmentError(Exception):
    """An assignment is unknown or its files are wrong; the text lists every error with file and line."""


def is_always_allowed(module: str) -> bool:
    """Return whether no policy can forbid this module: it belongs to Python, or every notebook needs it."""
    return module.partition(".")[0] in sys.stdlib_module_names or _is_below(module, NOTEBOOK_MODULES)


def _is_below(module: str, names: Collection[str]) -> bool:
    """Return whether the module is one of these or lies below one of them."""
    steps = module.split(".")
    return any(".".join(steps[:length]) in names for length in range(1, len(steps) + 1))


def no_assignment(*, name: MessageValue) -> Message:
    """Report that there is no assignment with this id."""
    return message("There is no assignment {name}.", name=name)
