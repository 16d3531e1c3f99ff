"""The page of a class that a teacher shows to it."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
import report_samples as samples
from report_page import page_of

from grader.domain.graded import GradedSubmission
from grader.domain.measurement import ImageStrip, Measurement, Quantity
from grader.locale import LANGUAGES, Translator
from grader.report.html import render_class_summary, render_index

CLASS = (samples.needs_review(), samples.imperfect(), samples.submission())


def render(graded: tuple[GradedSubmission, ...] = CLASS, language: str = "en") -> str:
    return render_class_summary(graded, samples.assignment(), Translator(language, strict=True))


def named(student: str, loss: float, shade: int) -> GradedSubmission:
    """A hand-in whose autoencoder turns every image into one shade."""
    one = samples.imperfect()
    strips = tuple(
        ImageStrip(title, 1, 1, (base64.b64encode(bytes([tone])).decode(),) * 3)
        for title, tone in (("original", 9), ("student", shade))
    )
    value = Measurement(Quantity.RECONSTRUCTION_MSE, loss, "pixel²", "hidden images")
    values = {**one.measurements.values, Quantity.RECONSTRUCTION_MSE: value}
    return replace(one, student=student, measurements=replace(one.measurements, strips=strips, values=values))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_nobody_and_fetches_nothing(language: str) -> None:
    """No student, no file, no link, whatever a student is called."""
    graded = (*CLASS, samples.hostile())
    html = render(graded, language)
    assert page_of(html).one("html").attributes == {"lang": language}
    assert not re.search(r"https?://|<script|<a ", html)
    for one in graded:
        assert one.student not in html
        assert one.filename not in html


def test_the_hardest_check_comes_first_and_the_histogram_counts_final_grades() -> None:
    """Grades 5.0 and 2.1 of 5: the last bin and the fifth."""
    page = page_of(render())
    shares = [int(row.all("td")[0].text.rstrip(" %")) for row in page.all("table", "numbers")[1].one("tbody").all("tr")]
    assert shares == sorted(shares)
    counts = [int(row.one("td").text) for row in page.all("table", "numbers")[0].all("tr")]
    assert counts == [0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


def test_a_finding_is_shown_once_two_students_have_it() -> None:
    """What one alone has could be recognised."""
    alone = render((samples.imperfect(), samples.submission()))
    assert "Commonest findings" not in alone
    twice = page_of(render((samples.imperfect(), replace(samples.imperfect(), student="eva"))))
    assert {item.text.split("Students: ")[1].split()[0][0] for item in twice.one("ol", "common").all("li")} == {"2"}


def test_the_best_and_the_middle_autoencoder_are_shown_and_the_worst_is_not() -> None:
    """From three on, all measured on the same images."""
    graded = tuple(
        named(student, loss, shade) for student, loss, shade in (("a", 0.3, 30), ("b", 0.1, 10), ("c", 0.2, 20))
    )
    assert "Reconstructions of hidden images" not in render(graded[:2])
    captions = [caption.text for caption in page_of(render(graded)).all("figcaption")]
    assert captions == ["Original", "The best autoencoder of the class", "The autoencoder in the middle of the class"]
    pictures = [image.attributes["src"] for image in page_of(render(graded)).all("img")]
    best_alone = [image.attributes["src"] for image in page_of(render((graded[1],) * 3)).all("img")]
    assert pictures[1] == best_alone[1] == best_alone[2]
    assert len(set(pictures)) == 3


def test_the_overview_links_to_the_page() -> None:
    """Where it was written."""
    html = render_index(CLASS, samples.assignment(), Translator("en"), {}, summary="./class.html")
    assert [link.attributes["href"] for link in page_of(html).all("a")] == ["./class.html"]
