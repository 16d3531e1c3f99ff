"""One hand-in beside its rubric: why it waits, the notebook, points and reasons, the next one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from grader.dashboard.addresses import Number
from grader.dashboard.forms import GenuineForm, inner_address, text_of
from grader.dashboard.guard import session_of
from grader.dashboard.lists import query_of, wanted_of
from grader.dashboard.notebook_view import CELLS_SHOWN, cell_views, code_style
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.dashboard.rendering import not_found, page, refused, student_name, wording_of
from grader.deciding import open_reasons, waiting_items
from grader.domain.assignment import Assignment
from grader.domain.decision import Decision
from grader.domain.grade import CheckResult, GradeStatus
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.gradebook.standing_tables import StandingRow
from grader.intake.raw_cells import RawCell
from grader.report import hygiene
from grader.report.score import score
from grader.report.views import CheckView, check_view, submission_view
from grader.report.wording import Wording
from grader.review.book import Book
from grader.review.decision_parsing import (
    AuthorAndReason,
    DecisionRefusedError,
    accept,
    decide_points,
    excuse,
    extend,
    find_hand_in,
    read_points,
)
from grader.review.due_dates import no_date, nothing_to_extend
from grader.review.handed_in import kept_cells

router = APIRouter()

_FRAME_POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


@dataclass(frozen=True, slots=True)
class ReviewedHandIn:
    """The requested hand-in.

    Attributes:
        number: Of its book.
        book: Its gradebook.
        row: Its summary.
        graded: With the grade that counts.
        assignment: Its assignment.
    """

    number: int
    book: Book
    row: StandingRow
    graded: GradedSubmission
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class CheckForm:
    """A check with what its form needs.

    Attributes:
        item: Its id.
        view: In words.
        value: Points by now, as typed.
        possible: Points possible, as typed.
        seen: What stands now, so that nobody overwrites what another person decided in the meantime.
        waits: A person has to give its points.
        decided: A person gave them.
        by_hand: It is an open question.
        reason: The reason that was given last.
    """

    item: str
    view: CheckView
    value: str
    possible: str
    seen: str
    waits: bool
    decided: bool
    by_hand: bool
    reason: str


@router.get("/s/{number}/{submission_id}")
def submission(request: Request, number: Number, submission_id: Number) -> HTMLResponse:
    """Show a hand-in for review."""
    found = hand_in(request, number, submission_id)
    if found is None:
        return not_found(request)
    wanted = wanted_of(found.row.assignment, request.query_params)
    order = found.book.queries.order_of(wanted)
    place = order.index(submission_id) if submission_id in order else -1
    query = f"?{query_of(wanted)}" if query_of(wanted) else ""

    def address(index: int) -> str | None:
        return f"/s/{number}/{order[index]}{query}" if place >= 0 and 0 <= index < len(order) else None

    return page(
        request,
        "submission_review.html.j2",
        **_shown(found, wording_of(request)),
        place=place + 1,
        places=len(order),
        before=address(place - 1),
        after=address(place + 1),
        back=f"/c/{number}/{found.row.assignment}{query}",
        is_queue=wanted.status == GradeStatus.NEEDS_REVIEW,
    )


@router.get("/s/{number}/{submission_id}/notebook")
def notebook(request: Request, number: Number, submission_id: Number) -> HTMLResponse:
    """Show the notebook as it was handed in, for a sandboxed frame."""
    found = hand_in(request, number, submission_id)
    if found is None:
        return not_found(request)
    cells = _cells(found)
    nonce = secrets.token_urlsafe(16)
    answer = page(
        request,
        "notebook_frame.html.j2",
        cells=None if cells is None else cell_views(cells, wording_of(request)),
        nonce=nonce,
        code_style=code_style(),
        answers=[one.question for one in found.graded.answers],
    )
    answer.headers["Content-Security-Policy"] = _FRAME_POLICY.format(nonce=nonce)
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@router.post("/s/{number}/{submission_id}/points")
def give_points(request: Request, number: Number, submission_id: Number, form: GenuineForm) -> Response:
    """Give a check or a question points, or withdraw an earlier decision."""
    found = hand_in(request, number, submission_id)
    if found is None:
        return not_found(request)
    item, withdraw = text_of(form, "item"), text_of(form, "withdraw") == "1"
    try:
        _require_unchanged(found.graded, item, text_of(form, "seen"))
        points = 0.0 if withdraw else read_points(text_of(form, "points"))
        decision = decide_points(found.graded, item, points, by(request, form), withdraw=withdraw)
    except DecisionRefusedError as error:
        return _refusal(request, found, error, item)
    return _kept(request, found, decision, form, item)


@router.post("/s/{number}/{submission_id}/accept")
def accept_reasons(request: Request, number: Number, submission_id: Number, form: GenuineForm) -> Response:
    """Accept why a hand-in waits, apart from its checks."""
    found = hand_in(request, number, submission_id)
    if found is None:
        return not_found(request)
    try:
        decision = accept(found.graded, by(request, form))
    except DecisionRefusedError as error:
        return refused(request, error.reason)
    return _kept(request, found, decision, form, "")


@router.post("/s/{number}/{submission_id}/student")
def about_student(request: Request, number: Number, submission_id: Number, form: GenuineForm) -> Response:
    """Excuse a student, or give another due date."""
    found = hand_in(request, number, submission_id)
    if found is None:
        return not_found(request)
    withdraw = text_of(form, "withdraw") == "1"
    try:
        if text_of(form, "what") == "excuse":
            decision = excuse(found.row.assignment, found.row.student, by(request, form), withdraw=withdraw)
        else:
            until = None if withdraw else _moment(text_of(form, "until"), found.assignment)
            decision = extend(found.row.assignment, found.row.student, until, by(request, form))
    except DecisionRefusedError as error:
        return refused(request, error.reason)
    return _kept(request, found, decision, form, "")


@router.get("/compare/{number}/{submission_id}")
def compare(request: Request, number: Number, submission_id: Number, beside: str = "", file: str = "") -> HTMLResponse:
    """Show two hand-ins of an assignment side by side."""
    first = hand_in(request, number, submission_id)
    if first is None:
        return not_found(request)
    try:
        row = find_hand_in(first.book, first.row.assignment, beside.strip(), file=file)
    except DecisionRefusedError as error:
        return refused(request, error.reason)
    second = hand_in(request, number, row.submission_id)
    if second is None:
        return not_found(request)
    wording = wording_of(request)
    sides = [_shown(one, wording) for one in (first, second)]
    return page(request, "compare.html.j2", sides=sides, pairs=_pairs(sides), number=number, title=sides[0]["title"])


def hand_in(request: Request, number: int, submission_id: int) -> ReviewedHandIn | None:
    """Return a hand-in, None if there is no such one."""
    shelf: OpenGradebooks = request.app.state.shelf
    book = shelf.book(number)
    row = None if book is None else book.queries.row(submission_id)
    if book is None or row is None:
        return None
    shelf.refresh(number, row.assignment)
    row, graded = book.queries.row(submission_id), book.submission(submission_id)
    if row is None or graded is None:
        return None
    return ReviewedHandIn(number, book, row, graded, book.assignment(row.assignment))


def by(request: Request, form: GenuineForm) -> AuthorAndReason:
    """Return who decides and why."""
    return AuthorAndReason(session_of(request).author, text_of(form, "reason"))


# Private -------------------------------------------------------------------------------------------------------------


def _shown(found: ReviewedHandIn, wording: Wording) -> dict[str, Any]:
    graded, grade = found.graded, found.graded.grade
    return {
        "found": found,
        "address": f"/s/{found.number}/{found.row.submission_id}",
        "number": found.number,
        "assignment_id": found.row.assignment,
        "title": wording.pick(found.assignment.title) or found.row.assignment,
        "student": student_name(graded.student),
        "view": submission_view(graded, found.assignment, wording),
        "score": score(grade, found.assignment, wording),
        "machine": wording.points(grade.machine_points) if grade.has_decisions else "",
        "reasons": [wording.say(reason) for reason in open_reasons(grade)] if _is_open(graded) else [],
        "can_accept": _is_open(graded) and not waiting_items(grade),
        "waiting": len(waiting_items(grade)),
        "is_excused": grade.status is GradeStatus.EXCUSED,
        "checks": [check_form(result, found.assignment, wording) for result in grade.results],
        "due": found.assignment.due,
        "has_notebook": _cells(found) is not None,
        "fault": hygiene.many_lines(graded.fault, 4000),
        "history": _history(found, wording),
    }


def check_form(result: CheckResult, assignment: Assignment, wording: Wording) -> CheckForm:
    """Describe a check in words, with the values of its form."""
    return CheckForm(
        item=result.check,
        view=check_view(result, assignment, wording),
        value=f"{result.points_awarded:g}",
        possible=f"{result.points_possible:g}",
        seen=_seen(result),
        waits=result.outcome.value == "UNGRADABLE",
        decided=result.decided is not None,
        by_hand=result.by_hand,
        reason="" if result.decided is None else hygiene.many_lines(result.decided.reason),
    )


def _is_open(graded: GradedSubmission) -> bool:
    return graded.grade.status is GradeStatus.NEEDS_REVIEW


def _seen(result: CheckResult) -> str:
    return "" if result.decided is None else result.decided.at.isoformat()


def _require_unchanged(graded: GradedSubmission, item: str, seen: str) -> None:
    """Refuse to overwrite another person's decision made since the page was loaded."""
    for result in graded.grade.results:
        if result.check == item and result.decided is not None and _seen(result) != seen:
            raise DecisionRefusedError(
                message(
                    "{author} decided about this in the meantime: {points} points. Look at it, and decide again if "
                    "need be.",
                    author=result.decided.author,
                    points=result.points_awarded,
                )
            )


