"""Course, class, student, statistics: pages that read summaries by SQL and no complete grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from grader.dashboard.addresses import Number, Start
from grader.dashboard.batch_progress import running_in
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.dashboard.rendering import not_found, page, student_name, wording_of
from grader.domain.assignment import Assignment
from grader.domain.grade import GradeStatus, Outcome
from grader.gradebook.standing_queries import CheckCount, FindingCount, HandInFilter, Order
from grader.gradebook.standing_tables import StandingCheckRow, StandingRow
from grader.gradebook.standing_updates import messages_of
from grader.report import hygiene
from grader.report.histogram import CHART_HEIGHT, CHART_WIDTH, bars
from grader.report.views import check_title
from grader.report.wording import Wording
from grader.review.batch_status import running_batch
from grader.review.book import Book

router = APIRouter()

ROWS_A_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One hand-in in a list, in words."""

    link: str
    student: str
    student_link: str
    filename: str
    assignment: str
    status: str
    is_open: bool
    grade: str
    points: str
    machine: str
    reasons: tuple[str, ...]
    cells: tuple[tuple[Outcome, str, str, str], ...]
    seconds: str


@router.get("/")
def course(request: Request) -> HTMLResponse:
    """Show the summary of every assignment."""
    shelf: OpenGradebooks = request.app.state.shelf
    wording = wording_of(request)
    rows = []
    for number, book in enumerate(shelf.books):
        shelf.refresh(number)
        for one in book.queries.counts():
            assignment = book.assignment(one.assignment)
            mean = "–" if one.mean is None else wording.number(one.mean, assignment.scale_decimals + 1)
            title = wording.pick(assignment.title) or one.assignment
            rows.append(
                (f"/c/{number}/{one.assignment}", title, one, mean, _place(book), bool(book.questions(one.assignment)))
            )
    running = [found for n, book in enumerate(shelf.books) if (found := running_in(n, book, wording)) is not None]
    return page(request, "course.html.j2", rows=rows, running_batches=running)


@router.get("/c/{number}/{assignment_id}")
def class_list(
    request: Request,
    number: Number,
    assignment_id: str,
    start: Start = 0,
) -> HTMLResponse:
    """Show a class, or with `status=NEEDS_REVIEW` the queue of what waits."""
    found = opened(request, number, assignment_id)
    if found is None:
        return not_found(request)
    book, assignment = found
    wanted = wanted_of(assignment_id, request.query_params)
    rows = book.queries.rows(wanted, offset=start, limit=ROWS_A_PAGE)
    wording = wording_of(request)
    total = book.queries.count(wanted)
    listed = _Listing(number, book, {assignment_id: assignment}, wording, query_of(wanted))
    values: dict[str, Any] = {
        "number": number,
        "assignment": assignment,
        "title": wording.pick(assignment.title) or assignment_id,
        "wanted": wanted,
        "rows": listed.rows(rows),
        "checks": _checks(assignment, wording),
        "statuses": [(one.value, wording.status(one)) for one in GradeStatus],
        "total": total,
        "start": start,
        "shown": len(rows),
        "before": _shifted(wanted, start - ROWS_A_PAGE) if start else None,
        "after": _shifted(wanted, start + ROWS_A_PAGE) if start + ROWS_A_PAGE < total else None,
        "sorts": {order.value: _sorted_by(wanted, order) for order in Order},
        "has_questions": bool(book.questions(assignment_id)),
        "query": query_of(wanted),
        "running": running_in(number, book, wording, assignment_id),
    }
    partial = request.headers.get("hx-request") == "true"
    return page(request, "_class_table.html.j2" if partial else "class.html.j2", **values)


@router.get("/student/{number}")
def student(request: Request, number: Number, name: str) -> HTMLResponse:
    """Show every hand-in of one student."""
    shelf: OpenGradebooks = request.app.state.shelf
    book = shelf.book(number)
    rows = [] if book is None else book.queries.of_student(name)
    if book is None or not rows:
        return not_found(request)
    wording = wording_of(request)
    assignments = {row.assignment: book.assignment(row.assignment) for row in rows}
    listed = _Listing(number, book, assignments, wording, "")
    return page(request, "student.html.j2", name=student_name(name), rows=listed.rows(rows))


@router.get("/stats/{number}/{assignment_id}")
def statistics(request: Request, number: Number, assignment_id: str) -> HTMLResponse:
    """Show a class in numbers."""
    found = opened(request, number, assignment_id)
    if found is None:
        return not_found(request)
    book, assignment = found
    wording = wording_of(request)
    numbers = book.queries.statistics(assignment_id)
    hardest = sorted(numbers.checks, key=lambda one: 2.0 if (share := _share(one)) is None else share)
    return page(
        request,
        "statistics.html.j2",
        number=number,
        assignment=assignment,
        title=wording.pick(assignment.title) or assignment_id,
        bars=bars(numbers.grades, assignment, wording),
        chart=(CHART_WIDTH, CHART_HEIGHT),
        checks=[(check_title(one.item, assignment, wording), one, _percent(one)) for one in hardest],
        findings=[(check_title(one.item, assignment, wording), *_said(one, wording), one) for one in numbers.findings],
        times=_times(numbers.seconds, wording),
    )


def opened(request: Request, number: int, assignment_id: str) -> tuple[Book, Assignment] | None:
    """Return a book with its lists up to date and one of its assignments, None if it does not exist.

    An assignment whose first batch has just begun is there too, with an empty list.
    """
    shelf: OpenGradebooks = request.app.state.shelf
    book = shelf.book(number)
    if book is None:
        return None
    if assignment_id not in book.standings.assignments():
        batch = running_batch(book.place.folder)
        if batch is None or batch[0].assignment != assignment_id:
            return None
    shelf.refresh(number, assignment_id)
    return book, book.assignment(assignment_id)


