"""A grade in words and numbers, with the one rule that a provisional grade is never shown as final."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Decided, Grade, GradeStatus, Outcome, scaled_grade
from grader.domain.messages import Message, MessageValue, message, verbatim
from grader.report import hygiene
from grader.report.wording import Wording

_NOISE_DECIMALS = 9
"""Decimals to which sums of points are rounded first, so that 0.1 + 0.2 is treated like 0.3."""


@dataclass(frozen=True, slots=True)
class Score:
    """A grade in words.

    Attributes:
        final: False if a person must look first; then all texts are lower bounds and say so.
        points: `8.5 of 10 points`, or `at least 6 of 10 points`; what lateness costs is taken off.
        scaled: The same on the assignment's scale: `4.3 of 5.0`, `B (85 of 100)`, or `at least 3.0 of 5.0`.
        short: For a table's cell: `4.3`, `B`, or `at least 3.0`.
    """

    final: bool
    points: str
    scaled: str
    short: str


def score(grade: Grade, assignment: Assignment, wording: Wording) -> Score:
    """Describe a grade in words; a lower bound is rounded down, a final grade to the nearest (half up)."""
    final = grade.status is not GradeStatus.NEEDS_REVIEW
    points, possible = wording.points(_shown_points(grade, final=final)), wording.points(grade.points_possible)
    short, scaled = _on_scale(grade, assignment, wording)
    if grade.status is GradeStatus.EXCUSED:
        short = scaled = wording.t("excused")
    if final:
        return Score(
            final=True,
            points=wording.say(points_of(points=points, possible=possible)),
            scaled=scaled,
            short=short,
        )
    return Score(
        final=False,
        points=wording.t("at least {points} of {possible} points", points=points, possible=possible),
        scaled=wording.t("at least {value}", value=scaled),
        short=wording.t("at least {value}", value=short),
    )


def scaled_value(grade: Grade, assignment: Assignment) -> float:
    """Return the grade on the assignment's scale, rounded as `score` says; 0 if nothing is possible."""
    if not grade.points_possible:
        return 0.0
    return float(_on(grade, assignment))


def lateness(grade: Grade, assignment: Assignment, wording: Wording, *, marked_late: bool = False) -> str:
    """Return whether it was late and what that costs, "" if nothing is due.

    Args:
        grade: With what lateness costs.
        assignment: With its due date.
        wording: Of the report.
        marked_late: The platform says that it came late, though not by how much.
    """
    if grade.late is None and marked_late:
        return wording.t(
            "The platform marks it as late, but not by how much, so that nothing is deducted for lateness."
        )
    if grade.late is None and assignment.due is None:
        return ""
    if grade.late is None:
        return wording.t("The time of hand-in is not known, so that nothing is deducted for lateness.")
    if not grade.late.minutes:
        return wording.t("Handed in on time.")
    delay = _delay(grade.late.minutes)
    if not grade.late.percent:
        return wording.t("Handed in {delay} after the due date; nothing is deducted for that.", delay=delay)
    return wording.t(
        "Handed in {delay} after the due date: {percent} % of the {earned} points earned are deducted, "
        "{points} points.",
        delay=delay,
        percent=wording.points(grade.late.percent),
        earned=wording.points(grade.points_awarded),
        points=wording.points(grade.late.points),
    )


def decided_check(result: CheckResult, wording: Wording) -> str:
    """Say who gave the points of a check, and the machine's own result, "" if that still counts."""
    decided = result.decided
    if decided is None:
        return ""
    if result.by_hand:
        return _with_reason(wording.t("Points given by {author}.", author=decided.author), decided, wording)
    said = wording.t(
        "Decided by {author}: {points} points; the grader alone: {machine} ({outcome}).",
        author=decided.author,
        points=wording.points(result.points_awarded),
        machine=wording.points(decided.machine_points),
        outcome=wording.outcome(result.machine_outcome),
    )
    return _with_reason(said, decided, wording)


def decided_total(grade: Grade, wording: Wording) -> str:
    """Say who set the points as a whole, and the sum of the checks, "" if the sum still counts."""
    decided = grade.decided
    if decided is None:
        return ""
    said = wording.t(
        "The points were set by {author}: {points}; the checks alone: {machine}.",
        author=decided.author,
        points=wording.points(grade.points_awarded),
        machine=wording.points(decided.machine_points),
    )
    return _with_reason(said, decided, wording)


def check_points(result: CheckResult, wording: Wording) -> str:
    """Return `1.5 of 2`; an undecided check has no points yet, which is not the same as none."""
    possible = wording.points(result.points_possible)
    if result.outcome is Outcome.UNGRADABLE:
        return wording.t("open, of {possible}", possible=possible)
    return wording.t("{points} of {possible}", points=wording.points(result.points_awarded), possible=possible)


# Helpers


def _with_reason(said: str, decided: Decided, wording: Wording) -> str:
    """Add the decider's reason below the sentence."""
    return f"{said}\n{wording.say(verbatim(decided.reason))}" if decided.reason else said


def _on(grade: Grade, assignment: Assignment) -> Decimal:
    scale = (assignment.scale_maximum, assignment.scale_decimals)
    return scaled_grade(grade, *scale, minimum=assignment.scale_minimum)


def _on_scale(grade: Grade, assignment: Assignment, wording: Wording) -> tuple[str, str]:
    """Return the grade alone and with the maximum, as a number or as a letter with its number."""
    exact = scaled_value(grade, assignment)
    value = wording.number(exact, assignment.scale_decimals)
    maximum = wording.number(assignment.scale_maximum, assignment.scale_decimals)
    of_maximum = wording.t("{value} of {maximum}", value=value, maximum=maximum)
    letter = hygiene.one_line(assignment.letter(Decimal(repr(exact))))
    return (letter, f"{letter} ({of_maximum})") if letter else (value, of_maximum)


def _delay(minutes: int) -> str:
    """Write `1 d 3 h 20 min`: symbols that are the same in every language."""
    hours, rest = divmod(minutes, 60)
    parts = ((hours // 24, "d"), (hours % 24, "h"), (rest, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def _shown_points(grade: Grade, *, final: bool) -> float:
    exact = Decimal(repr(round(grade.points_counted, _NOISE_DECIMALS)))
    return float(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP if final else ROUND_FLOOR))


def points_of(*, points: MessageValue, possible: MessageValue) -> Message:
    """Write points and how many are possible."""
    return message("{points} of {possible} points", points=points, possible=possible)