def _refusal(request: Request, found: ReviewedHandIn, error: DecisionRefusedError, item: str) -> Response:
    """Report why points were not stored: in the check's own place if the page requested only that."""
    if request.headers.get("hx-request") != "true":
        return refused(request, error.reason)
    return _one_check(request, found, item, problem=wording_of(request).say(error.reason))


def _kept(request: Request, found: ReviewedHandIn, decision: Decision, form: GenuineForm, item: str) -> Response:
    """Store a decision and show the new state."""
    shelf: OpenGradebooks = request.app.state.shelf
    shelf.decide(found.number, [decision])
    if item and request.headers.get("hx-request") == "true":
        now = hand_in(request, found.number, found.row.submission_id)
        return not_found(request) if now is None else _one_check(request, now, item)
    back = inner_address(text_of(form, "back"))
    return RedirectResponse(back if back != "/" else f"/s/{found.number}/{found.row.submission_id}", status_code=303)


def _one_check(request: Request, found: ReviewedHandIn, item: str, problem: str = "") -> HTMLResponse:
    wording = wording_of(request)
    results = {result.check: result for result in found.graded.grade.results}
    if item not in results:
        return not_found(request)
    check = check_form(results[item], found.assignment, wording)
    has_sum = "/q/" not in request.headers.get("hx-current-url", "")  # the page of a question shows no sums
    return page(
        request,
        "_check_answer.html.j2",
        check=check,
        problem=problem,
        saved=not problem,
        has_sum=has_sum,
        **_shown(found, wording),
    )


