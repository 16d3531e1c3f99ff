"""What to do next: the findings of a grade, put together by what causes them."""

from __future__ import annotations

from dataclasses import replace

import report_samples as samples
from report_page import page_of

from grader.domain.grade import CheckResult, Finding, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.locale import Translator
from grader.report.html import render_submission
from grader.report.next_steps import STEPS_SHOWN, next_steps
from grader.report.wording import Wording
from grader.scoring import score

WORDING = Wording(Translator("en"))
TOLD = message("Told.")


def requiring(**requires: tuple[str, ...]):
    """The sample assignment, in which checks require others."""
    stated = samples.assignment()
    rubric = tuple(replace(item, requires=requires.get(item.check, ())) for item in stated.rubric)
    return replace(stated, rubric=rubric)


CHAINED = requiring(
    layers=("model_found",),
    code_size=("model_found",),
    reconstruction=("layers",),
    composition=("model_found",),
)


def graded(**outcomes: tuple[Outcome, float, tuple[Finding, ...]]) -> GradedSubmission:
    """A grade with these outcomes, points and findings; the other checks are met."""
    results = tuple(
        CheckResult(item.check, *_result(outcomes.get(item.check, (Outcome.PASSED, item.points, ())), item.points))
        for item in CHAINED.rubric
    )
    return replace(samples.submission(), grade=score(results))


def _result(
    given: tuple[Outcome, float, tuple[Finding, ...]], possible: float
) -> tuple[Outcome, float, float, Message, tuple[Finding, ...]]:
    outcome, points, findings = given
    return outcome, points, possible, TOLD, findings


def finding(hint: str = "", where: str = "Model ae") -> Finding:
    """A finding with a hint, or with what was found alone."""
    return Finding(
        message(where), message("expected"), message("found"), message("why"), message(hint) if hint else message("")
    )


SKIPPED = (Outcome.SKIPPED, 0.0, ())


def test_a_notebook_in_which_nothing_was_begun_has_one_step() -> None:
    """Every check was missed for one cause, also over a row of checks that require each other."""
    nothing = graded(
        model_found=(Outcome.FAILED, 0.0, tuple(finding(f"hint {number}") for number in range(40))),
        layers=SKIPPED, code_size=SKIPPED, reconstruction=SKIPPED, composition=SKIPPED,
    )  # fmt: skip
    (step,) = next_steps(nothing, CHAINED, WORDING).steps
    assert (step.title, step.where, step.hint, step.gain) == (
        "The three models exist",
        "Model ae",
        "hint 0",
        "up to 10 points",
    )
    assert step.anchor == "check-model_found"
    assert step.unlocks == (
        "Layers as asked", "A code of 30 numbers", "Reconstruction of hidden images", "Autoencoder = decoder after encoder",
    )  # fmt: skip


def test_the_step_that_brings_most_comes_first() -> None:
    """Its own points and those of the checks that wait for it."""
    found = next_steps(
        graded(
            layers=(Outcome.PARTIAL, 2.0, (finding("layers"),)),
            reconstruction=SKIPPED,
            code_size=(Outcome.FAILED, 0.0, (finding(),)),
        ),
        CHAINED,
        WORDING,
    )
    assert [(step.title, step.hint, step.gain) for step in found.steps] == [
        ("Layers as asked", "layers", "up to 4 points"),
        ("A code of 30 numbers", "found", "up to 2 points"),
    ]


def test_a_check_without_findings_says_its_sentence() -> None:
    """There is always something to read."""
    (step,) = next_steps(graded(code_size=(Outcome.FAILED, 0.0, ())), CHAINED, WORDING).steps
    assert (step.where, step.hint) == ("", "Told.")


def test_what_a_person_has_to_judge_is_no_step_of_the_student() -> None:
    """Nor is what was met."""
    assert next_steps(graded(), CHAINED, WORDING).steps == ()
    waiting = graded(model_found=(Outcome.UNGRADABLE, 0.0, ()), layers=(Outcome.SKIPPED, 0.0, ()))
    assert next_steps(waiting, CHAINED, WORDING).steps == ()


def test_few_steps_are_shown_and_the_others_counted() -> None:
    """A page begins with what can be done today."""
    missed = {item.check: (Outcome.FAILED, 0.0, (finding("x"),)) for item in CHAINED.rubric}
    found = next_steps(graded(**missed), CHAINED, WORDING)
    assert (len(found.steps), found.left_out) == (STEPS_SHOWN, 1)


def test_the_page_begins_with_the_steps_and_each_leads_to_its_check() -> None:
    """Above the checks; in a page without steps there is no such heading."""
    html = render_submission(
        graded(code_size=(Outcome.FAILED, 0.0, (finding("Look at `Dense`."),))),
        CHAINED,
        samples.facts(),
        Translator("en"),
    )
    page = page_of(html)
    headings = [heading.text for heading in page.all("h2")]
    assert headings[:2] == ["What to do next", "Checks"]
    (link,) = page.by_id("next").attributes and [a for a in page.all("a") if a.attributes["href"].startswith("#check")]
    assert page.by_id(link.attributes["href"][1:]).one("h3").text == "A code of 30 numbers"
    perfect = render_submission(samples.submission(), CHAINED, samples.facts(), Translator("en"))
    assert "What to do next" not in perfect


def test_many_findings_of_one_check_are_folded() -> None:
    """Three are open, the others are one click away."""
    many = graded(code_size=(Outcome.FAILED, 0.0, tuple(finding(f"hint {number}") for number in range(9))))
    page = page_of(render_submission(many, CHAINED, samples.facts(), Translator("en")))
    check = page.by_id("check-code_size")
    (folded,) = check.all("details")
    assert folded.one("summary").text == "Further findings: 6"
    assert (len(check.all("div", "finding")), len(folded.all("div", "finding"))) == (9, 6)
