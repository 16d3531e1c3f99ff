"""Results of checks and the grade that they add up to: the contract of `grades.json`.

| key of a grade | type | meaning |
|---|---|---|
| student, submission, sha256 | string | who, which file, digest of its bytes |
| status | `FINAL`, `NEEDS_REVIEW` or `EXCUSED` | a person must look at the second kind; the third does not count |
| points_awarded | number | what counts by now, decisions included; with `NEEDS_REVIEW` a lower bound, not a grade |
| points_machine | number | what the checks alone award, without anybody's decision |
| points_possible | number | sum over all checks, and over the open questions that carry points |
| decision | object or null | who set the points as a whole: author, reason, at |
| data | string | `full` or `sample`: what it was measured on; empty if nothing was measured |
| accelerated | boolean | training was shortened without touching a point |
| reasons | list | why a person must look, one sentence each |
| run | object | what was observed of the run: status, seconds, memory, the first errors and how many more there are |
| wall_seconds | number | from intake to grade |
| submitted_at | string or null | when it was handed in (ISO 8601, UTC), null where nobody knows |
| late | object or null | what lateness costs: minutes, percent, points; null without a due date or a known time |
| points_counted | number | points_awarded less the points of `late`: what the grade on the scale is made of |
| checks | list | one object a check: check, outcome, points_awarded, points_possible, message, findings, measurements |
| | | outcome_machine, points_machine and decision (author, reason, at, or null) beside them |
| answers | list | what was written to the open questions: question, text |
| audit | object or null | what a second run on a secret view of the data showed, null where there was none: outcome |
| | | (a value of `AuditOutcome`), suspicions and otherwise (sentences); here (on the plain data) and there (a list, |
| | | one number a view): the share of the mean sample's error that the model takes away |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from grader.domain.measurement import Measurement
from grader.domain.messages import Message

GRADES_SCHEMA_VERSION = 1


class Outcome(StrEnum):
    """What became of a check.

    PASSED earns all points, PARTIAL a share, FAILED and SKIPPED none. SKIPPED: a check it depends on did not pass.
    UNGRADABLE: the check could not decide, perhaps through our own fault; the grade waits for a person.
    """

    PASSED = "PASSED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    UNGRADABLE = "UNGRADABLE"


class GradeStatus(StrEnum):
    """Whether a grade may be published as it is. EXCUSED: a person said that the assignment does not count."""

    FINAL = "FINAL"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    EXCUSED = "EXCUSED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem that a student can act on.

    Attributes:
        where: Cell, model or layer.
        expected: What the assignment asks.
        actual: What we found.
        why: Why it matters for an autoencoder.
        hint: What to look at next; never the solution.
    """

    where: Message
    expected: Message
    actual: Message
    why: Message
    hint: Message


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided in place of the machine, and the machine's own result.

    Attributes:
        author: Who decided.
        reason: Why, in words that the student reads, or "".
        at: When, with a time zone.
        machine_points: Points without the decision.
        machine_outcome: Outcome without the decision; None for a grade as a whole.
    """

    author: str
    reason: str
    at: datetime
    machine_points: float
    machine_outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one check of the rubric.

    Attributes:
        check: Its id in the rubric (`code_size`).
        outcome: See `Outcome`.
        points_awarded: Points earned.
        points_possible: Points in the rubric.
        message: One sentence that sums it up.
        findings: Everything that is wrong, all at once.
        measurements: The numbers it rests on.
        decided: Who gave these points, and what the machine had found; None if the machine's result stands.
        by_hand: Whether it is an open question, whose points only a person can give.
    """

    check: str
    outcome: Outcome
    points_awarded: float
    points_possible: float
    message: Message
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    decided: Decided | None = None
    by_hand: bool = False

    @property
    def machine_points(self) -> float:
        """Points without anybody's decision."""
        return self.points_awarded if self.decided is None else self.decided.machine_points

    @property
    def machine_outcome(self) -> Outcome:
        """Outcome without anybody's decision."""
        found = None if self.decided is None else self.decided.machine_outcome
        return self.outcome if found is None else found


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late a submission was and what that costs, apart from the checks.

    Attributes:
        minutes: Minutes after the due date, rounded up; 0 if it was on time.
        percent: Share of the points earned that is taken off, in percent.
        points: The same in points.
    """

    minutes: int
    percent: float
    points: float


@dataclass(frozen=True, slots=True)
class Grade:
    """What a submission earned.

    Attributes:
        points_awarded: Sum over the checks.
        points_possible: Sum over the checks.
        status: FINAL, or NEEDS_REVIEW when a check is UNGRADABLE or a reason below says so.
        results: One a check, in rubric order.
        reasons: Why a person must look, one sentence each.
        late: What lateness costs; None if nothing is due, or the time of hand-in is not known.
        decided: Who set the points as a whole; None if they are the sum over the checks.
    """

    points_awarded: float
    points_possible: float
    status: GradeStatus
    results: tuple[CheckResult, ...]
    reasons: tuple[Message, ...] = ()
    late: Lateness | None = None
    decided: Decided | None = None

    @property
    def machine_points(self) -> float:
        """Sum over the checks without anybody's decision."""
        return float(sum((_written(result.machine_points) for result in self.results), start=Fraction(0)))

    @property
    def has_decisions(self) -> bool:
        """Whether a person gave any of its points."""
        return self.decided is not None or any(result.decided is not None for result in self.results)

    @property
    def points_counted(self) -> float:
        """Points awarded less what lateness costs, never below 0."""
        taken = 0.0 if self.late is None else self.late.points
        return max(0.0, float(_written(self.points_awarded) - _written(taken))) if taken else self.points_awarded


def scaled_grade(grade: Grade, maximum: float, decimals: int, *, minimum: float = 0.0) -> Decimal:
    """Return the share of the points on a scale of `decimals` decimals: 82.5 of 100 points are 4.1 of 5.0.

    A scale that begins at 1 gives 1 for no points: 82.5 of 100 are 6.0 from 1 to 7. The points are those awarded less
    what lateness costs. A final grade is rounded half up, a provisional one down, since it is a lower bound; neither
    exceeds the maximum, as 4.25 with one decimal would. Computed in exact fractions: in binary floating point,
    8.7 of 10 points on a scale to 5.0 (that is 4.35) would become 4.3.

    Raises:
        ValueError: No points are possible, or the scale has no end, no positive length or no decimals.
    """
    if grade.points_possible <= 0:
        raise ValueError("a grade without possible points has no place on a scale")
    if not math.isfinite(maximum) or not 0 <= minimum <= maximum or decimals < 0:
        raise ValueError(f"no scale goes from {minimum} up to {maximum} with {decimals} decimals")
    share = _written(grade.points_counted) / _written(grade.points_possible)
    exact = _written(minimum) + share * (_written(maximum) - _written(minimum))
    half = 0 if grade.status is GradeStatus.NEEDS_REVIEW else Fraction(1, 2)
    steps = min(math.floor(exact * 10**decimals + half), math.floor(_written(maximum) * 10**decimals))
    return Decimal(steps).scaleb(-decimals)


def _written(value: float) -> Fraction:
    """Return the number as people read it, without the rounding noise of sums (0.1 + 0.2)."""
    return Fraction(repr(round(value, 9)))
