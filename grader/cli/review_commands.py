"""`grader review`, `adjust`, `extend` and `excuse`: what waits for a person, and what the person decides."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.cli.command_language import SURROUNDINGS, class_report, echo_json, error_border, translated
from grader.deciding import waiting_items
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.decision import Decision
from grader.domain.grade import GradeStatus
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.people import shown_student
from grader.gradebook.standing_queries import HandInFilter
from grader.locale import Translator
from grader.report.score import check_points, score
from grader.report.views import check_title
from grader.report.wording import Wording
from grader.review.book import Book, BookPlace
from grader.review.decision_parsing import (
    AuthorAndReason,
    DecisionRefusedError,
    accept,
    decide_points,
    excuse,
    extend,
    find_hand_in,
    read_points,
    unknown_student,
    waiting_for,
)
from grader.review.due_dates import no_date, nothing_to_extend
from grader.review.results import rewrite

AUTHOR_VARIABLE = "GRADER_AUTHOR"
_EVERYBODY = 100_000


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """Which class is meant.

    Attributes:
        out: The folder that `grader grade --out` wrote, None for the current one.
        gradebook: Address of a gradebook elsewhere, or None.
        assignment: Assignment id; None if the gradebook holds only one.
        course: The instructor's own course, or None.
        language: Language of the output, or None.
    """

    out: Path | None
    gradebook: str | None
    assignment: str | None
    course: Path | None
    language: str | None


def show_waiting(where: ClassChoice, student: str | None, *, as_json: bool) -> None:
    """Show what waits for a person and why: for the class, or everything about one student."""
    with opened(where) as (book, assignment):
        wording = Wording(Translator(where.language) if where.language else SURROUNDINGS)
        rows = book.queries.rows(HandInFilter(assignment.assignment, status=GradeStatus.NEEDS_REVIEW), limit=_EVERYBODY)
        if student is not None:
            rows = [find_hand_in(book, assignment.assignment, student)]
        found = [one for row in rows if (one := book.submission(row.submission_id)) is not None]
    if as_json:
        echo_json([_waiting_object(one, wording) for one in found])
    elif student is not None:
        Console().print(_detail(found[0], wording))
    elif found:
        Console().print(_waiting_table(found, assignment, wording))
    else:
        typer.echo(translated(message("Nothing waits for a person."), where.language))


def accept_hand_in(where: ClassChoice, student: str, by: AuthorAndReason, *, file: str = "") -> None:
    """Accept why a hand-in waits, apart from its checks."""
    with opened(where) as (book, assignment):
        decision = accept(_hand_in(book, assignment, student, file), by)
        _keep(book, assignment, decision, where.language)


def adjust_points(
    where: ClassChoice, student: str, item: str, points: str | None, by: AuthorAndReason, *, file: str = ""
) -> None:
    """Give a check, a question or the whole hand-in other points; None withdraws an earlier decision."""
    with opened(where) as (book, assignment):
        given = 0.0 if points is None else read_points(points)
        graded = _hand_in(book, assignment, student, file)
        decision = decide_points(graded, item, given, by, withdraw=points is None)
        _keep(book, assignment, decision, where.language)


def extend_student(where: ClassChoice, student: str, until: str | None, by: AuthorAndReason, *, expected: bool) -> None:
    """Give a student another due date; None withdraws an earlier one."""
    with opened(where) as (book, assignment):
        if assignment.due is None:
            raise DecisionRefusedError(nothing_to_extend(assignment))
        name = _name(book, assignment, student, expected=expected)
        moment = None if until is None else _moment(until, assignment)
        _keep(book, assignment, extend(assignment.assignment, name, moment, by), where.language)


def excuse_student(where: ClassChoice, student: str, by: AuthorAndReason, *, withdraw: bool, expected: bool) -> None:
    """Record that the assignment does not count for a student, or that it counts again."""
    with opened(where) as (book, assignment):
        name = _name(book, assignment, student, expected=expected)
        _keep(book, assignment, excuse(assignment.assignment, name, by, withdraw=withdraw), where.language)


def default_author() -> str:
    """Return the default author of decisions: `GRADER_AUTHOR`, else the user of this machine."""
    return os.environ.get(AUTHOR_VARIABLE, "") or getpass.getuser()


# Private -------------------------------------------------------------------------------------------------------------


@contextmanager
def opened(where: ClassChoice) -> Iterator[tuple[Book, Assignment]]:
    """Open the gradebook, up to date, with the assignment."""
    with error_border(where.language):
        place = BookPlace.of(where.out, where.gradebook, course=Course.at(where.course))
        with Book.open(place) as book:
            yield book, book.assignment(_assignment_id(book, where.assignment))


def _assignment_id(book: Book, wanted: str | None) -> str:
    book.refresh()
    known = book.standings.assignments()
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted in known:
        return str(wanted)
    listed = ", ".join(known) or "–"
    if wanted is None:
        raise DecisionRefusedError(
            message("The gradebook holds these assignments: {known}. Name one with --assignment.", known=listed)
        )
    raise DecisionRefusedError(
        message("The gradebook holds no grades of {wanted}; it holds: {known}.", wanted=wanted, known=listed)
    )


def _hand_in(book: Book, assignment: Assignment, student: str, file: str = "") -> GradedSubmission:
    row = find_hand_in(book, assignment.assignment, student, file=file)
    graded = book.submission(row.submission_id)
    if graded is None:  # deleted between two statements, which our code never does
        raise DecisionRefusedError(unknown_student(student, []))
    return graded


def _name(book: Book, assignment: Assignment, student: str, *, expected: bool) -> str:
    """Return the student's name as in the gradebook; `expected` also allows a student without a hand-in."""
    rows = book.queries.rows(HandInFilter(assignment.assignment), limit=_EVERYBODY)
    names = [row.student for row in rows]
    if student in names or expected:
        return student
    try:
        return find_hand_in(book, assignment.assignment, student).student
    except DecisionRefusedError as refused:
        raise DecisionRefusedError(
            message("{refused} For somebody who has handed in nothing yet, add --not-yet.", refused=refused.reason)
        ) from refused


