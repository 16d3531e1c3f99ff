"""Words, numbers and grades."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_samples as samples

from grader.domain.grade import Grade, GradeStatus, Outcome
from grader.domain.measurement import Measurement, Quantity
from grader.domain.messages import verbatim
from grader.domain.run import RunStatus, StoppedBy
from grader.locale import Translator
from grader.report.score import Score, check_points, scaled_value, score
from grader.report.wording import Wording

ENGLISH, SPANISH = Wording(Translator("en", strict=True)), Wording(Translator("es", strict=True))


def test_every_value_of_every_enumeration_has_a_word():
    """Nothing reaches a reader as UNGRADABLE or `pca_mse`."""
    said = [ENGLISH.outcome(outcome) for outcome in Outcome]
    said += [ENGLISH.status(status) for status in GradeStatus]
    said += [ENGLISH.run(status) for status in RunStatus]
    said += [ENGLISH.stopper(stopper) for stopper in StoppedBy if stopper is not StoppedBy.NOTHING]
    said += [ENGLISH.quantity(quantity) for quantity in Quantity]
    assert len(set(said)) == len(said)
    assert all(said)
    assert ENGLISH.stopper(StoppedBy.NOTHING) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.01873, "0.0187"),
        (0.5, "0.500"),
        (12.346, "12.3"),
        (163.8, "164"),
        (2.4e-7, "2.4 × 10⁻⁷"),
        (3.1e8, "3.1 × 10⁸"),
        (-0.0123, "-0.0123"),
    ],
)
def test_a_measured_number_has_three_significant_digits(value, shown):
    """Enough to compare, not enough to drown in."""
    assert ENGLISH.figure(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(3.0, "3"), (1.5, "1,5"), (1.75, "1,75"), (1.333333, "1,33"), (0.1 + 0.2, "0,3"), (0.0, "0")]
)
def test_points_have_as_many_decimals_as_they_need(value, shown):
    """Two at most, in the language's way."""
    assert SPANISH.points(value) == shown


def test_the_spread_has_the_decimals_of_the_mean():
    """0.0187 ± 0.0004, not ± 0.000400."""
    assert ENGLISH.spread(0.01873, 0.00041) == "0.0187 ± 0.0004"


def test_numbers_of_an_axis_share_their_decimals():
    """0.000, 0.025, 0.050: one below the other they line up."""
    assert ENGLISH.ticks([0.0, 0.025, 0.05]) == ["0.000", "0.025", "0.050"]


def test_long_counts_are_parted_by_thin_spaces():
    """A comma would be a decimal comma in Spanish."""
    assert ENGLISH.count(163_814) == "163\u202f814"
    assert ENGLISH.count(3030) == "3030"


@pytest.mark.parametrize(
    ("quantity", "value", "shown"),
    [
        (Quantity.CODE_SIZE, 30.0, "30"),
        (Quantity.RECONSTRUCTION_MSE, 0.0187, "0.0187 pixel²"),
        (Quantity.ACTIVE_SHARE, 0.35, "0.350"),
        (Quantity.PLANE_ANGLE, 12.3, "12.3 °"),
    ],
)
def test_a_measurement_is_shown_with_its_unit(quantity, value, shown):
    """Whole pure numbers have no decimals."""
    assert ENGLISH.measured(Measurement(quantity, value, quantity.spec.unit, "")) == shown


def test_a_text_falls_back_to_english_and_then_to_any():
    """A title in one language only is better than none."""
    assert SPANISH.pick({"en": "Title", "es": "Título"}) == "Título"
    assert SPANISH.pick({"en": "Title"}) == "Title"
    assert SPANISH.pick({"fr": "Titre"}) == "Titre"
    assert SPANISH.pick({}) == ""


def grade(awarded: float, status: GradeStatus = GradeStatus.FINAL, possible: float = 10.0) -> Grade:
    return Grade(awarded, possible, status, ())


def test_a_final_grade_is_told_as_it_is():
    """Points, and the grade on the assignment's scale."""
    assert score(grade(8.5), samples.assignment(), ENGLISH) == Score(
        final=True, points="8.5 of 10 points", scaled="4.3 of 5.0", short="4.3"
    )


def test_a_provisional_grade_is_a_lower_bound_rounded_down():
    """9.99 of 10 points are at least 4.9 of 5.0, not at least 5.0."""
    assert score(grade(9.99, GradeStatus.NEEDS_REVIEW), samples.assignment(), ENGLISH) == Score(
        final=False, points="at least 9.99 of 10 points", scaled="at least 4.9 of 5.0", short="at least 4.9"
    )


@pytest.mark.parametrize(
    ("awarded", "possible", "maximum", "decimals", "expected"),
    [
        (8.5, 10.0, 5.0, 1, 4.3),  # 4.25: a half goes up
        (8.3, 10.0, 5.0, 1, 4.2),  # 4.15, which binary floats hold as 4.1500000000000004
        (0.1 + 0.2, 10.0, 5.0, 2, 0.15),
        (10.0, 10.0, 20.0, 0, 20.0),
        (1.0, 3.0, 100.0, 2, 33.33),
        (0.0, 0.0, 5.0, 1, 0.0),
    ],
)
def test_the_scale_is_exact_decimal_arithmetic(awarded, possible, maximum, decimals, expected):
    """Points awarded / possible · maximum, computed by hand."""
    scale = samples.assignment(scale_maximum=maximum, scale_decimals=decimals)
    assert scaled_value(grade(awarded, possible=possible), scale) == expected


def test_a_check_that_nobody_could_judge_has_open_points():
    """Every other outcome shows what it earned."""
    result = samples.result("x", Outcome.PARTIAL, 1.5, 3, "")
    assert check_points(result, ENGLISH) == "1.5 of 3"
    assert check_points(replace(result, outcome=Outcome.UNGRADABLE), ENGLISH) == "open, of 3"


def test_a_sentence_is_cleaned_before_it_is_told():
    """Even a message that consists of a student's words."""
    assert ENGLISH.say(verbatim("\x1b[31mred\u202e")) == "red"
