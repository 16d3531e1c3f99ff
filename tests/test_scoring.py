"""Scoring: exact sums, half up, and nothing that is not a number of points."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.domain.grade import CheckResult, Finding, Grade, GradeStatus, Outcome, scaled_grade
from grader.domain.messages import verbatim
from grader.scoring import score

quiet = settings(deadline=None, database=None)


def result(awarded: float, possible: float = 10.0, outcome: Outcome = Outcome.PARTIAL) -> CheckResult:
    return CheckResult("layers", outcome, awarded, possible, verbatim("reported"))


def grade(awarded: float, possible: float) -> Grade:
    return Grade(awarded, possible, GradeStatus.FINAL, ())


points = st.tuples(
    st.floats(0, 1), st.integers(0, 10_000).map(lambda hundredths: hundredths / 100), st.sampled_from(Outcome)
)


@st.composite
def results(draw: st.DrawFn) -> list[CheckResult]:
    """Results as checks give them: a share of the rubric's points."""
    return [result(share * possible, possible, outcome) for share, possible, outcome in draw(st.lists(points))]


def test_a_grade_is_the_sum_of_its_results() -> None:
    """Whole output of a small class exercise."""
    finding = Finding(*(verbatim(part) for part in ("where", "expected", "actual", "why", "hint")))
    checks = (
        CheckResult("runs", Outcome.PASSED, 10.0, 10.0, verbatim("ran")),
        CheckResult("layers", Outcome.PARTIAL, 11.25, 15.0, verbatim("wrong"), (finding,)),
    )
    assert score(checks) == Grade(21.25, 25.0, GradeStatus.FINAL, checks)


def test_points_are_rounded_half_up_result_by_result() -> None:
    """Thirds of ten: 3.33 each, and the total is the sum of what the report shows."""
    scored = score([result(10 / 3), result(10 / 3), result(10 / 3)])
    assert [part.points_awarded for part in scored.results] == [3.33, 3.33, 3.33]
    assert scored.points_awarded == 9.99


@pytest.mark.parametrize(
    ("exact", "rounded"), [(0.285, 0.29), (1.005, 1.01), (2.675, 2.68), (0.004, 0.0), (9.995, 10.0)]
)
def test_halves_go_up_as_people_write_them(exact: float, rounded: float) -> None:
    """1.005 lies below its half in binary, and is rounded up all the same."""
    assert score([result(exact)]).points_awarded == rounded


def test_sums_have_no_binary_dust() -> None:
    """0.1 + 0.2 is 0.3."""
    assert score([result(0.1), result(0.2)]).points_awarded == 0.3


@quiet
@given(results())
def test_the_total_is_exactly_the_sum_of_the_parts(parts: list[CheckResult]) -> None:
    """As decimals, with at most two places each."""
    scored = score(parts)
    shown = [Decimal(str(part.points_awarded)) for part in scored.results]
    assert Decimal(str(scored.points_awarded)) == sum(shown, Decimal(0))
    assert all(value == round(value, 2) for value in shown)
    assert scored.points_possible == pytest.approx(sum(part.points_possible for part in parts))


@quiet
@given(results())
def test_points_stay_between_nothing_and_everything(parts: list[CheckResult]) -> None:
    """For the whole and for every part, also after rounding."""
    scored = score(parts)
    assert 0 <= scored.points_awarded <= scored.points_possible
    assert all(0 <= part.points_awarded <= part.points_possible for part in scored.results)


@quiet
@given(results(), st.lists(st.just(verbatim("two hand-ins")), max_size=2))
def test_a_grade_is_final_unless_something_waits(parts: list[CheckResult], reasons: list[object]) -> None:
    """NEEDS_REVIEW exactly where a check is UNGRADABLE or a reason was given."""
    scored = score(parts, reasons=reasons)
    waits = bool(reasons) or any(part.outcome is Outcome.UNGRADABLE for part in parts)
    assert bool(scored.reasons) == waits
    assert (scored.status is GradeStatus.NEEDS_REVIEW) == waits


