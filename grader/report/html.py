"""Turns graded submissions into self-contained HTML pages: one per student, one for the class.

A page needs no network, no script and no other file, and its content policy forbids all three. Jinja2 escapes
everything; the templates only lay out text that `views`, `layer_table`, `quality` and `class_view` have made
harmless.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.graded import GradedSubmission
from grader.locale import Translator
from grader.report.class_summary import class_summary
from grader.report.class_view import ReportNames, class_view
from grader.report.histogram import CHART_HEIGHT, CHART_WIDTH
from grader.report.layer_table import layer_table
from grader.report.lesson import lesson_drawings
from grader.report.next_steps import next_steps
from grader.report.reconstruction_view import loss_view, strip_views
from grader.report.views import submission_view
from grader.report.wording import Wording


def render_submission(
    graded: GradedSubmission, assignment: Assignment, facts: ReferenceFacts, translator: Translator
) -> str:
    """Return the report of one student as one HTML file.

    Args:
        graded: What to report.
        assignment: Its assignment: titles of the checks, grade scale.
        facts: The reference that the autoencoder is shown beside.
        translator: Language of the page.

    Returns:
        A complete HTML document that refers to nothing outside itself.
    """
    wording = Wording(translator)
    return (
        _environment()
        .get_template("submission.html.j2")
        .render(
            t=wording.t,
            count=wording.count,
            language=wording.language,
            page=submission_view(graded, assignment, wording),
            next_steps=next_steps(graded, assignment, wording),
            drawings=lesson_drawings(graded, wording),
            layers=layer_table(graded, assignment, facts, wording),
            strips=strip_views(graded.measurements, facts, wording),
            losses=loss_view(graded.measurements, facts, wording),
        )
    )


MOST_LISTED: Final = 1000
"""Most file names that a page lists; one zip may hold fifty thousand."""


def render_index(
    graded: Sequence[GradedSubmission],
    assignment: Assignment,
    translator: Translator,
    report_names: ReportNames,
    *,
    passed_over: Sequence[str] = (),
    summary: str = "",
) -> str:
    """Return the overview of a class as one HTML file.

    Args:
        graded: The class, in any order.
        assignment: What it handed in.
        translator: Language of the page.
        report_names: Address of each report relative to this page, by (student, sha256); a submission without one
            is listed without a link.
        passed_over: Names of what was handed in and not graded.
        summary: Address of the page to show to the class relative to this page, "" where there is none.

    Returns:
        A complete HTML document that links to the reports and to nothing else.
    """
    wording = Wording(translator)
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            t=wording.t,
            count=wording.count,
            language=wording.language,
            page=class_view(graded, assignment, wording, report_names),
            passed_over=passed_over[:MOST_LISTED],
            further=max(0, len(passed_over) - MOST_LISTED),
            summary=summary,
        )
    )


def render_class_summary(graded: Sequence[GradedSubmission], assignment: Assignment, translator: Translator) -> str:
    """Return a page about a class that a teacher can show to it, without names, as one HTML file.

    Args:
        graded: The class, in any order.
        assignment: What it handed in.
        translator: Language of the page.
    """
    wording = Wording(translator)
    return (
        _environment()
        .get_template("class.html.j2")
        .render(
            t=wording.t,
            count=wording.count,
            language=wording.language,
            page=class_summary(graded, assignment, wording),
            chart=(CHART_WIDTH, CHART_HEIGHT),
        )
    )


def report_style() -> str:
    """Return the style sheet of the pages."""
    return _environment().get_template("_style.css.j2").render()


@cache
def _environment() -> Environment:
    """Build the template environment once, since compiling templates takes longer than filling them."""
    environment = Environment(
        loader=PackageLoader("grader.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment


def prose(text: str) -> Markup:
    """Return a sentence as HTML: text between backticks as code, and nothing else as mark-up."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


_CODE: Final = re.compile(r"`(?! )([^`\n]+)(?<! )`")
