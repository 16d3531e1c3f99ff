"""`grader validate --rubrics`: every rubric on wrong answers and on other right ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.authoring.errors import unknown
from grader.authoring.notebooks import generate
from grader.cli.command_language import Exit, echo_json, error_border, translated
from grader.cli.grading import require_known
from grader.domain.assignment import no_assignment
from grader.domain.course import Course
from grader.domain.grade import Outcome
from grader.domain.messages import Message, message
from grader.domain.text import shortened
from grader.session import SessionOptions
from grader.validation.operators import Mutant
from grader.validation.rubrics import FAST, MUTANTS, QUICK, RubricTest, applying, counts, try_rubric, variants
from grader.validation.style_equivalents import EQUIVALENTS, SOLUTION
from grader.validation.verdicts import JudgedVariant, VariantOutcome

_WIDTH_OF_LOGS = 160

FATES: dict[VariantOutcome, Message] = {
    VariantOutcome.KILLED: message("killed"),
    VariantOutcome.KILLED_FOR_ANOTHER: message("killed for another reason"),
    VariantOutcome.SURVIVED: message("SURVIVED"),
    VariantOutcome.LISTED: message("survived, as listed"),
    VariantOutcome.ACCEPTED: message("accepted"),
    VariantOutcome.REJECTED: message("REJECTED"),
    VariantOutcome.HELD: message("waits for a person"),
    VariantOutcome.BROKEN: message("COULD NOT BE GRADED"),
}


@dataclass(frozen=True, slots=True)
class RubricValidation:
    """What is tried, and how.

    Attributes:
        ids: Assignments; empty for all.
        fast: Whether to use a fixed few, after two steps of training.
        options: How to grade.
        course: An instructor's own course instead of ours.
        keep: A gradebook file; what it already holds is not graded again.
        only: Names of variants; empty for all.
    """

    ids: Sequence[str]
    fast: bool
    options: SessionOptions
    course: Course | None = None
    keep: Path | None = None
    only: Sequence[str] = ()

    def names(self, assignment_id: str) -> Sequence[str]:
        """Return the names of the variants to try; empty for all."""
        if self.only:
            return self.only
        return FAST.get(assignment_id, QUICK) if self.fast else ()

    def work(self, assignment_id: str) -> RubricTest:
        """Load one assignment and its solution."""
        assignment = load_assignment(assignment_id, course=self.course)
        facts = load_facts(assignment.reference, course=self.course)
        references = None if self.course is None else self.course.references
        language = "en" if "en" in assignment.languages else assignment.languages[0]
        return RubricTest(
            assignment, facts, generate(assignment, language=language, solution=True, references=references)
        )

    def wanted(self) -> tuple[str, ...]:
        """Return the ids to try.

        Raises:
            AuthoringError: There is no such assignment, or no such variant.
        """
        operators = [SOLUTION.name, *(one.name for one in MUTANTS), *(one.name for one in EQUIVALENTS)]
        for name in self.only:
            if name not in operators:
                raise unknown(message("There is no variant {name}.", name=name), name, operators)
        known = assignment_ids(folder=None if self.course is None else self.course.assignments)
        for name in self.ids:
            if name not in (*known, "all"):
                raise unknown(no_assignment(name=name), name, known)
        chosen = known if not self.ids or "all" in self.ids else tuple(dict.fromkeys(self.ids))
        return tuple(name for name in chosen if name in FAST) if self.fast and self.course is None else chosen


def validate_rubrics(trial: RubricValidation, *, language: str | None, as_json: bool) -> None:
    """Try rubrics; exit status 1 if one rejects a right answer, or accepts an unlisted wrong one."""
    console = Console(stderr=True)

    def say(one: JudgedVariant) -> None:
        if not as_json:
            sign = "✗" if one.is_bad else "✓"
            fate = translated(FATES[one.fate], language)
            console.print(Text(f"{sign} {one.assignment} {one.operator.name}: {fate} ({one.seconds:.0f} s)"))

    done: list[JudgedVariant] = []
    with error_border(language):
        require_known(trial.options, language)
        for assignment_id in trial.wanted():
            work = trial.work(assignment_id)
            chosen = variants(work, only=trial.names(assignment_id), fast=trial.fast)
            judged = try_rubric(work, chosen, trial.options, say, keep=trial.keep)
            done += judged
            if not as_json:
                _show(work, judged, language)
    if as_json:
        echo_json([_row(one, language) for one in done])
    else:
        _sum_up(done, language)
    if any(one.is_bad for one in done):
        raise typer.Exit(int(Exit.DID_NOT_PASS))


def _show(work: RubricTest, judged: Sequence[JudgedVariant], language: str | None) -> None:
    """Print the matrix of one assignment: variants by checks."""
    console = Console()
    if not console.is_terminal:  # a log file has no width
        console.width = max(console.width, _WIDTH_OF_LOGS)
    checks = [item.check for item in work.assignment.rubric]
    table = Table(box=None, pad_edge=False, header_style="bold", title=work.assignment.assignment, title_justify="left")
    table.add_column(translated(message("variant"), language))
    for check in checks:
        table.add_column(shortened(check, 9), justify="center", no_wrap=True)
    table.add_column(translated(message("verdict"), language), no_wrap=True)
    table.add_column(translated(message("what the student did"), language), overflow="fold")
    order = {one.operator.name: place for place, one in enumerate(sorted(judged, key=_by_kind))}
    for one in sorted(judged, key=lambda one: order[one.operator.name]):
        style = "red" if one.is_bad else ""
        story = translated(one.operator.story, language) + (f" – {one.reason}" if one.reason else "")
        signs = (sign(one, check) for check in checks)
        table.add_row(
            Text(one.operator.name), *signs, Text(translated(FATES[one.fate], language), style=style), Text(story)
        )
    console.print(table)
    legend = message(
        "● lost points, as it must; ○ lost none and should have; + lost points as well; ? waits for a person; "
        "· full points; blank: not judged after two steps of training"
    )
    typer.echo(translated(legend, language))


def _by_kind(one: JudgedVariant) -> bool:
    return not isinstance(one.operator, Mutant)


def sign(one: JudgedVariant, check: str) -> str:
    """Return the sign in a cell of the matrix."""
    if check not in one.judged:
        return ""
    outcome = one.outcomes[check]
    if outcome is Outcome.UNGRADABLE:
        return "?"
    lost = outcome is not Outcome.PASSED
    if check in one.intended:
        return "●" if lost else "○"
    return "+" if lost else "·"


def _sum_up(done: Sequence[JudgedVariant], language: str | None) -> None:
    for fate, count in counts(done).items():
        typer.echo(f"{count:5d}  {translated(FATES[fate], language)}")
    wrong, right = applying(done)
    seconds = sum(one.seconds for one in done)
    sentence = message(
        "{wrong} kinds of wrong answers, {right} of right ones; {count} notebooks; {minutes:.0f} minutes of grading.",
        wrong=len(wrong),
        right=len(right),
        count=len(done),
        minutes=seconds / 60,
    )
    typer.echo(translated(sentence, language))
    bad = [one for one in done if one.is_bad]
    for one in bad:
        typer.secho(
            f"✗ {one.assignment} {one.operator.name}: {translated(FATES[one.fate], language)}. {one.reason}",
            fg=typer.colors.RED,
        )
    if not bad:
        typer.echo(
            translated(message("No right answer was rejected, and no wrong one got full points unlisted."), language)
        )


def _row(one: JudgedVariant, language: str | None) -> dict[str, object]:
    return {
        "assignment": one.assignment,
        "variant": one.operator.name,
        "wrong": isinstance(one.operator, Mutant),
        "story": translated(one.operator.story, language),
        "training": one.operator.training.value,
        "verdict": one.fate.value,
        "bad": one.is_bad,
        "reason": one.reason,
        "intended": list(one.intended),
        "outcomes": {check: outcome.value for check, outcome in one.outcomes.items()},
        "judged": sorted(one.judged),
        "seconds": one.seconds,
    }
