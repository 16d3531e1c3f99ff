"""The batch in progress, on the pages of course and class: requested every few seconds while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from grader.authoring.errors import AuthoringError
from grader.dashboard.addresses import Number
from grader.dashboard.open_gradebooks import OpenGradebooks
from grader.dashboard.rendering import not_found, page, student_name, wording_of
from grader.report import hygiene
from grader.report.wording import Wording
from grader.review.batch_status import RunningBatch, running_batch
from grader.review.book import Book

router = APIRouter()

_SECONDS_SHOWN_AS_SUCH: Final = 90.0


@dataclass(frozen=True, slots=True)
class Running:
    """A batch in words.

    Attributes:
        address: Address for the next update, with the state that was shown.
        link: The class.
        title: The assignment.
        alive: It goes on; otherwise it was stopped.
        total: Hand-ins of the batch.
        done: Those with a grade.
        left: How long the rest takes, "" if nothing is known yet.
        last: Whose grades came last.
    """

    address: str
    link: str
    title: str
    alive: bool
    total: int
    done: int
    left: str
    last: str


@router.get("/running/{number}")
def running(request: Request, number: Number, seen: Annotated[int, Query(ge=0, le=10**9)] = 0) -> HTMLResponse:
    """Return the progress of a book's batch; open lists reload themselves when there are new grades."""
    shelf: OpenGradebooks = request.app.state.shelf
    book = shelf.book(number)
    if book is None:
        return not_found(request)
    found = running_in(number, book, wording_of(request))
    answer = page(request, "_running.html.j2", running=found, asked_again=True)
    if found is None or found.done != seen:
        answer.headers["HX-Trigger"] = "graded"
    return answer


def running_in(number: int, book: Book, wording: Wording, assignment: str = "") -> Running | None:
    """Return the batch recorded in the folder of a book, None if there is none, or one of another assignment.

    Args:
        number: Of the book.
        book: Its folder is looked into.
        wording: The language.
        assignment: Only a batch of this assignment, "" for any.
    """
    found = running_batch(book.place.folder)
    if found is None or assignment not in {"", found[0].assignment}:
        return None
    batch, alive = found
    try:
        title = wording.pick(book.assignment(batch.assignment).title)
    except AuthoringError:  # of a course unknown to this server
        title = ""
    return Running(
        address=f"/running/{number}?seen={batch.done}",
        link=f"/c/{number}/{batch.assignment}",
        title=title or hygiene.one_line(batch.assignment),
        alive=alive,
        total=batch.total,
        done=batch.done,
        left=_left(batch, wording) if alive else "",
        last=", ".join(student_name(name) for name in batch.last),
    )


# Private -------------------------------------------------------------------------------------------------------------


def _left(batch: RunningBatch, wording: Wording) -> str:
    seconds = batch.seconds_left(datetime.now(UTC))
    if seconds is None:
        return ""
    if seconds < _SECONDS_SHOWN_AS_SUCH:
        return wording.t("about {seconds} s left", seconds=round(seconds))
    return wording.t("about {minutes} min left", minutes=round(seconds / 60))
