"""Verdicts as a reader of English sees them, so that tests assert whole sentences."""

from __future__ import annotations

from typing import NamedTuple

from grader.checks.verdict import Verdict
from grader.domain.grade import Finding
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


def told(finding: Finding) -> Told:
    """The whole finding in English."""
    return Told(
        *(english(part) for part in (finding.where, finding.expected, finding.actual, finding.why, finding.hint))
    )


def findings(verdict: Verdict) -> list[Told]:
    """All findings of a verdict in English."""
    return [told(finding) for finding in verdict.findings]
