"""`grader regrade`: new points from stored observations, shown as old → new before they are stored."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.console import Console

from grader.cli.command_language import SURROUNDINGS, echo_json
from grader.cli.grading import nobody_is_called
from grader.cli.review_commands import ClassChoice, opened
from grader.domain.assignment import Assignment
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.intake.intake_errors import IntakeError
from grader.locale import Translator
from grader.regrading import Regraded, keep, regrade
from grader.report.terminal import changes_table
from grader.review.results import rewrite


def regrade_class(where: ClassChoice, students: Sequence[str], *, as_json: bool, dry_run: bool) -> None:
    """Give a class new points, show old → new, store the new ones and write what changed."""
    translator = Translator(where.language) if where.language else SURROUNDINGS
    with opened(where) as (book, assignment):
        regraded = regrade(book.gradebook, assignment, book.facts(assignment.assignment), students)
        _require_everyone(students, regraded)
        _show(regraded, assignment, translator, as_json=as_json, dry_run=dry_run)
        changed = {one.new.student for one in regraded if one.changed}
        if changed and not dry_run:
            keep(book.gradebook, regraded)
            book.refresh()
            rewrite(book, assignment.assignment, students=changed, language=where.language)


def _require_everyone(students: Sequence[str], regraded: Sequence[Regraded]) -> None:
    """Refuse a name that no student of the class has.

    Raises:
        IntakeError: With the names.
    """
    if missing := sorted(set(students) - {one.old.student for one in regraded}):
        raise IntakeError(nobody_is_called(missing))


def _show(
    regraded: Sequence[Regraded], assignment: Assignment, translator: Translator, *, as_json: bool, dry_run: bool
) -> None:
    """Show old → new before anything is stored."""
    if as_json:
        echo_json([_document(one) for one in regraded])
        return
    changes = [(one.old, one.new) for one in regraded if one.changed]
    if changes:
        Console().print(changes_table(changes, assignment, translator))
    typer.echo(translator.text(_summary(regraded, dry_run=dry_run)))


def _summary(regraded: Sequence[Regraded], *, dry_run: bool) -> Message:
    """Say how many grades differ, and what was not examined."""
    unknown = sum(not one.observed for one in regraded)
    changed, count = sum(one.changed for one in regraded), len(regraded)
    if unknown and dry_run:
        return message(
            "{changed} of {count} grades would change. Nothing was kept. Of {unknown} nothing is known of the run, so "
            "they stay: grade them again with `grader grade`.",
            changed=changed,
            count=count,
            unknown=unknown,
        )
    if unknown:
        return message(
            "{changed} of {count} grades changed. Of {unknown} nothing is known of the run, so they stay: grade them "
            "again with `grader grade`.",
            changed=changed,
            count=count,
            unknown=unknown,
        )
    if dry_run:
        return message("{changed} of {count} grades would change. Nothing was kept.", changed=changed, count=count)
    return message(
        "{changed} of {count} grades changed and were kept; the old ones stay on record.", changed=changed, count=count
    )


def _document(one: Regraded) -> dict[str, object]:
    return {
        "student": one.new.student,
        "submission": one.new.filename,
        "sha256": one.new.sha256,
        "observed": one.observed,
        "changed": one.changed,
        "before": _points(one.old),
        "now": _points(one.new),
    }


def _points(graded: GradedSubmission) -> dict[str, object]:
    grade = graded.grade
    return {
        "status": grade.status.value,
        "points_awarded": grade.points_awarded,
        "points_counted": grade.points_counted,
        "points_possible": grade.points_possible,
    }
