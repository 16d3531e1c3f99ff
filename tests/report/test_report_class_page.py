"""The page of a whole class."""

from __future__ import annotations

import re

import pytest
import report_samples as samples
from report_page import page_of

from grader.locale import LANGUAGES, Translator
from grader.report.html import render_index

CLASS = (samples.needs_review(), samples.imperfect(), samples.submission())
NAMES = {(one.student, one.sha256): f"reports/{one.student}.html" for one in CLASS}


def render(graded=CLASS, language="en", names=NAMES) -> str:
    return render_index(graded, samples.assignment(), Translator(language, strict=True), names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_class_page_is_well_formed_and_self_contained(language):
    """Balanced, in the reader's language, with links to the reports alone."""
    html = render((*CLASS, samples.hostile()), language)
    page = page_of(html)
    assert page.one("html").attributes == {"lang": language}
    assert not re.search(r"https?://|<script", html)
    links = {link.attributes["href"].partition("#")[0] for link in page.all("a")}
    assert links == {"./reports/Ana%20Garc%C3%ADa.html", "./reports/Luis%20%C3%91%C3%A1%C3%B1ez.html",
                     "./reports/Zo%C3%A9%20Ruiz.html"}  # fmt: skip


def test_the_summary_counts_final_and_waiting():
    """Three submissions, two final (5.0 and 2.1, median 3.55), one waiting; the waiting one is in no median."""
    summary = page_of(render()).one("dl", "summary")
    shown = {name.text: value.text for name, value in zip(summary.all("dt"), summary.all("dd"), strict=True)}
    assert shown == {"Submissions": "3", "Final": "2", "Needs review": "1", "Median of the final grades": "3.55"}


def test_who_waits_is_told_with_the_reason_and_our_own_fault():
    """The instructor sees at once what to do, and the maintainer the traceback."""
    (waiting,) = page_of(render()).one("ul", "waiting").all("li")
    assert waiting.text == (
        "Zoé Ruiz Two different files were handed in. "
        "Could not be judged: “Reconstruction of hidden images”, “Autoencoder = decoder after encoder”. "
        "The measuring process ran out of memory. "
        "The grader's own failure, for its maintainer Traceback (most recent call last): MemoryError"
    )


def test_the_columns_are_numbers_that_a_list_below_explains():
    """Whole titles over narrow columns were broken inside words, and the last column was cut off."""
    page = page_of(render())
    heads = [head.text for head in page.one("table", "class").one("thead").all("th")][3:]
    titles = [item.text for item in page.one("ol", "key").all("li")]
    assert heads == [f"{number} {title}" for number, title in enumerate(titles, start=1)]
    assert titles == [title["en"] for title in samples.TITLES.values()]


def test_each_student_is_a_row_in_order_of_name():
    """Name, file, grade, points, status, and a cell a check with the outcome's word for screen readers."""
    rows = page_of(render()).one("table", "class").one("tbody").all("tr")
    assert [[cell.text for cell in row.children if not isinstance(cell, str)] for row in rows] == [
        ["Ana García entrega_final.ipynb", "5.0 10 of 10 points", "Final", "Met 1", "Met 3", "Met 2", "Met 3", "Met 1"],
        ["Luis Ñáñez entrega_final.ipynb", "2.1 4.25 of 10 points", "Final", "Met 1", "Partly met 1.5", "Not met 0",
         "Partly met 1.75", "Skipped 0"],
        ["Zoé Ruiz entrega_final.ipynb", "at least 1.7 at least 3.47 of 10 points", "Needs review", "Met 1",
         "Partly met 2.47", "Not met 0", "Waits for a person", "Waits for a person"],
    ]  # fmt: skip


def test_each_column_says_how_many_met_the_check():
    """The instructor sees which check the class stumbles over."""
    foot = page_of(render()).one("table", "class").one("tfoot")
    assert [cell.text for cell in foot.all("td")] == ["3 of 3", "1 of 3", "1 of 3", "1 of 3", "1 of 3"]


def test_a_cell_leads_to_its_check_in_the_students_report():
    """From the class to the finding in one step."""
    links = [link.attributes["href"] for link in page_of(render()).one("table", "class").all("a")]
    assert "./reports/Luis%20%C3%91%C3%A1%C3%B1ez.html#check-code_size" in links


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("//evil.example/x", "./evil.example/x"),
        ('a"b<c>.html', "./a%22b%3Cc%3E.html"),
    ],
)
def test_a_report_name_is_always_a_relative_address(name, address):
    """Report names may carry a student's name, which must not become a scheme, a host or mark-up."""
    one = samples.submission()
    page = page_of(render((one,), names={(one.student, one.sha256): name}))
    assert page.one("tbody").one("th").one("a").attributes["href"] == address


def test_a_submission_without_a_report_is_listed_without_a_link():
    """The table stays complete when a report could not be written."""
    page = page_of(render(names={}))
    assert page.all("a") == []
    assert len(page.one("tbody").all("tr")) == len(CLASS)


def test_a_hostile_class_stays_text():
    """Mark-up in a name is shown, not obeyed."""
    page = page_of(render((samples.hostile(),)))
    assert page.one("tbody").one("th").one("small").text.startswith("../<script>alert(1)</script>")
    assert page.all("img") == page.all("script") == []


def test_a_class_of_nobody_has_a_page_too():
    """An empty folder is no error."""
    page = page_of(render(()))
    assert "No submissions yet." in page.text
    assert page.all("table") == []
