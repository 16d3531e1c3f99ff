"""The answer to a student: HTML if the notebook can show it, otherwise text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Outcome
from grader.domain.messages import Message, message
from grader.locale import Translator
from grader.report import hygiene
from grader.report.views import CheckView, check_view
from grader.report.wording import Wording

SIGNS: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "✓",
    Outcome.PARTIAL: "◐",
    Outcome.FAILED: "✗",
    Outcome.SKIPPED: "–",
    Outcome.UNGRADABLE: "?",
}
"""The signs of the report in the terminal; a word accompanies them."""

WIDTH: Final = 100

_TO_DO: Final = frozenset({Outcome.FAILED, Outcome.PARTIAL})
"""Outcomes that a student can act on; skipped checks wait for these."""

_NEXT: Final = message("Next step")
_OTHERS: Final = message("After that")
_DETAILS: Final = message("Details")


@dataclass(frozen=True, slots=True)
class _Answer:
    """The checks in the order of the answer: what is right, the one next step, the rest."""

    right: list[CheckView]
    next_step: list[CheckView]
    others: list[CheckView]


@dataclass(frozen=True, slots=True, repr=False)
class Feedback:
    """The result of `grader.check`.

    Attributes:
        asked: The name it was asked for.
        assignment: The assignment.
        language: Of everything said.
        results: One for each check that could be judged. Their points are not those of a grade.
        pending: What could not be judged yet and why, one sentence each.
        complete: Nothing that was asked for was left open; where a model was asked for, later steps may be.
        remark: What this check is worth beside the grade.
        points: What nbgrader shall give for it, None if it is not nbgrader that runs the notebook.
        title: Of the only check, where it is none of the rubric's.
    """

    asked: str
    assignment: Assignment
    language: str
    results: tuple[CheckResult, ...]
    pending: tuple[Message, ...]
    complete: bool
    remark: Message
    points: float | None = None
    title: Message | None = None

    @property
    def passed(self) -> bool:
        """Whether something was judged, all of it is right, and nothing asked for is left open."""
        met = all(result.outcome is Outcome.PASSED for result in self.results)
        return met and bool(self.results) and self.complete

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        """Return the number that nbgrader looks for, or the whole text."""
        return str(self) if self.points is None else f"{self.points:.6g}"

    def _repr_html_(self) -> str:
        """Return the answer as escaped HTML, for Jupyter and Colab."""
        wording = self._wording()
        return (
            _environment()
            .get_template("feedback.html.j2")
            .render(
                language=self.language,
                title=self._title(wording),
                summary=self._summary(wording),
                answer=self._answer(wording),
                words={
                    "next": wording.say(_NEXT),
                    "details": wording.say(_DETAILS),
                    "others": wording.say(_OTHERS),
                },
                pending=[wording.say(line) for line in self.pending],
                remark=wording.say(self.remark),
            )
        )

    def _lines(self) -> Iterator[str]:
        wording = self._wording()
        answer = self._answer(wording)
        yield self._title(wording)
        yield self._summary(wording)
        for check in answer.right:
            yield f"{SIGNS[check.outcome]} {check.title}: {check.word}"
            yield from _check_lines(check)
        for heading, checks in ((_NEXT, answer.next_step), (_OTHERS, answer.others)):
            if checks:
                yield ""
                yield f"{wording.say(heading)}:"
            for check in checks:
                yield f"{SIGNS[check.outcome]} {check.title}: {check.word}"
                yield from _check_lines(check)
        yield ""
        for line in self.pending:
            yield from _wrapped(wording.say(line), "· ")
        yield from _wrapped(wording.say(self.remark), "")

    def _wording(self) -> Wording:
        return Wording(Translator(self.language))

    def _title(self, wording: Wording) -> str:
        name = wording.pick(self.assignment.title) or self.assignment.assignment
        return f"{hygiene.one_line(self.asked)} · {name}"

    def _summary(self, wording: Wording) -> str:
        if not self.results:
            return wording.say(message("Nothing could be judged yet."))
        met = sum(result.outcome is Outcome.PASSED for result in self.results)
        return wording.say(message("Checks met: {met} of {count}", met=met, count=len(self.results)))

    def _answer(self, wording: Wording) -> _Answer:
        views = [check_view(result, self.assignment, wording) for result in self.results]
        if self.title is not None:
            views = [replace(view, title=wording.say(self.title)) for view in views]
        right = [view for view in views if view.outcome is Outcome.PASSED]
        wrong = [view for view in views if view.outcome is not Outcome.PASSED]
        first = next((view for view in wrong if view.outcome in _TO_DO), wrong[0] if wrong else None)
        return _Answer(right, [] if first is None else [first], [view for view in wrong if view is not first])


def _check_lines(check: CheckView) -> Iterator[str]:
    yield from _wrapped(check.message, "  ")
    for finding in check.findings:
        yield from _wrapped(finding.where, "  ▸ ")
        for name, text in finding.parts:
            yield from _wrapped(f"{name}: {text}", "      ")
    for number in check.measurements:
        yield from _wrapped(f"{number.name}: {number.value}", "  ")


def _wrapped(text: str, first: str) -> list[str]:
    """Break a text into lines; all lines after the first are indented like it."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first)) or [first.rstrip()]


@cache
def _environment() -> Environment:
    """Build the template environment once; the icons are those of the report."""
    return Environment(
        loader=ChoiceLoader([PackageLoader("grader.notebook"), PackageLoader("grader.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
