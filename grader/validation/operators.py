"""Operators: edits that turn a solution into a wrong answer (mutant) or into another right one (equivalent).

A mutant names the checks that must take points from it; from an equivalent, none may. Operators are listed in the
modules beside this one, and `grader.validation.rubrics` runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import libcst as cst

from grader.checks.check_registry import CHECKS
from grader.domain.messages import Message, message
from grader.validation.concrete_syntax import keyword, with_keyword
from grader.validation.drafts import Draft

TWICE_THE_CODE: Final = message("a code of twice the size")


NO_OUTPUT_ACTIVATION: Final = message("no activation on the output")


Edit = Callable[[Draft], Draft | None]
"""Returns None if the notebook has nothing to edit."""

LEARNT: Final = frozenset(check.id for check in CHECKS.values() if check.needs.trained)
"""Checks that judge what was learnt: after a few training steps they are meaningless for a right answer."""

QUALITY: Final = (
    "reconstruction", "denoising", "plane", "elbo", "average_precision",
)  # fmt: skip
"""Those of them that every bad training must cost."""


class TrainingLength(StrEnum):
    """How long a variant trains."""

    STEPS = "steps"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong answer.

    Attributes:
        name: Its id.
        story: What the student did.
        edit: Makes it out of a solution.
        kills: Checks that must lose points, of those that the rubric has.
        may: Checks that may lose points as a consequence.
        training: How long it trains; `steps` where more would change nothing about `kills`.
        always: Wrong whatever the rubric asks; else only where the rubric has one of `kills`.
    """

    name: str
    story: Message
    edit: Edit
    kills: tuple[str, ...]
    may: tuple[str, ...] = ()
    training: TrainingLength = TrainingLength.STEPS
    always: bool = False


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Another right answer.

    Attributes:
        name: Its id.
        story: What the student did.
        edit: Makes it out of a solution.
        training: `whole` where the change touches the training; else the checks are judged that two steps decide.
    """

    name: str
    story: Message
    edit: Edit
    training: TrainingLength = TrainingLength.STEPS


Operator = Mutant | Equivalent


def instead(old: str, new: str) -> Edit:
    """Return an edit that replaces one text by another."""
    return lambda draft: draft.instead(old, new)


def shortened(draft: Draft) -> Draft:
    """Train every model for two steps; a model that trains as long as two others together, for two epochs of them."""

    def few(call: cst.Call) -> cst.Call:
        epochs = 1 + (keyword(call, "epochs") or "").count("+")
        return with_keyword(with_keyword(call, "epochs", str(epochs)), "steps_per_epoch", "2")

    short = draft.with_calls("fit", few)
    if short is None:  # a loop of its own over the epochs
        return draft.prepared("EPOCHS = 1")
    return short