def test_reasons_come_first_and_then_what_the_waiting_checks_say() -> None:
    """Many checks that wait for one cause are one reason, not as many."""
    conflict, cause = verbatim("two hand-ins"), verbatim("reported")
    waiting = [result(0, outcome=Outcome.UNGRADABLE)] * 3
    assert score(waiting, reasons=(conflict,)).reasons == (conflict, cause)
    assert score(waiting, reasons=(cause,)).reasons == (cause,)


def test_nothing_to_grade_is_nothing() -> None:
    """An empty rubric has no points and no reason to wait."""
    assert score([]) == Grade(0.0, 0.0, GradeStatus.FINAL, ())


@pytest.mark.parametrize(
    ("awarded", "possible"),
    [
        (float("nan"), 10.0),
        (float("inf"), float("inf")),
        (-0.01, 10.0),
        (10.01, 10.0),
        (0.0, float("nan")),
        (0.0, -1.0),
    ],
)
def test_points_that_are_none_are_refused(awarded: float, possible: float) -> None:
    """They would be a mistake of ours, and must never become somebody's grade."""
    with pytest.raises(ValueError, match="check layers awards"):
        score([result(awarded, possible)])


# The scale


@pytest.mark.parametrize(
    ("awarded", "possible", "maximum", "decimals", "expected"),
    [
        (100.0, 100.0, 5.0, 1, "5.0"),
        (0.0, 100.0, 5.0, 1, "0.0"),
        (82.5, 100.0, 5.0, 1, "4.1"),
        (83.0, 100.0, 5.0, 1, "4.2"),  # 4.15 is a half, and goes up
        (59.0, 100.0, 5.0, 1, "3.0"),  # 2.95 likewise
        (2.0, 3.0, 10.0, 2, "6.67"),
        (1.0, 2.0, 5.0, 0, "3"),
        (8.7, 10.0, 5.0, 1, "4.4"),  # 4.35 exactly; in binary fractions 4.3
        (0.1 + 0.2, 0.3, 5.0, 1, "5.0"),  # 0.30000000000000004 is no more than 0.3
        (4.5, 10.0, 5.0, 0, "2"),  # 2.25
        (10.0, 10.0, 5.0, 2, "5.00"),
        (-0.0, 10.0, 5.0, 1, "0.0"),
    ],
)
def test_a_scaled_grade_is_rounded_half_up(
    awarded: float, possible: float, maximum: float, decimals: int, expected: str
) -> None:
    """Written with all its decimals, as a grade sheet wants it."""
    assert str(scaled_grade(grade(awarded, possible), maximum, decimals)) == expected


@quiet
@given(st.integers(0, 10_000), st.integers(1, 10_000), st.sampled_from([5.0, 10.0, 20.0, 100.0]), st.integers(0, 4))
def test_a_scaled_grade_is_within_half_a_step(first: int, second: int, maximum: float, decimals: int) -> None:
    """And never beyond the ends of the scale."""
    awarded, possible = sorted((first, second))
    scaled = scaled_grade(grade(awarded / 100, possible / 100), maximum, decimals)
    exact = Fraction(awarded, possible) * Fraction(maximum)
    assert abs(Fraction(scaled) - exact) <= Fraction(1, 2 * 10**decimals)
    assert 0 <= scaled <= maximum


@pytest.mark.parametrize(
    ("possible", "maximum", "decimals"),
    [(0.0, 5.0, 1), (10.0, float("nan"), 1), (10.0, float("inf"), 1), (10.0, -5.0, 1), (10.0, 5.0, -1)],
)
def test_there_is_no_grade_on_a_scale_that_is_none(possible: float, maximum: float, decimals: int) -> None:
    """Zero of zero points is not zero."""
    with pytest.raises(ValueError, match="scale"):
        scaled_grade(grade(0.0, possible), maximum, decimals)