def _cells(found: ReviewedHandIn) -> list[RawCell] | None:
    folder = found.book.place.folder
    return None if folder is None else kept_cells(folder, found.row.sha256, cells=CELLS_SHOWN)


def _history(found: ReviewedHandIn, wording: Wording) -> list[tuple[str, str, str, str]]:
    """Return every decision on the student, the latest first: when, who, what, why."""
    decisions = found.book.decisions.of(found.row.assignment, found.row.student)
    return [
        (
            one.at.strftime("%Y-%m-%d %H:%M UTC"),
            hygiene.one_line(one.author),
            _what(one, wording),
            hygiene.many_lines(one.reason),
        )
        for one in reversed(decisions)
    ]


def _what(one: Decision, wording: Wording) -> str:
    said: Mapping[str, str] = {
        "points": f"{hygiene.one_line(one.item)}: {wording.points(one.points)}",
        "total": wording.t("points as a whole: {points}", points=wording.points(one.points)),
        "accept": wording.t("the points stand"),
        "extend": "" if one.until is None else wording.t("until {moment}", moment=f"{one.until:%Y-%m-%d %H:%M %Z}"),
        "excuse": wording.t("excused"),
    }
    words = said[one.kind.value]
    return wording.t("taken back: {what}", what=words or one.kind.value) if one.withdrawn else words


def _moment(text: str, assignment: Assignment) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise DecisionRefusedError(no_date(text)) from error
    if assignment.due is None:
        raise DecisionRefusedError(nothing_to_extend(assignment))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=assignment.due.date.tzinfo)


def _pairs(sides: list[dict[str, Any]]) -> list[tuple[CheckForm | None, CheckForm | None]]:
    """Put the checks of two hand-ins beside each other."""
    left, right = ({check.item: check for check in _forms(side)} for side in sides)
    return [(left.get(item), right.get(item)) for item in dict.fromkeys([*left, *right])]


def _forms(side: dict[str, Any]) -> list[CheckForm]:
    checks = side["checks"]
    return checks if isinstance(checks, list) else []
