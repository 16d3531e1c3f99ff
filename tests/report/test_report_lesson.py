"""Drawings of what a lesson is about."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import report_samples as samples
from report_page import page_of

from grader.domain.evidence import FitClaim
from grader.domain.graded import GradedSubmission
from grader.domain.portrait import CodePlane, LossCurve, Portrait, RowErrors, loss_curves
from grader.locale import Translator
from grader.report.html import render_submission
from grader.report.lesson import HEIGHT, WIDTH, Drawing, lesson_drawings
from grader.report.wording import Wording

EN = Wording(Translator("en"))
PLANE = CodePlane(tuple((float(x), float(x * x)) for x in range(30)), tuple(x % 10 for x in range(30)), 0.87)
ACTIVITY = (0.5, 0.4, 0.1, 0.01)
ERRORS = RowErrors((0.01, 0.1, 1.0, 10.0), (0.7, 0.2, 0.1), (0.0, 0.1, 0.9))
CURVE = LossCurve("autoencoder", 20, (0.5, 0.3, 0.2), (0.6, 0.4, 0.35))


def drawn(portrait: Portrait = Portrait(), *curves: LossCurve) -> GradedSubmission:
    """A submission with these drawings."""
    measured = replace(samples.submission().measurements, portrait=portrait)
    return replace(samples.submission(), measurements=measured, curves=curves)


def page(graded: GradedSubmission, language: str = "en"):
    """Its page."""
    return page_of(render_submission(graded, samples.assignment(), samples.facts(), Translator(language)))


def test_a_learning_curve_is_drawn_with_what_was_held_out() -> None:
    """Two lines, a key, the numbers in words, and that the notebook said so."""
    (one,) = lesson_drawings(drawn(Portrait(), CURVE), EN)
    assert (one.title, one.alt) == ("Learning curve of autoencoder", "From 0.500 to 0.200 over 20 epochs.")
    assert "as the notebook reported it" in one.lead
    assert [line.kind for line in one.lines] == [1, 2]
    assert [name for name, _ in one.key] == ["on what was trained on", "on what was held out"]
    xs = [float(point.split(",")[0]) for point in one.lines[0].points.split()]
    assert (xs[0], xs[-1]) == (62.0, 466.0)
    ys = [float(point.split(",")[1]) for line in one.lines for point in line.points.split()]
    assert min(ys) == 12.0
    assert max(ys) == HEIGHT - 34


def test_codes_stand_in_their_plane_under_the_names_of_their_classes() -> None:
    """All of them within the picture; how much the plane holds is reported."""
    (one,) = lesson_drawings(drawn(Portrait(PLANE)), EN)
    assert [mark.text for mark in one.marks[:11]] == [*"0123456789", "0"]
    assert all(0 <= mark.x <= WIDTH and 0 <= mark.y <= one.height for mark in one.marks)
    assert "30 codes in the plane of their two main directions, which holds 87 % of their spread." in one.alt


def test_activity_and_errors_are_bars_over_the_same_axis() -> None:
    """Normal rows filled, frauds as outlines: colour is not the only difference."""
    activity, errors = lesson_drawings(drawn(Portrait(activity=ACTIVITY, errors=ERRORS)), EN)
    assert activity.alt == "3 of 4 numbers are above a tenth of the largest."
    assert [bar.height for bar in activity.bars] == sorted((bar.height for bar in activity.bars), reverse=True)
    assert [bar.kind for bar in errors.bars] == [1, 1, 1, 2, 2]
    assert errors.alt == "Half of the normal rows have an error of at most 0.100, half of the frauds of at most 10.0."


@pytest.mark.parametrize(
    ("portrait", "curves"),
    [
        (Portrait(), ()),
        (Portrait(CodePlane(((1.0, 1.0), (1.0, 1.0)), (1, 2), 1.0)), ()),
        (Portrait(activity=(0.0, 0.0)), ()),
        (Portrait(errors=RowErrors((1.0, 2.0), (0.0,), (0.0,))), ()),
        (Portrait(), (LossCurve("x", 1, (0.5,)), LossCurve("x", 2, (0.5, 0.5)), LossCurve("x", 2, (math.nan, 0.5)))),
    ],
)
def test_nothing_is_drawn_of_nothing(portrait: Portrait, curves: tuple[LossCurve, ...]) -> None:
    """A line of one point, codes in one place, units that are all silent: no empty frames."""
    graded = drawn(portrait, *curves)
    assert lesson_drawings(graded, EN) == ()
    assert "In pictures" not in page(graded).text


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_page_with_every_drawing_is_well_formed_and_small(language: str) -> None:
    """Each drawing has a name for who cannot see it; all of them together take less than a photograph."""
    whole = drawn(Portrait(PLANE, ACTIVITY, ERRORS), CURVE)
    found = page(whole, language)
    pictures = [one for one in found.all("svg") if one.attributes.get("role") == "img"]
    assert len(pictures) == 4
    assert all(one.attributes["aria-label"] for one in pictures)
    with_drawings, without = (
        len(render_submission(one, samples.assignment(), samples.facts(), Translator(language)))
        for one in (whole, drawn())
    )
    assert with_drawings - without < 12_000


def test_a_name_of_a_model_is_harmless() -> None:
    """It is a student's."""
    html = render_submission(
        drawn(Portrait(), replace(CURVE, name=samples.HOSTILE)), samples.assignment(), samples.facts(), Translator("en")
    )
    assert "<script>" not in html


def test_the_longest_trainings_that_were_told_of_are_shown() -> None:
    """In the order in which they ran; a validation of another length is left out, one epoch is no curve."""
    fit = FitClaim("m", 3, 10, 5, same_target=True, input_minimum=0.0, input_maximum=1.0, completed=True)
    reported = [
        replace(fit, losses=(1.0,)),
        *(replace(fit, names=(name,), losses=(1.0,) * length, validation_losses=(2.0,) * 3) for name, length in zip("abcd", (2, 5, 3, 4), strict=True)),
    ]  # fmt: skip
    found = loss_curves(reported)
    assert [(one.name, len(one.losses), len(one.validation)) for one in found] == [
        ("b", 5, 0),
        ("c", 3, 3),
        ("d", 4, 0),
    ]


def test_a_drawing_holds_numbers_that_can_be_drawn() -> None:
    """Large, small and negative losses all stay inside."""
    for losses in ((1e9, 1e-9), (-5.0, 5.0, 0.0), (1e-12, 2e-12)):
        (one,) = lesson_drawings(drawn(Portrait(), LossCurve("", 9, losses)), EN)
        assert isinstance(one, Drawing)
        for point in one.lines[0].points.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
