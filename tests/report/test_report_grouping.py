"""Findings and errors that say the same at several places are said once."""

from __future__ import annotations

from dataclasses import replace

import report_samples as samples
from report_page import page_of
from rich.console import Console

from grader.domain.grade import CheckResult, Finding, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.domain.run import CellError, RunRecord, RunStatus
from grader.locale import Translator
from grader.report.grouping import grouped_errors, grouped_findings
from grader.report.html import render_submission
from grader.report.terminal import check_report
from grader.scoring import score


def finding(where: str, actual: str = "an error", hint: str = "write your code") -> Finding:
    """A finding of a cell."""
    return Finding(message(where), message("a cell that runs"), message(actual), message("why"), message(hint))


def error(cell: int, text: str = "") -> CellError:
    """A cell that is still to be filled in."""
    return CellError(cell, "NotImplementedError", text, "raise NotImplementedError()")


def unstarted() -> GradedSubmission:
    """A grade of a notebook in which twelve cells are as they were given out."""
    results = [
        CheckResult(
            "model_found", Outcome.FAILED, 0.0, 1.0, message("Nothing found."),
            tuple(finding(f"Cell {number}") for number in range(12)),
        ),
        *(CheckResult(item.check, Outcome.SKIPPED, 0.0, item.points, message("Not looked at.")) for item in samples.assignment().rubric[1:]),
    ]  # fmt: skip
    run = RunRecord(RunStatus.RAISED, cells_total=12, cells_run=12, errors=tuple(error(number) for number in range(12)))
    return replace(samples.submission(), grade=score(results), run=run)


def test_findings_of_one_kind_are_one() -> None:
    """The same expectation, reason and hint; what was found may differ, and the order is that of the first ones."""
    one, other, third = finding("a"), finding("b", "another error"), finding("c", hint="look here")
    assert grouped_findings((one, third, other)) == [(one, (one, other)), (third, (third,))]


def test_errors_that_are_the_same_but_for_their_cells_are_one() -> None:
    """Another text is another error."""
    assert grouped_errors((error(1), error(2, "x"), error(3))) == [(error(1), error(3)), (error(2, "x"),)]


def test_a_page_names_every_place_and_says_the_rest_once() -> None:
    """Each place, each different word of what was found, one hint."""
    two = replace(
        samples.submission(),
        grade=score(
            [
                CheckResult(
                    "code_size",
                    Outcome.FAILED,
                    0.0,
                    2.0,
                    message("No."),
                    (finding("Cell 1", "30"), finding("Cell 2", "64")),
                )
            ]
        ),
    )
    check = page_of(render_submission(two, samples.assignment(), samples.facts(), Translator("en"))).by_id(
        "check-code_size"
    )
    (block,) = check.all("div", "finding")
    assert block.one("h4").text == "Cell 1 · Cell 2"
    assert [one.text for one in block.all("dd")] == ["a cell that runs", "30 · 64", "why", "write your code"]


def test_an_unstarted_notebook_fits_on_a_screen() -> None:
    """In the terminal: no line for each cell and each check, and the end says where to begin."""
    console = Console(width=100, record=True, force_terminal=False, quiet=False)
    with console.capture() as said:
        console.print(check_report(unstarted(), samples.assignment(), Translator("en")))
    lines = said.get().splitlines()
    assert len(lines) < 45
    assert sum("Not looked at." in line for line in lines) == 1
    assert "What to do next" in lines
    assert any("Cell 0 and 11 more places: write your code" in line for line in lines)
