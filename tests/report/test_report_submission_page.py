"""The page of one student."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
import report_samples as samples
from report_page import STATES, page_of, render, rendered

from grader.domain.grade import Finding, Grade, GradeStatus, Outcome
from grader.domain.messages import Message, message, verbatim
from grader.domain.run import RunRecord, RunStatus
from grader.locale import LANGUAGES, Translator
from grader.report.html import render_submission


class Marking(Translator):
    """A stand-in language: every sentence that went through the translator stands in ⟦ ⟧."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("en", strict=True)

    def text(self, message: Message) -> str:
        """Mark the sentence, nested ones included."""
        return f"⟦{super().text(message)}⟧"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_every_page_is_well_formed_and_names_its_language(state, language):
    """Tags are balanced, ids unique, labels lead somewhere, and `lang` is the reader's language."""
    page = page_of(rendered(state, language))
    assert page.one("html").attributes == {"lang": language}
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1


@pytest.mark.parametrize("state", STATES)
def test_headings_never_skip_a_level(state):
    """A screen reader's outline has no holes."""
    levels = [int(e.tag[1]) for e in page_of(rendered(state)).all() if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("state", STATES)
def test_no_page_reaches_outside_itself(state):
    """No script, no handler, no address but embedded data; and the content policy forbids the rest."""
    html = rendered(state)
    assert not re.search(r"https?://|<script|javascript:", html)
    page = page_of(html)
    for element in page.all():
        assert not [name for name in element.attributes if name.startswith("on")]
        for name in ("src", "srcset", "href", "action", "data"):
            assert element.attributes.get(name, "data:").startswith(("data:", "#"))
    (policy,) = [e for e in page.all("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy.attributes["content"].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline';")


def test_the_head_tells_who_what_and_how_much():
    """Assignment, student, file, status, points, and the grade on the assignment's scale."""
    header = page_of(rendered("imperfect")).one("header")
    assert header.text == "Stacked autoencoder Luis Ñáñez entrega_final.ipynb Final 2.1 of 5.0 4.25 of 10 points"


def test_the_head_of_a_spanish_page_has_the_spanish_title_and_decimal_comma():
    """Titles come from the assignment, numbers in the language's way."""
    header = page_of(rendered("imperfect", "es")).one("header").text
    assert header.startswith("Autoencoder apilado Luis Ñáñez entrega_final.ipynb")
    assert "2,1" in header
    assert "4,25" in header


def test_each_check_has_title_word_points_and_message():
    """One block a check in rubric order, with the outcome as icon and as word."""
    page = page_of(rendered("imperfect"))
    shown = [
        (c.attributes["id"], c.one("h3").text, c.one(css="result").text, c.one(css="message").text)
        for c in page.all("li", "check")
    ]
    assert shown == [
        ("check-model_found", "The three models exist", "1 of 1 Met", "encoder, decoder and autoencoder were found."),
        (
            "check-layers",
            "Layers as asked",
            "1.5 of 3 Partly met",
            "Two of six layers differ from what is asked.",
        ),
        ("check-code_size", "A code of 30 numbers", "0 of 2 Not met", "The code is too wide."),
        (
            "check-reconstruction",
            "Reconstruction of hidden images",
            "1.75 of 3 Partly met",
            "The error lies between full and no credit.",
        ),
        (
            "check-composition",
            "Autoencoder = decoder after encoder",
            "0 of 1 Skipped",
            "Skipped because “A code of 30 numbers” did not pass.",
        ),
    ]
    assert all(len(check.all("svg", "icon")) == 1 for check in page.all("li", "check"))


def test_the_five_icons_differ_in_shape():
    """Who sees no colours still sees five outcomes."""
    drawn = {}
    for graded in (samples.imperfect(), samples.needs_review()):
        for check in page_of(render(graded)).all("li", "check"):
            drawn[check.classes[1]] = repr(check.one("svg").children)
    assert len(set(drawn.values())) == len(drawn) == len(Outcome)


def test_a_finding_says_where_expected_found_why_and_hint():
    """Everything a student needs to act on, under its own names."""
    finding = page_of(rendered("imperfect")).one(css="finding")
    assert finding.one("h4").text == "encoder, layer 4"
    names = [name.text for name in finding.all("dt")]
    texts = [text.text for text in finding.all("dd")]
    assert dict(zip(names, texts, strict=True)) == {
        "Expected": "a code of 30 numbers",
        "Found": "64 numbers",
        "Why it matters": "A wider code keeps more of each image and hides how well the model really compresses.",
        "Hint": "Look at the number of units of the last layer of the encoder.",
    }


def test_an_empty_part_of_a_finding_is_left_out():
    """A name with nothing behind it would only puzzle."""
    nothing = verbatim("")
    finding = Finding(verbatim("encoder"), verbatim("a"), verbatim("b"), nothing, nothing)
    result = samples.result("code_size", Outcome.FAILED, 0, 2, "No.", findings=(finding,))
    graded = samples.submission(grade=Grade(0, 2, GradeStatus.FINAL, (result,)))
    assert [name.text for name in page_of(render(graded)).one(css="finding").all("dt")] == ["Expected", "Found"]


def test_a_check_shows_the_numbers_it_rests_on_and_how_they_came_about():
    """The measured value with its unit, and the method on record."""
    page = page_of(rendered("imperfect"))
    assert page.one("table", "numbers").one("tbody").text == "Reconstruction error (MSE) 0.0489 pixel²"
    assert page.one("dl", "methods").text == "Reconstruction error (MSE) on 2,000 hidden images"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_provisional_grade_is_never_shown_as_final(language):
    """With NEEDS_REVIEW every number of the grade says that it is a lower bound, rounded down (1.735 → 1.7)."""
    translator = Translator(language, strict=True)
    header = page_of(rendered("needs review", language)).one("header")
    lower = message("at least {value} of {maximum}", value=translator.number(1.7, 1), maximum=translator.number(5.0, 1))
    points = message("at least {points} of {possible} points", points=translator.number(3.47, 2), possible="10")
    assert header.one(css="value").text == translator.text(lower)
    assert header.one(css="points").text == translator.text(points)
    assert translator.text(message("Needs review")) in header.text
    assert translator.text(message("This is not a grade yet.")) in header.text
    rest = header.text.replace(translator.text(lower), "").replace(translator.text(points), "")
    assert not re.search(r"\d", rest.replace("30", ""))


def test_the_reasons_for_a_review_are_told_plainly():
    """The grade's own reasons first, then the checks that nobody could judge, once a cause."""
    callout = page_of(rendered("needs review")).one("header").one(css="callout")
    assert [reason.text for reason in callout.all("li")] == [
        "Two different files were handed in.",
        (
            "Could not be judged: “Reconstruction of hidden images”, “Autoencoder = decoder after encoder”. "
            "The measuring process ran out of memory."
        ),
    ]


def test_a_check_nobody_could_judge_shows_no_points():
    """Open is not the same as none."""
    page = page_of(rendered("needs review"))
    assert page.by_id("check-reconstruction").one(css="result").text == "open, of 3 Waits for a person"


def test_the_graders_own_traceback_stays_out_of_the_students_page():
    """It is for the maintainer and holds paths of our machine."""
    assert "MemoryError" not in rendered("needs review")


def test_the_run_is_told_with_every_error_and_its_cell():
    """A cell is named by its section and its first line, which is what Colab shows."""
    page = page_of(rendered("imperfect"))
    (run,) = [section for section in page.all("section") if section.one("h2").text == "The run"]
    assert run.text == (
        "The run At least one cell ended with an error; the cells after it were still run. "
        "Code cells run 12 of 12 Time 61.0 s "
        "Section “3. The decoder”, code cell 2: decoder(encoder(x)) · ValueError decoder(encoder(x)) Shapes (None, 64) and (None, 30) are incompatible"
    )


def test_everything_odd_about_a_run_is_remarked():
    """What stopped it, our own detail, dropped output, and a run without sandbox."""
    run = RunRecord(
        RunStatus.KILLED, samples.StoppedBy.MEMORY, output_truncated=True, sandboxed=False, detail=verbatim("Exit 137.")
    )
    page = page_of(render(samples.submission(run=run)))
    assert (
        "The notebook's process ended before its last cell. It used more memory than is allowed. Exit 137. "
        "The notebook printed more than is kept; the rest of its output was dropped. It ran without the sandbox."
    ) in page.text


def test_notes_and_acceleration_are_told():
    """What was fixed on the way stands at the end."""
    page = page_of(rendered("imperfect"))
    (notes,) = [section for section in page.all("section") if section.one("h2").text == "Notes"]
    assert [note.text for note in notes.all("li")] == [
        "!pip install seaborn was noted and not run",
        "Training was shortened where going on could no longer have changed a point.",
    ]


def test_a_hostile_student_adds_no_element_and_no_control_character():
    """The page has only elements that harmless pages have, and text shows the mark-up as text."""
    html = rendered("hostile")
    harmless = {e.tag for state in ("imperfect", "needs review") for e in page_of(rendered(state)).all()}
    page = page_of(html)
    assert {element.tag for element in page.all()} <= harmless
    assert page.one("h1").text.startswith("<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}")
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff\ud800-\udfff]", html
    )
    assert "[31m" not in html
    assert "evil.example" not in html
    html.encode("utf-8")


