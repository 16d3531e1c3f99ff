"""New points by today's rubric for one, some or all of a class: old and new are shown before anything is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from grader.dashboard.addresses import Number
from grader.dashboard.forms import GenuineForm
from grader.dashboard.lists import opened, query_of, wanted_of
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.dashboard.rendering import not_found, page, refused, student_name, wording_of
from grader.domain.assignment import Assignment
from grader.domain.messages import message
from grader.regrading import Regraded, regrade
from grader.report import hygiene
from grader.report.changes import moved_checks, points_and_status
from grader.report.wording import Wording
from grader.review.book import Book

router = APIRouter()

_KEY_DIGITS: Final = 20
_EVERYBODY: Final = 100_000


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One hand-in whose grade would change.

    Attributes:
        key: Stands for this hand-in and this new grade, so that nothing else is kept than what was shown.
        student: Who.
        filename: Which file.
        before: Points and status that the checks gave.
        now: Those that they give by today's rubric.
        moved: Checks that earn other points, in words.
        decided: A person gave some of its points, which stay.
    """

    key: str
    student: str
    filename: str
    before: str
    now: str
    moved: tuple[str, ...]
    decided: bool


@router.get("/regrade/{number}/{assignment_id}")
def preview(request: Request, number: Number, assignment_id: str) -> HTMLResponse:
    """Show old and new grades for the hand-ins in the address, without storing anything."""
    found = _as_stated_now(request, number, assignment_id)
    if found is None:
        return not_found(request)
    book, assignment = found
    wording = wording_of(request)
    regraded = _regraded(request, book, assignment)
    wanted = wanted_of(assignment_id, request.query_params)
    return page(
        request,
        "regrade.html.j2",
        number=number,
        assignment=assignment,
        title=wording.pick(assignment.title) or assignment_id,
        rows=_rows(regraded, book, assignment, wording),
        total=len(regraded),
        unknown=sum(not one.observed for one in regraded),
        back=f"/c/{number}/{assignment_id}" + (f"?{query_of(wanted)}" if query_of(wanted) else ""),
        query=request.url.query,
        only=[student_name(name) for name in request.query_params.getlist("student")],
    )


@router.post("/regrade/{number}/{assignment_id}")
def keep_changes(request: Request, number: Number, assignment_id: str, form: GenuineForm) -> Response:
    """Store the chosen new grades, provided that they are still those that were shown."""
    found = _as_stated_now(request, number, assignment_id)
    if found is None:
        return not_found(request)
    book, assignment = found
    chosen = {str(key) for key in form.getlist("key")}
    kept = [one for one in _regraded(request, book, assignment) if one.changed and _key(one) in chosen]
    if len(kept) != len(chosen) or not chosen:
        return refused(
            request, message("The grades have changed since this page was made, or none was chosen. Look at it again.")
        )
    shelf: OpenGradebooks = request.app.state.shelf
    shelf.keep_regraded(number, assignment_id, kept)
    wanted = query_of(wanted_of(assignment_id, request.query_params))
    return RedirectResponse(f"/c/{number}/{assignment_id}" + (f"?{wanted}" if wanted else ""), status_code=303)


# Private -------------------------------------------------------------------------------------------------------------


def _as_stated_now(request: Request, number: int, assignment_id: str) -> tuple[Book, Assignment] | None:
    """Return book and assignment, the assignment read anew: its files may have just been edited."""
    if opened(request, number, assignment_id) is None:
        return None
    shelf: OpenGradebooks = request.app.state.shelf
    shelf.reload(number, assignment_id)
    return opened(request, number, assignment_id)


def _regraded(request: Request, book: Book, assignment: Assignment) -> list[Regraded]:
    """Give new points to the students named in the address, else to those that fit its filters, else to all."""
    named = set(request.query_params.getlist("student"))
    wanted = wanted_of(assignment.assignment, request.query_params)
    files: set[tuple[str, str]] | None = None
    if not named and query_of(wanted):
        listed = book.queries.rows(wanted, limit=_EVERYBODY)
        files = {(row.student, row.sha256) for row in listed}
        named = {row.student for row in listed}
        if not named:
            return []
    regraded = regrade(book.gradebook, assignment, book.facts(assignment.assignment), named)
    return [one for one in regraded if files is None or (one.old.student, one.old.sha256) in files]


def _rows(regraded: Sequence[Regraded], book: Book, assignment: Assignment, wording: Wording) -> list[ChangeRow]:
    decided = {one.student for one in book.decisions.of(assignment.assignment) if not one.withdrawn}
    return [
        ChangeRow(
            key=_key(one),
            student=student_name(one.new.student),
            filename=hygiene.one_line(one.new.filename, hygiene.NAME_LIMIT),
            before=points_and_status(one.old, wording),
            now=points_and_status(one.new, wording),
            moved=tuple(moved_checks(one.old, one.new, assignment, wording)),
            decided=one.new.student in decided,
        )
        for one in regraded
        if one.changed
    ]


def _key(one: Regraded) -> str:
    shown = repr((one.old.student, one.old.filename, one.old.sha256, one.old.grade, one.new.grade))
    return hashlib.sha256(shown.encode("utf-8", "backslashreplace")).hexdigest()[:_KEY_DIGITS]