def wanted_of(assignment_id: str, query: Mapping[str, str]) -> HandInFilter:
    """Return the filters in an address; invalid values are ignored."""
    order = query.get("sort", "")
    return HandInFilter(
        assignment_id,
        search=query.get("q", "")[:200],
        status=query.get("status", "") if query.get("status") in set(GradeStatus) else "",
        order=Order(order) if order in set(Order) else Order.NAME,
        descending=query.get("desc") == "1",
        failed=query.get("failed", "")[:200],
    )


def query_of(wanted: HandInFilter) -> str:
    """Return the address with these filters."""
    values: dict[str, Any] = {
        "q": wanted.search,
        "status": wanted.status,
        "sort": "" if wanted.order is Order.NAME else wanted.order.value,
        "desc": "1" if wanted.descending else "",
        "failed": wanted.failed,
    }
    return urlencode({name: value for name, value in values.items() if value})


# Private -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Listing:
    """Puts rows of the database into words."""

    number: int
    book: Book
    assignments: Mapping[str, Assignment]
    wording: Wording
    query: str

    def rows(self, rows: Sequence[StandingRow]) -> list[ClassRow]:
        checks = self.book.queries.checks_of([row.submission_id for row in rows])
        said = {outcome: self.wording.outcome(outcome) for outcome in Outcome}
        return [self._row(row, checks.get(row.submission_id, []), said) for row in rows]

    def _row(self, row: StandingRow, checks: Sequence[StandingCheckRow], said: Mapping[Outcome, str]) -> ClassRow:
        wording, assignment = self.wording, self.assignments[row.assignment]
        status = GradeStatus(row.status)
        grade = wording.number(row.scaled, assignment.scale_decimals)
        if status is GradeStatus.NEEDS_REVIEW:
            grade = wording.t("at least {value}", value=grade)
        elif status is GradeStatus.EXCUSED:
            grade = wording.t("excused")
        return ClassRow(
            link=f"/s/{self.number}/{row.submission_id}" + (f"?{self.query}" if self.query else ""),
            student=student_name(row.student),
            student_link=f"/student/{self.number}?{urlencode({'name': row.student})}",
            filename=hygiene.one_line(row.filename, hygiene.NAME_LIMIT),
            assignment=wording.pick(assignment.title) or row.assignment,
            status=wording.status(status),
            is_open=status is GradeStatus.NEEDS_REVIEW,
            grade=grade,
            points=wording.t(
                "{points} of {possible}",
                points=wording.points(row.points_counted),
                possible=wording.points(row.points_possible),
            ),
            machine=wording.points(row.points_machine) if row.decided else "",
            reasons=tuple(hygiene.one_line(wording.say(reason), 300) for reason in messages_of(row.reasons)),
            cells=tuple(self._cell(check, said) for check in checks),
            seconds=wording.number(row.wall_seconds, 0),
        )

    def _cell(self, check: StandingCheckRow, said: Mapping[Outcome, str]) -> tuple[Outcome, str, str, str]:
        outcome = Outcome(check.outcome)
        points = "" if outcome is Outcome.UNGRADABLE else self.wording.points(check.points_awarded)
        changed = check.decided and check.points_machine != check.points_awarded
        machine = self.wording.points(check.points_machine) if changed else ""
        return outcome, said[outcome], points, machine


def _checks(assignment: Assignment, wording: Wording) -> list[tuple[str, str]]:
    items = [*(item.check for item in assignment.rubric), *(item.question for item in assignment.questions)]
    return [(item, check_title(item, assignment, wording)) for item in items]


def _place(book: Book) -> str:
    return "" if book.place.folder is None else book.place.folder.resolve().name


def _shifted(wanted: HandInFilter, start: int) -> str:
    query = query_of(wanted)
    return f"?{query}&start={max(0, start)}" if query else f"?start={max(0, start)}"


def _sorted_by(wanted: HandInFilter, order: Order) -> str:
    descending = wanted.order is order and not wanted.descending
    turned = HandInFilter(wanted.assignment, wanted.search, wanted.status, order, descending, wanted.failed)
    return f"?{query_of(turned)}"


def _share(one: CheckCount) -> float | None:
    """Return the share of the points that was earned, None if nothing was judged yet."""
    possible = one.judged * one.possible
    return one.earned / possible if possible else None


def _percent(one: CheckCount) -> int | None:
    share = _share(one)
    return None if share is None else round(100 * share)


def _said(one: FindingCount, wording: Wording) -> tuple[str, str]:
    expected, actual = (wording.say(part) for part in messages_of(one.said))
    return hygiene.one_line(expected, 300), hygiene.one_line(actual, 300)


def _times(seconds: Sequence[float], wording: Wording) -> list[tuple[str, str]]:
    if len(seconds) < 2:
        return [(wording.t("Time"), wording.t("{seconds} s", seconds=wording.number(one, 1))) for one in seconds]
    tenths = quantiles(seconds, n=10, method="inclusive")
    named = (
        (wording.t("Half of them took at most"), tenths[4]),
        (wording.t("Nine in ten took at most"), tenths[8]),
        (wording.t("The longest took"), seconds[-1]),
        (wording.t("All together"), sum(seconds)),
    )
    return [(name, wording.t("{seconds} s", seconds=wording.number(value, 1))) for name, value in named]
