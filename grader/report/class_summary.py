"""A class in numbers and pictures, for a teacher to show to it: no name, and nothing that one student alone wrote.

A finding is shown where at least two students have it in the same words. Pictures are those of the best and of the
middle autoencoder on the same hidden images; the worst is nobody's business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Finding, GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import ImageStrip, Quantity
from grader.report import hygiene
from grader.report.class_view import columns, met_by, results_of, summary
from grader.report.histogram import HistogramBar, bars
from grader.report.reconstruction_view import StripView, strip_view
from grader.report.score import scaled_value
from grader.report.views import check_title
from grader.report.wording import Wording

FINDINGS_SHOWN: Final = 8
FEWEST_STUDENTS: Final = 2
"""Fewer have it in the same words: it would be known whose it is."""

_IMAGES_SHOWN: Final = 10
_FEWEST_PICTURES: Final = 3
"""With fewer autoencoders, the best and the middle one could be recognised."""

_SENTENCE_LIMIT: Final = 400


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """One check over the class.

    Attributes:
        title: What it asks.
        percent: Points earned of the points possible in percent, None where nobody could be judged.
        met: How many met it, in words.
    """

    title: str
    percent: int | None
    met: str


@dataclass(frozen=True, slots=True)
class CommonFinding:
    """What several students have in common.

    Attributes:
        title: What the check asks.
        expected: What is expected.
        why: Why it matters for an autoencoder.
        students: How many have it.
    """

    title: str
    expected: str
    why: str
    students: int


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """The whole class.

    Attributes:
        title: The assignment's.
        summary: Name and value, in pairs.
        bars: Histogram of the final grades.
        checks: The hardest first.
        findings: The commonest first.
        strips: Rows of pictures: originals, best, middle.
    """

    title: str
    summary: tuple[tuple[str, str], ...]
    bars: tuple[HistogramBar, ...]
    checks: tuple[CheckSummary, ...]
    findings: tuple[CommonFinding, ...]
    strips: tuple[StripView, ...]


def class_summary(graded: Sequence[GradedSubmission], assignment: Assignment, wording: Wording) -> ClassSummary:
    """Put a class into numbers and pictures without names."""
    final = [one.grade for one in graded if one.grade.status is GradeStatus.FINAL]
    checks = [_check(check, graded, assignment, wording) for check in columns(graded, assignment)]
    return ClassSummary(
        title=wording.pick(assignment.title) or assignment.assignment,
        summary=summary(graded, assignment, wording),
        bars=tuple(bars(((scaled_value(grade, assignment), 1) for grade in final), assignment, wording)),
        checks=tuple(sorted(checks, key=lambda one: 101 if one.percent is None else one.percent)),
        findings=_common_findings(graded, assignment, wording),
        strips=_strips(graded, wording),
    )


# Helpers


def _check(check: str, graded: Sequence[GradedSubmission], assignment: Assignment, wording: Wording) -> CheckSummary:
    results = results_of(check, graded)
    judged = [result for result in results if result.outcome is not Outcome.UNGRADABLE]
    possible = sum(result.points_possible for result in judged)
    return CheckSummary(
        title=check_title(check, assignment, wording),
        percent=round(100 * sum(result.points_awarded for result in judged) / possible) if possible else None,
        met=met_by(results, wording),
    )


def _common_findings(
    graded: Sequence[GradedSubmission], assignment: Assignment, wording: Wording
) -> tuple[CommonFinding, ...]:
    whose: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in graded:
        for result, finding in _findings(one):
            expected, why = wording.say(finding.expected), wording.say(finding.why)
            whose[result.check, expected, why].add(one.student)
    common = [(said, students) for said, students in whose.items() if len(students) >= FEWEST_STUDENTS]
    common.sort(key=lambda one: (-len(one[1]), one[0]))
    return tuple(
        CommonFinding(
            title=check_title(check, assignment, wording),
            expected=hygiene.one_line(expected, _SENTENCE_LIMIT),
            why=hygiene.one_line(why, _SENTENCE_LIMIT),
            students=len(students),
        )
        for (check, expected, why), students in common[:FINDINGS_SHOWN]
    )


def _findings(one: GradedSubmission) -> list[tuple[CheckResult, Finding]]:
    """Return what cost a hand-in points; a check that was skipped belongs to another one."""
    sought = (Outcome.FAILED, Outcome.PARTIAL)
    return [
        (result, finding) for result in one.grade.results if result.outcome in sought for finding in result.findings
    ]


def _strips(graded: Sequence[GradedSubmission], wording: Wording) -> tuple[StripView, ...]:
    """Return pictures of the best and of the middle autoencoder, as far as several were measured on the same images."""
    alike: dict[tuple[str, ...], list[tuple[float, ImageStrip, ImageStrip]]] = defaultdict(list)
    for one in graded:
        loss = one.measurements.value(Quantity.RECONSTRUCTION_MSE)
        strips = {strip.title: strip for strip in one.measurements.strips if strip.images}
        if loss is not None and {"original", "student"} <= strips.keys():
            alike[strips["original"].images].append((loss, strips["original"], strips["student"]))
    found = max(alike.values(), key=len, default=[])
    if len(found) < _FEWEST_PICTURES:
        return ()
    found.sort(key=lambda one: one[0])
    shown = (
        (found[0][1], wording.t("Original")),
        (found[0][2], wording.t("The best autoencoder of the class")),
        (found[len(found) // 2][2], wording.t("The autoencoder in the middle of the class")),
    )
    count = min(_IMAGES_SHOWN, *(len(strip.images) for strip, _ in shown))
    return tuple(strip_view(strip, count, label, wording) for strip, label in shown)
