"""Verdicts on variants of a solution: the result of a variant and the expected one."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from grader.domain.assignment import Assignment
from grader.domain.grade import Grade, Outcome
from grader.validation.operators import LEARNT, Equivalent, Mutant, Operator, TrainingLength

SURVIVORS: Final = "survivors.toml"
"""Name of the file of known survivors: in an assignment's folder, and one for the course beside this module."""


class VariantOutcome(StrEnum):
    """The result of a variant."""

    KILLED = "killed"
    KILLED_FOR_ANOTHER = "killed for another reason"
    SURVIVED = "survived"
    LISTED = "survived, as listed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    HELD = "waits for a person"
    BROKEN = "could not be graded"


BAD: Final = frozenset({VariantOutcome.SURVIVED, VariantOutcome.REJECTED, VariantOutcome.BROKEN})
"""Results that a rubric must not have; for a right answer, waiting for a person is one of them."""


@dataclass(frozen=True, slots=True)
class JudgedVariant:
    """One variant after grading.

    Attributes:
        assignment: Assignment id.
        operator: How it was made.
        fate: What became of it.
        outcomes: Of each check of the rubric; empty if there is no grade.
        intended: Checks that must lose points.
        judged: Checks that count for this variant.
        reason: Why a survivor is listed, or what broke.
        seconds: Wall time of its grading.
    """

    assignment: str
    operator: Operator
    fate: VariantOutcome
    outcomes: Mapping[str, Outcome]
    intended: tuple[str, ...] = ()
    judged: frozenset[str] = frozenset()
    reason: str = ""
    seconds: float = 0.0

    @property
    def is_bad(self) -> bool:
        """Whether the rubric erred."""
        return self.fate in BAD or (self.fate is VariantOutcome.HELD and isinstance(self.operator, Equivalent))


def intended_checks(mutant: Mutant, assignment: Assignment) -> tuple[str, ...]:
    """Return the checks of the rubric that must take points from a mutant."""
    asked = [item.check for item in assignment.rubric]
    return tuple(check for check in asked if check in mutant.kills)


def judge(
    operator: Operator,
    grade: Grade,
    *,
    intended: Sequence[str] = (),
    undecided: Collection[str] = (),
    listed: str = "",
) -> tuple[VariantOutcome, frozenset[str]]:
    """Return the result of a variant, and the checks that caused it.

    A wrong answer is killed for the reason meant when all the checks meant take points from it, and no other; of those
    that judge what was learnt one is enough, as a bad training need not show in every number.

    Args:
        operator: How it was made.
        grade: What it got.
        intended: Checks that must take points from it.
        undecided: Checks that no person-free verdict is possible on for the solution itself (a reference without a
            bound on these data): they count for nobody.
        listed: Why it is known to survive, or "".
    """
    judged = judged_checks(operator, [result.check for result in grade.results], intended) - set(undecided)
    lost = {one.check for one in grade.results if one.check in judged and one.outcome in _LOST}
    held = {one.check for one in grade.results if one.check in judged and one.outcome is Outcome.UNGRADABLE}
    if isinstance(operator, Equivalent):
        return (VariantOutcome.REJECTED if lost else VariantOutcome.HELD if held else VariantOutcome.ACCEPTED), judged
    wanted = set(intended) & judged
    strange = lost - wanted - set(operator.may) - _CONSEQUENCES
    if lost:
        as_meant = bool(wanted & lost) and wanted - LEARNT <= lost and not strange
        return (VariantOutcome.KILLED if as_meant else VariantOutcome.KILLED_FOR_ANOTHER), judged
    if held:
        return VariantOutcome.HELD, judged
    return (VariantOutcome.LISTED if listed else VariantOutcome.SURVIVED), judged


def judged_checks(operator: Operator, checks: Sequence[str], intended: Sequence[str]) -> frozenset[str]:
    """Return the checks that are meaningful for a variant: after two training steps, not those of learning."""
    if operator.training is TrainingLength.WHOLE:
        return frozenset(checks)
    return frozenset(check for check in checks if check not in LEARNT or check in intended)


def survivors(assignment: Assignment) -> Mapping[str, str]:
    """Return the known survivors of an assignment, each with its reason.

    Raises:
        tomllib.TOMLDecodeError: A list cannot be read.
    """
    own = assignment.folder / SURVIVORS
    listed = _read(Path(__file__).with_name(SURVIVORS)).get(assignment.assignment, {})
    return {**listed, **_read(own).get("survivors", {})} if own.is_file() else listed


def _read(path: Path) -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


_LOST: Final = frozenset({Outcome.FAILED, Outcome.PARTIAL, Outcome.SKIPPED})
_CONSEQUENCES: Final = LEARNT
"""A wrong network may do worse in everything learnt."""
