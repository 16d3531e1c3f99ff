"""The answer of a check: an outcome and a share of the points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.checks.core.subject import Subject
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding, Outcome
from grader.domain.measurement import Measurement
from grader.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one check.

    Attributes:
        outcome: See `Outcome`.
        share: Share of the points earned: 1 for PASSED, strictly between 0 and 1 for PARTIAL, else 0.
        message: One sentence that sums it up.
        findings: Everything that is wrong; never empty for FAILED and PARTIAL.
        measurements: The numbers it rests on.

    Raises:
        ValueError: The share does not fit the outcome, or points are lost without a finding.
    """

    outcome: Outcome
    share: float
    message: Message
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()

    def __post_init__(self) -> None:
        if not _share_fits(self.outcome, self.share):
            raise ValueError(f"a share of {self.share} does not go with {self.outcome}")
        if self.outcome in {Outcome.FAILED, Outcome.PARTIAL} and not self.findings:
            raise ValueError(f"{self.outcome} without a finding: a student could not act on it")


CheckFunction = Callable[[Subject, RubricItem], Verdict]
"""A check: pure, and deterministic in its two arguments."""


def passed(message: Message, *, measurements: Sequence[Measurement] = ()) -> Verdict:
    """All points."""
    return Verdict(Outcome.PASSED, 1.0, message, (), tuple(measurements))


def failed(message: Message, findings: Sequence[Finding], *, measurements: Sequence[Measurement] = ()) -> Verdict:
    """No points, and every reason why."""
    return Verdict(Outcome.FAILED, 0.0, message, tuple(findings), tuple(measurements))


def by_share(
    share: float, message: Message, findings: Sequence[Finding], *, measurements: Sequence[Measurement] = ()
) -> Verdict:
    """This share of the points: PASSED if it is 1, FAILED if it is 0, else PARTIAL."""
    outcome = Outcome.PASSED if share == 1 else Outcome.FAILED if share == 0 else Outcome.PARTIAL
    return Verdict(outcome, share, message, tuple(findings), tuple(measurements))


def skipped(message: Message, *, measurements: Sequence[Measurement] = ()) -> Verdict:
    """No points, because something that this check needs is missing or wrong."""
    return Verdict(Outcome.SKIPPED, 0.0, message, (), tuple(measurements))


def ungradable(
    message: Message, *, findings: Sequence[Finding] = (), measurements: Sequence[Measurement] = ()
) -> Verdict:
    """No points yet: the check could not decide, and a person will."""
    return Verdict(Outcome.UNGRADABLE, 0.0, message, tuple(findings), tuple(measurements))


def _share_fits(outcome: Outcome, share: float) -> bool:
    """Return whether the share fits; comparisons with NaN are false, so NaN fits no outcome."""
    if outcome is Outcome.PASSED:
        return share == 1
    if outcome is Outcome.PARTIAL:
        return 0 < share < 1
    return share == 0
