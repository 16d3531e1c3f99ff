"""Lateness and letters, as students and instructors read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import report_samples as samples
from report_page import page_of

from grader.domain.assignment import DuePolicy, LetterBound
from grader.domain.grade import Lateness
from grader.domain.graded import GradedSubmission
from grader.locale import Translator
from grader.report.html import render_index, render_submission

ENGLISH = Translator("en", strict=True)
DUE = DuePolicy(datetime(2026, 12, 1, tzinfo=UTC), late_percent_per_day=10.0)
TIMED = samples.assignment(due=DUE)
LETTERED = samples.assignment(
    scale_maximum=100.0, scale_decimals=0, scale_letters=(LetterBound("A", 90.0), LetterBound("F", 0.0))
)


def late(graded: GradedSubmission, minutes: int, percent: float, points: float) -> GradedSubmission:
    """The same, this late."""
    return replace(graded, grade=replace(graded.grade, late=Lateness(minutes, percent, points)))


def header(graded: GradedSubmission, assignment=TIMED) -> str:
    """What stands at the top of a student's page."""
    return page_of(render_submission(graded, assignment, samples.facts(), ENGLISH)).one("header").text


def test_what_lateness_costs_is_a_line_under_the_points() -> None:
    """The points and the grade are what is left; the bar of the checks and their points stay."""
    graded = late(samples.imperfect(), 1640, 20.0, 0.85)
    assert header(graded) == (
        "Stacked autoencoder Luis Ñáñez entrega_final.ipynb Final 1.7 of 5.0 3.4 of 10 points "
        "Handed in 1 d 3 h 20 min after the due date: 20 % of the 4.25 points earned are deducted, 0.85 points."
    )
    page = page_of(render_submission(graded, TIMED, samples.facts(), ENGLISH))
    assert [check.one(css="points").text for check in page.all("li", "check")] == [
        "1 of 1", "1.5 of 3", "0 of 2", "1.75 of 3", "0 of 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("graded", "sentence"),
    [
        (samples.submission(), "The time of hand-in is not known, so that nothing is deducted for lateness."),
        (late(samples.submission(), 0, 0.0, 0.0), "Handed in on time."),
        (
            late(samples.submission(), 60, 0.0, 0.0),
            "Handed in 1 h after the due date; nothing is deducted for that.",
        ),
    ],
)
def test_it_is_said_as_well_that_nothing_is_deducted(graded: GradedSubmission, sentence: str) -> None:
    """On time, without a penalty, and where nobody knows the time: full points."""
    assert header(graded) == (
        f"Stacked autoencoder Ana García entrega_final.ipynb Final 5.0 of 5.0 10 of 10 points {sentence}"
    )


def test_without_a_due_date_nothing_is_said() -> None:
    """An assignment that is never due knows no lateness."""
    assert header(samples.submission(), samples.assignment()).endswith("10 of 10 points")


def test_a_grade_that_waits_stays_a_lower_bound() -> None:
    """At least what is left after the deduction."""
    shown = header(late(samples.needs_review(), 60, 10.0, 0.35))
    assert "Needs review at least 1.5 of 5.0 at least 3.12 of 10 points" in shown
    assert "10 % of the 3.47 points earned are deducted, 0.35 points." in shown


def test_the_class_page_shows_who_was_late_and_whose_time_is_not_known() -> None:
    """A line in the cell of the grade, and a count in the summary."""
    class_ = (late(samples.imperfect(), 60, 10.0, 0.43), samples.submission())
    page = page_of(render_index(class_, TIMED, ENGLISH, {}))
    assert [cell.text for cell in page.all("td", "grade")] == [
        "5.0 10 of 10 points",
        "1.9 3.82 of 10 points late: 0.43 points less",
    ]
    assert page.one("dl", "summary").text.endswith("Time of hand-in not known 1")
    undue = page_of(render_index(class_, samples.assignment(), ENGLISH, {}))
    assert "not known" not in undue.one("dl", "summary").text


def test_a_letter_stands_with_its_number() -> None:
    """The letter alone in the table of the class, with the rounded percentage on the student's page."""
    assert "Final A (100 of 100) 10 of 10 points" in header(samples.submission(), LETTERED)
    assert "at least F (34 of 100) at least 3.47 of 10 points" in header(samples.needs_review(), LETTERED)
    page = page_of(render_index((samples.submission(),), LETTERED, ENGLISH, {}))
    assert page.one("td", "grade").text == "A 10 of 10 points"


def test_a_mark_of_lateness_is_said_where_no_time_is_known() -> None:
    """Canvas writes it into the name of the file, without saying by how much."""
    marked = replace(samples.submission(), filename="diazluis_LATE_31_4711_tarea.ipynb")
    assert "The platform marks it as late, but not by how much" in header(marked)
    assert "marks it as late" not in header(late(marked, 60, 0.0, 0.0))


def test_name_and_id_of_the_platform_stand_apart() -> None:
    """On the student's page and on that of the class, which stands in the order of its language."""
    people = [replace(samples.submission(), student=name) for name in ("Ñáñez Zoé-3", "Oviedo Ana-1", "Núñez Iván-2")]
    assert "Ñáñez Zoé (3)" in header(people[0])
    index = render_index(people, TIMED, Translator("es"), {})
    places = [index.index(name) for name in ("Núñez Iván (2)", "Ñáñez Zoé (3)", "Oviedo Ana (1)")]
    assert places == sorted(places)