def _moment(text: str, assignment: Assignment) -> datetime:
    """Read a date, or a date with its time, by default in the time zone of the due date."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise DecisionRefusedError(no_date(text)) from error
    if "T" not in text.upper() and ":" not in text:
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    zone = UTC if assignment.due is None else assignment.due.date.tzinfo
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _keep(book: Book, assignment: Assignment, decision: Decision, language: str | None) -> None:
    """Store the decision, write the results anew, and show the student's new result."""
    wording = Wording(Translator(language) if language else SURROUNDINGS)
    book.decide([decision])
    index = rewrite(book, assignment.assignment, students={decision.student})
    rows = [row for row in book.queries.of_student(decision.student) if row.assignment == assignment.assignment]
    if decision.sha256:
        rows = [row for row in rows if row.sha256 == decision.sha256]
    for row in rows:
        graded = book.submission(row.submission_id)
        if graded is not None:
            shown = score(graded.grade, assignment, wording)
            status = wording.status(graded.grade.status)
            typer.echo(
                f"{shown_student(graded.student)} · {graded.filename}: {shown.points} ({shown.scaled}) · {status}"
            )
    if not rows:
        typer.echo(
            translated(message("Kept. It counts as soon as {student} hands in.", student=decision.student), language)
        )
    if index is not None:
        typer.echo(translated(class_report(path=str(index.resolve())), language))


def _why(graded: GradedSubmission, assignment: Assignment, wording: Wording) -> list[str]:
    said = [wording.say(reason) for reason in waiting_for(graded)]
    by_message: dict[Message, list[str]] = {}
    for result in waiting_items(graded.grade):
        by_message.setdefault(result.message, []).append(check_title(result.check, assignment, wording))
    return said + [f"{', '.join(titles)}: {wording.say(why)}" for why, titles in by_message.items()]


def _waiting_table(found: list[GradedSubmission], assignment: Assignment, wording: Wording) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in (wording.t("Student"), wording.t("File"), wording.t("Points"), wording.t("Why it waits")):
        table.add_column(Text(title), overflow="fold")
    for one in found:
        why = "\n".join(_why(one, assignment, wording))
        points = score(one.grade, assignment, wording).points
        table.add_row(
            Text(shown_student(one.student), style="magenta"),
            Text(f"{one.filename}\n{one.sha256[:8]}"),
            Text(points),
            Text(why),
        )
    return table


def _detail(graded: GradedSubmission, wording: Wording) -> Table:
    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", title=Text(shown_student(graded.student))
    )
    for title in (wording.t("Check"), wording.t("Points"), wording.t("Outcome"), wording.t("Decided by")):
        table.add_column(Text(title), overflow="fold")
    for result in graded.grade.results:
        decided = result.decided
        by = "" if decided is None else f"{decided.author}: {decided.reason}".rstrip(": ")
        was = "" if decided is None else f" ({wording.points(result.machine_points)})"
        table.add_row(
            Text(result.check),
            Text(check_points(result, wording) + was),
            Text(wording.outcome(result.outcome)),
            Text(by),
        )
    return table


def _waiting_object(graded: GradedSubmission, wording: Wording) -> dict[str, object]:
    return {
        "student": graded.student,
        "submission": graded.filename,
        "sha256": graded.sha256,
        "status": graded.grade.status.value,
        "points_awarded": graded.grade.points_awarded,
        "points_possible": graded.grade.points_possible,
        "reasons": [wording.say(reason) for reason in waiting_for(graded)],
        "checks": [
            {"check": one.check, "points_possible": one.points_possible, "message": wording.say(one.message)}
            for one in waiting_items(graded.grade)
        ],
        "answers": [{"question": one.question, "text": one.text} for one in graded.answers],
    }
