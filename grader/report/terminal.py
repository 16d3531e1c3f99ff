"""Results in the terminal, as rich renderables: one student's own check, and the table at the end of a class.

Every text is a `rich.text.Text`, never a string of mark-up, so brackets in a student's text stay brackets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from grader.domain.assignment import Assignment
from grader.domain.grade import Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.people import shown_student
from grader.domain.run import RunStatus
from grader.locale import Translator
from grader.report.changes import moved_checks, points_and_status
from grader.report.class_view import StudentRow, class_view
from grader.report.next_steps import RUNS, NextSteps, next_steps
from grader.report.views import CheckView, ErrorView, FindingView, SubmissionView, check_anchor, submission_view
from grader.report.wording import Wording

_ICONS: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.PARTIAL: ("◐", "yellow"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.SKIPPED: ("–", "bright_black"),
    Outcome.UNGRADABLE: ("?", "magenta"),
}
"""Sign and colour of an outcome; the signs differ without the colour."""

_INDENT = (0, 0, 0, 3)
_NAMES: Final = 40
"""Most file names that a terminal lists."""


def check_report(graded: GradedSubmission, assignment: Assignment, translator: Translator) -> RenderableType:
    """Return the output of `grader check`: every check with its findings, the run's errors, the points.

    Args:
        graded: The student's own notebook, graded on public images.
        assignment: Its assignment.
        translator: Language of the text.
    """
    wording = Wording(translator)
    view = submission_view(graded, assignment, wording)
    parts: list[RenderableType] = [_heading(view), Text()]
    for check in view.checks:
        if not _is_bare_skip(check):
            parts += [_check(check), Text()]
    parts += _skipped(view.checks)
    if graded.run.status is not RunStatus.COMPLETED:
        parts += [_run(view, wording), Text()]
    parts += [_listed(line) for line in (*view.problems, *view.notes)]
    parts += [Rule(style="bright_black"), *_steps(next_steps(graded, assignment, wording), wording)]
    parts += _total(view, wording)
    return Group(*parts)


def class_table(graded: Sequence[GradedSubmission], assignment: Assignment, translator: Translator) -> RenderableType:
    """Return the final output of `grader grade`: a row per student, then the class in one line.

    Args:
        graded: The class, in any order.
        assignment: What it handed in.
        translator: Language of the text.
    """
    wording = Wording(translator)
    view = class_view(graded, assignment, wording, {})
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in (wording.t("Student"), wording.t("Grade"), wording.t("Status"), wording.t("Checks")):
        table.add_column(Text(title), overflow="fold")
    for row in view.rows:
        table.add_row(Text(row.student), _grade(row), _state(row), _signs(row))
    counted = " · ".join(f"{name}: {value}" for name, value in view.summary)
    return Group(table, Text(), Text(counted, style="bold"), *_legend(wording), *_waiting(view.waiting))


def changes_table(
    changes: Sequence[tuple[GradedSubmission, GradedSubmission]], assignment: Assignment, translator: Translator
) -> RenderableType:
    """Return the output of `grader regrade`: a row per hand-in whose grade changed, with the checks that changed it.

    Args:
        changes: The grade before and the grade now.
        assignment: What it is of.
        translator: Language of the text.
    """
    wording = Wording(translator)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in (wording.t("Student"), wording.t("Before"), wording.t("Now"), wording.t("What changed")):
        table.add_column(Text(title), overflow="fold")
    for old, new in changes:
        table.add_row(
            Text(shown_student(new.student)),
            Text(points_and_status(old, wording)),
            Text(points_and_status(new, wording)),
            Text(", ".join(moved_checks(old, new, assignment, wording)) or wording.t("words of the report only")),
        )
    return table


def passed_over_list(names: Sequence[str], translator: Translator) -> RenderableType:
    """Return the names of files that were handed in and not graded; the report of the class lists more of them.

    Args:
        names: As intake shows them.
        translator: Language of the text.
    """
    wording = Wording(translator)
    lines = [Text(wording.t("Passed over, not graded"), style="bold"), *(Text(f"  {name}") for name in names[:_NAMES])]
    if len(names) > _NAMES:
        further = wording.count(len(names) - _NAMES)
        lines.append(Text(wording.t("Further names, not shown: {count}", count=further), style="bright_black"))
    return Group(*lines)


# Helpers: one student


def _heading(view: SubmissionView) -> Text:
    return Text.assemble((view.title, "bold"), "\n", (view.filename, "bright_black"))


def _check(check: CheckView) -> RenderableType:
    sign, colour = _ICONS[check.outcome]
    head = Text.assemble(
        (f"{sign}  ", colour), (check.title, "bold"), "  ", (check.word, colour), (f"  {check.points}", "bright_black")
    )
    body: list[RenderableType] = [Text(check.message)]
    body += [_finding(finding, colour) for finding in check.findings]
    body += [Text(f"{number.name}: {number.value}", style="bright_black") for number in check.measurements]
    return Group(head, Padding(Group(*body), _INDENT))


def _is_bare_skip(check: CheckView) -> bool:
    return check.outcome is Outcome.SKIPPED and not (check.findings or check.measurements)


def _skipped(checks: Sequence[CheckView]) -> list[RenderableType]:
    """Return the undecided checks, one line each, with one reason for all that have the same cause."""
    causes: dict[str, list[CheckView]] = {}
    for check in checks:
        if _is_bare_skip(check):
            causes.setdefault(check.message, []).append(check)
    sign, colour = _ICONS[Outcome.SKIPPED]
    lines: list[RenderableType] = []
    for message, same in causes.items():
        lines += [
            Text.assemble(
                (f"{sign}  ", colour),
                (one.title, "bold"),
                (f"  {one.word}", colour),
                (f"  {one.points}", "bright_black"),
            )
            for one in same
        ]
        lines += [Padding(Text(message), _INDENT), Text()]
    return lines


def _finding(finding: FindingView, colour: str) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bright_black", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in finding.parts:
        grid.add_row(Text(name), Text(text))
    return Group(Text.assemble(("▸ ", colour), (finding.where, "bold")), Padding(grid, (0, 0, 0, 2)))


def _run(view: SubmissionView, wording: Wording) -> RenderableType:
    said = " ".join((view.run.status, *view.run.remarks))
    names_errors = any(check.anchor == check_anchor(RUNS) and check.findings for check in view.checks)
    errors = () if names_errors else view.run.errors  # the check names each of them, with what to do about it
    more = 0 if names_errors else view.run.errors_left_out
    left_out = [Text(wording.t("Further errors, not shown: {count}", count=wording.count(more)))] if more else []
    return Group(
        Text(wording.t("The run"), style="bold"),
        Padding(Group(Text(said), *(_error(error) for error in errors), *left_out), _INDENT),
    )


def _error(error: ErrorView) -> Text:
    shown = Text.assemble((f"{error.cell}: {error.name}", "red"))
    for line in (error.line, error.text):
        if line:
            shown.append(f"\n{line}")
    return shown


def _listed(line: str) -> RenderableType:
    return Text.assemble(("· ", "bright_black"), line)


def _steps(found: NextSteps, wording: Wording) -> list[RenderableType]:
    """Return the next steps, at the end, where a terminal is read first."""
    if not found.steps:
        return []
    lines: list[RenderableType] = [Text(wording.t("What to do next"), style="bold")]
    for number, step in enumerate(found.steps, 1):
        where = f"{step.where}: " if step.where else ""
        lines.append(Text.assemble((f"{number}. {step.title}", "bold"), (f"  {step.gain}", "bright_black")))
        lines.append(Padding(Text(f"{where}{step.hint}"), _INDENT))
    return [*lines, Text()]


def _total(view: SubmissionView, wording: Wording) -> list[RenderableType]:
    """Return the points and their meaning: a student's own check uses only public images."""
    lines: list[RenderableType] = [Text.assemble((view.score.points, "bold"), f"  ({view.score.scaled})")]
    lines += [Text(reason, style="magenta") for reason in view.reasons]
    lines.append(
        Text(
            wording.t("This is your own check on public images. The grade is measured on images that stay hidden."),
            style="bright_black",
        )
    )
    return lines


# Helpers: a class


def _grade(row: StudentRow) -> Text:
    return Text(row.score, style="bold" if row.final else "magenta")


def _state(row: StudentRow) -> Text:
    return Text(row.status, style="green" if row.final else "magenta")


def _signs(row: StudentRow) -> Text:
    """Return one sign per check, in rubric order, and a dot for a check that this grade lacks."""
    signs = (("·", "bright_black") if cell is None else _ICONS[cell.outcome] for cell in row.cells)
    return Text(" ").join(Text(sign, style=colour) for sign, colour in signs)


def _legend(wording: Wording) -> list[Text]:
    named = (
        Text.assemble((sign, colour), f" {wording.outcome(outcome)}") for outcome, (sign, colour) in _ICONS.items()
    )
    return [Text("   ").join(named)]


def _waiting(rows: Sequence[StudentRow]) -> list[Text]:
    return [Text.assemble((f"{row.student}: ", "magenta"), " ".join(row.reasons) or row.status) for row in rows]