def test_a_megabyte_of_error_text_does_not_become_a_megabyte_of_report():
    """Three million characters in an error leave the page as small as any other."""
    assert len(rendered("hostile")) < 200_000


def test_long_lists_are_cut_and_say_by_how_much():
    """A notebook with a hundred failing cells gets a page that can still be read."""
    errors = tuple(samples.CellError(n, "ValueError", f"no {n}") for n in range(100))
    page = page_of(render(samples.submission(run=RunRecord(RunStatus.RAISED, errors=errors))))
    assert len(page.all("div", "error")) == 20
    assert "Further errors, not shown: 80" in page.text


def test_a_check_that_left_the_rubric_keeps_its_id_as_title():
    """An old stored grade remains readable after the rubric changed."""
    page = page_of(render(samples.submission(), rubric=()))
    assert page.by_id("check-code_size").one("h3").text == "code_size"


def test_every_sentence_goes_through_the_translator():
    """Outside ⟦ ⟧ stand only data: names, files, titles of the rubric, names of layers and settings, numbers."""
    graded = replace(samples.imperfect(), notes=(), accelerated=True)
    html = render_submission(graded, samples.assignment(), samples.facts(), Marking())
    page = page_of(html)
    texts = [page.text, *(e.attributes["alt"] for e in page.all("img"))]
    known = {
        graded.student, graded.filename, "Stacked autoencoder", graded.sha256[:12], "on 2,000 hidden images",
        "ValueError", "decoder(encoder(x))", "Shapes (None, 64) and (None, 30) are incompatible",
        *(titles["en"] for titles in samples.TITLES.values()),
    }  # fmt: skip
    layers = {"Reshape", "Dense", "Dropout", "target_shape", "activation", "units", "rate", "relu", "tanh"}
    for text in texts:
        left = text
        while (less := re.sub(r"⟦[^⟦⟧]*⟧", " ", left)) != left:
            left = less
        for data in sorted(known, key=len, reverse=True):
            left = left.replace(data, " ")
        assert set(re.findall(r"[^\W\d]{2,}", left)) <= layers


def test_equal_input_gives_equal_bytes():
    """A report can be compared with the one of yesterday."""
    assert render(samples.imperfect()) == rendered("imperfect")
