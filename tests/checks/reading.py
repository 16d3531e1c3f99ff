"""Verdicts as a reader of English sees them, so that tests assert whole sentences."""

from __future__ import annotations

from typing import NamedTuple

from grader.checks.core.verdict import Verdict
from grader.domain.grade import Finding, Outcome
from grader.domain.measurement import Quantity
from grader.domain.messages import Message
from grader.locale import Translator


class Told(NamedTuple):
    """A finding in English."""

    where: str
    expected: str
    actual: str
    why: str
    hint: str


def english(message: Message) -> str:
    """The sentence in English; a field without a value is an error."""
    return Translator("en", strict=True).text(message)


def reported(finding: Finding) -> Told:
    """The whole finding in English."""
    return Told(
        *(english(part) for part in (finding.where, finding.expected, finding.actual, finding.why, finding.hint))
    )


def findings(verdict: Verdict) -> list[Told]:
    """All findings of a verdict in English."""
    return [reported(finding) for finding in verdict.findings]


class Whole(NamedTuple):
    """A whole verdict in English."""

    outcome: Outcome
    share: float
    message: str
    findings: list[Told]
    measured: list[tuple[Quantity, float]]


def whole(verdict: Verdict) -> Whole:
    """Everything that a verdict says; the share to nine digits, as it is computed from floats."""
    numbers = [(one.name, one.value) for one in verdict.measurements]
    return Whole(verdict.outcome, round(verdict.share, 9), english(verdict.message), findings(verdict), numbers)
