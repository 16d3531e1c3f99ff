"""Lateness: an own line under the checks, never more than was earned, and nothing where nobody knows the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from grading_samples import ASSIGNMENT
from hypothesis import given
from hypothesis import strategies as st

from grader.domain.assignment import DuePolicy, LetterBound
from grader.domain.grade import CheckResult, Grade, GradeStatus, Lateness, Outcome, scaled_grade
from grader.domain.messages import verbatim
from grader.scoring import lateness, with_lateness

BOGOTA = timezone(timedelta(hours=-5))
DUE = datetime(2026, 12, 1, 23, 59, tzinfo=BOGOTA)
POLICY = DuePolicy(DUE, grace_minutes=15, late_percent_per_day=10.0, late_percent_maximum=40.0, refuse_after_days=7)
RESULTS = (CheckResult("runs", Outcome.PARTIAL, 85.0, 100.0, verbatim("")),)
GRADE = Grade(85.0, 100.0, GradeStatus.FINAL, RESULTS)


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        (timedelta(days=-3), Lateness(0, 0.0, 0.0)),
        (timedelta(0), Lateness(0, 0.0, 0.0)),
        (timedelta(minutes=15), Lateness(0, 0.0, 0.0)),
        (timedelta(minutes=15, seconds=1), Lateness(16, 10.0, 8.5)),
        (timedelta(days=1), Lateness(1440, 10.0, 8.5)),
        (timedelta(days=1, microseconds=1), Lateness(1441, 20.0, 17.0)),
        (timedelta(days=4), Lateness(5760, 40.0, 34.0)),
        (timedelta(days=6), Lateness(8640, 40.0, 34.0)),
        (timedelta(days=7), Lateness(10080, 40.0, 34.0)),
        (timedelta(days=7, seconds=1), Lateness(10081, 100.0, 85.0)),
    ],
)
def test_each_day_begun_costs_its_share(delay: timedelta, expected: Lateness) -> None:
    """Grace, days, the most that lateness costs, and the end of patience, each at its edge."""
    assert lateness(DUE + delay, POLICY, 85.0) == expected


def test_the_same_moment_in_another_zone_is_as_late() -> None:
    """Platforms write UTC, assignments the time of the course."""
    assert lateness(datetime(2026, 12, 2, 5, 59, tzinfo=UTC), POLICY, 50.0) == Lateness(60, 10.0, 5.0)


def test_a_due_date_alone_costs_nothing() -> None:
    """How late somebody was is kept all the same."""
    assert lateness(DUE + timedelta(hours=2), DuePolicy(DUE), 85.0) == Lateness(120, 0.0, 0.0)


def test_points_taken_off_are_rounded_half_up() -> None:
    """12.5 % of 8.7 points are 1.0875; 5 % of 0.3 are 0.015, whatever their binary neighbours."""
    assert lateness(DUE + timedelta(hours=1), DuePolicy(DUE, late_percent_per_day=12.5), 8.7).points == 1.09
    assert lateness(DUE + timedelta(hours=1), DuePolicy(DUE, late_percent_per_day=5.0), 0.3).points == 0.02


def test_times_without_a_zone_are_refused() -> None:
    """Nobody knows which moment they mean."""
    with pytest.raises(ValueError, match="time zones"):
        lateness(datetime(2026, 12, 2), POLICY, 85.0)


@given(st.timedeltas(timedelta(days=-5), timedelta(days=400)), st.integers(0, 10_000), st.integers(0, 100))
def test_lateness_never_takes_more_than_was_earned(delay: timedelta, hundredths: int, percent: int) -> None:
    """And being later never costs less."""
    policy = DuePolicy(DUE, late_percent_per_day=float(percent), refuse_after_days=30)
    awarded = hundredths / 100
    now = lateness(DUE + delay, policy, awarded)
    later = lateness(DUE + delay + timedelta(hours=5), policy, awarded)
    assert 0 <= now.points <= later.points <= awarded
    assert 0 <= now.percent <= later.percent <= 100


def test_checks_status_and_points_awarded_stay() -> None:
    """The deduction is a line of its own; only what counts on the scale is less."""
    late = with_lateness(GRADE, POLICY, DUE + timedelta(days=2))
    assert late == Grade(85.0, 100.0, GradeStatus.FINAL, RESULTS, (), Lateness(2880, 20.0, 17.0))
    assert late.points_counted == 68.0
    assert (str(scaled_grade(GRADE, 5.0, 1)), str(scaled_grade(late, 5.0, 1))) == ("4.3", "3.4")


@pytest.mark.parametrize(("due", "at"), [(None, DUE + timedelta(days=2)), (POLICY, None), (None, None)])
def test_nothing_is_taken_off_where_nobody_can_know(due: DuePolicy | None, at: datetime | None) -> None:
    """No due date, or no time of hand-in: an earlier deduction goes as well."""
    before = with_lateness(GRADE, POLICY, DUE + timedelta(days=2))
    assert with_lateness(before, due, at) == GRADE


def test_a_grade_that_waits_for_a_person_goes_on_waiting() -> None:
    """Its lower bound is lower, and still rounded down."""
    waiting = Grade(85.0, 100.0, GradeStatus.NEEDS_REVIEW, RESULTS, (verbatim("two hand-ins"),))
    late = with_lateness(waiting, POLICY, DUE + timedelta(days=1))
    assert (late.status, late.reasons, late.points_counted) == (waiting.status, waiting.reasons, 76.5)
    assert str(scaled_grade(late, 5.0, 1)) == "3.8"  # 3.825


# Letters

BOUNDS = (("A", 90.0), ("B", 80.0), ("C", 70.0), ("D", 60.0), ("F", 0.0))
LETTERED = replace(ASSIGNMENT, scale_letters=tuple(LetterBound(letter, percent) for letter, percent in BOUNDS))


@pytest.mark.parametrize(
    ("awarded", "status", "letter"),
    [
        (100.0, GradeStatus.FINAL, "A"),
        (89.5, GradeStatus.FINAL, "A"),  # 90 once it is rounded half up
        (89.49, GradeStatus.FINAL, "B"),
        (89.9, GradeStatus.NEEDS_REVIEW, "B"),  # a lower bound is rounded down
        (60.0, GradeStatus.FINAL, "D"),
        (0.0, GradeStatus.FINAL, "F"),
    ],
)
def test_a_letter_is_that_of_the_rounded_percentage(awarded: float, status: GradeStatus, letter: str) -> None:
    """Whoever reads 90 of 100 also reads an A."""
    value = scaled_grade(Grade(awarded, 100.0, status, ()), 100.0, 0)
    assert LETTERED.letter(value) == letter


def test_no_grade_is_above_the_maximum() -> None:
    """4.25 has no place on a scale with one decimal: full marks are 4.2, not 4.3."""
    assert str(scaled_grade(Grade(10.0, 10.0, GradeStatus.FINAL, ()), 4.25, 1)) == "4.2"
