"""The next steps: the findings of a grade grouped by cause, the step with the largest gain first.

A notebook that was not begun fails every check for one cause. A check that was skipped because another one did not pass
belongs to that one; the step gains the points of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Outcome
from grader.domain.graded import GradedSubmission
from grader.report.grouping import grouped_findings
from grader.report.views import check_anchor, check_title
from grader.report.wording import Wording

STEPS_SHOWN: Final = 4
RUNS: Final = "runs"
"""The check that every cell ran: errors come first, since later results depend on them."""

_SOUGHT: Final = frozenset({Outcome.FAILED, Outcome.PARTIAL})


@dataclass(frozen=True, slots=True)
class NextStep:
    """One step to do.

    Attributes:
        anchor: Id of the check on the page.
        title: What the check asks.
        where: The first place that it concerns, "" if no finding names one.
        hint: What to look at, or what was found where there is no hint.
        gain: Points that are to be had by it, in words.
        unlocks: Titles of checks that could not be looked at before it is done.
    """

    anchor: str
    title: str
    where: str
    hint: str
    gain: str
    unlocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextSteps:
    """The steps of a grade.

    Attributes:
        steps: The one that brings most first.
        left_out: How many more there are.
    """

    steps: tuple[NextStep, ...]
    left_out: int


def next_steps(graded: GradedSubmission, assignment: Assignment, wording: Wording) -> NextSteps:
    """Group the checks that lost points by the cause of the loss.

    Args:
        graded: The grade that counts.
        assignment: Says which check requires which.
        wording: The language.
    """
    results = {result.check: result for result in graded.grade.results}
    requires = {item.check: item.requires for item in assignment.rubric}
    caused: dict[str, list[str]] = {check: [] for check, result in results.items() if result.outcome in _SOUGHT}
    for check, result in results.items():
        if result.outcome is Outcome.SKIPPED and (cause := _cause(check, results, requires)) in caused:
            caused[cause].append(check)
    gains = {check: _lost(results[check]) + sum(_lost(results[one]) for one in more) for check, more in caused.items()}
    broke = RUNS in caused
    ordered = sorted((check for check in caused if gains[check] > 0), key=lambda check: (check != RUNS, -gains[check]))
    shown = [
        NextStep(
            check_anchor(check),
            check_title(check, assignment, wording),
            *_said(results[check], wording, in_words=broke and check != RUNS),
            wording.t("up to {points} points", points=wording.points(gains[check])),
            tuple(check_title(one, assignment, wording) for one in caused[check]),
        )
        for check in ordered[:STEPS_SHOWN]
    ]
    return NextSteps(tuple(shown), max(0, len(ordered) - STEPS_SHOWN))


# Private -------------------------------------------------------------------------------------------------------------


def _lost(result: CheckResult) -> float:
    return result.points_possible - result.points_awarded


def _cause(check: str, results: Mapping[str, CheckResult], requires: Mapping[str, tuple[str, ...]]) -> str:
    """Return the first check of a chain in which each check requires the one before."""
    seen = {check}
    while True:
        missed = [
            one for one in requires.get(check, ()) if one in results and results[one].outcome is not Outcome.PASSED
        ]
        if results[check].outcome is not Outcome.SKIPPED or not missed or missed[0] in seen:
            return check
        check = missed[0]
        seen.add(check)


def _said(result: CheckResult, wording: Wording, *, in_words: bool) -> tuple[str, str]:
    """Return where it is and what to look at: the first finding's, or the sentence of the check.

    While cells end with errors the sentence of a check says more (`in_words`): its findings may all come of them.
    """
    if not result.findings or in_words:
        return "", wording.say(result.message)
    first, among = grouped_findings(result.findings)[0]
    where = wording.say(first.where)
    if more := len({one.where for one in among}) - 1:
        where = wording.t("{where} and {count} more places", where=where, count=more)
    return where, wording.say(first.hint) or wording.say(first.actual)
