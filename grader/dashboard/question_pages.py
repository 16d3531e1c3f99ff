"""Open questions: a page per question with all answers, the model answer, criteria, and reusable comments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from grader.dashboard.addresses import Number, Start
from grader.dashboard.forms import GenuineForm, inner_address, text_of
from grader.dashboard.guard import session_of
from grader.dashboard.lists import opened
from grader.dashboard.notebook_view import prose
from grader.dashboard.rendering import not_found, page, refused, student_name, wording_of
from grader.dashboard.reviewing import CheckForm, check_form
from grader.domain.assignment import Assignment
from grader.domain.decision import DecisionKind
from grader.domain.grade import Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.questions import OpenQuestion
from grader.gradebook.standing_queries import HandInFilter
from grader.gradebook.standing_tables import StandingRow
from grader.report import hygiene
from grader.report.wording import Wording
from grader.review.book import Book
from grader.review.decision_parsing import AuthorAndReason, DecisionRefusedError, decide_points

router = APIRouter()

ANSWERS_A_PAGE: Final = 25
COMMENTS_SHOWN: Final = 12
_FILTERS: Final = ("open", "empty", "done", "")


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """One student's answer with its form.

    Attributes:
        student: Who.
        address: Of the hand-in.
        text: What was written, as HTML of ours; None if the cell was not found.
        is_empty: Nothing was written.
        form: The question's points, None if it carries none.
    """

    student: str
    address: str
    text: Markup | None
    is_empty: bool
    form: CheckForm | None


@router.get("/q/{number}/{assignment_id}")
def questions(request: Request, number: Number, assignment_id: str) -> HTMLResponse:
    """List the open questions of an assignment with how many answers wait."""
    found = opened(request, number, assignment_id)
    if found is None:
        return not_found(request)
    book, assignment = found
    wording = wording_of(request)
    written = book.decisions.written(assignment_id)
    rows = []
    for one in book.questions(assignment_id):
        outcomes = book.queries.outcomes(assignment_id, one.question).values() if one.points else ()
        waiting = sum(outcome == Outcome.UNGRADABLE.value for outcome in outcomes)
        total, some = written.get(one.question, (0, 0))
        rows.append((one.question, _title(one, wording), one.points, total, some, waiting))
    title = wording.pick(assignment.title) or assignment_id
    return page(request, "questions.html.j2", rows=rows, number=number, assignment=assignment, title=title)


@router.get("/q/{number}/{assignment_id}/{question}")
def question_page(
    request: Request,
    number: Number,
    assignment_id: str,
    question: str,
    only: str = "",
    start: Start = 0,
) -> HTMLResponse:
    """Show one question with the answers of the class."""
    found = opened(request, number, assignment_id)
    asked = (
        None if found is None else next((q for q in found[0].questions(assignment_id) if q.question == question), None)
    )
    if found is None or asked is None:
        return not_found(request)
    book, assignment = found
    wording = wording_of(request)
    only = only if only in _FILTERS else ""
    chosen = _chosen(book, asked, assignment_id, only)
    shown = book.queries.rows_of(chosen[start : start + ANSWERS_A_PAGE])
    neighbours = [one.question for one in book.questions(assignment_id)]
    place = neighbours.index(question)
    base = f"/q/{number}/{assignment_id}"
    here = f"{base}/{question}?only={only}"
    return page(
        request,
        "question.html.j2",
        number=number,
        title=wording.pick(assignment.title) or assignment_id,
        name=_title(asked, wording),
        question=asked,
        prompt=prose(wording.pick_lines(asked.prompt)),
        model_answer=prose(wording.pick_lines(asked.model_answer)),
        criteria=prose(wording.pick_lines(asked.criteria)) if asked.criteria else None,
        rows=_rows(book, number, shown, asked, wording),
        comments=_comments(book, assignment_id, question),
        only=only,
        total=len(chosen),
        start=start,
        base=f"{base}/{question}",
        up=base,
        before=f"{here}&start={max(0, start - ANSWERS_A_PAGE)}" if start else None,
        after=f"{here}&start={start + ANSWERS_A_PAGE}" if start + ANSWERS_A_PAGE < len(chosen) else None,
        previous_question=f"{base}/{neighbours[place - 1]}" if place else None,
        next_question=f"{base}/{neighbours[place + 1]}" if place + 1 < len(neighbours) else None,
        empty_waiting=len(_chosen(book, asked, assignment_id, "empty")) if asked.points else 0,
        possible=f"{asked.points:g}",
    )


@router.post("/q/{number}/{assignment_id}/{question}/empty")
def empty_answers(request: Request, number: Number, assignment_id: str, question: str, form: GenuineForm) -> Response:
    """Give 0 points to every empty answer that waits: a person decided so, once for all."""
    found = opened(request, number, assignment_id)
    asked = None if found is None else _asked(found[0], assignment_id, question)
    if found is None or asked is None:
        return not_found(request)
    book, shelf = found[0], request.app.state.shelf
    rows = book.queries.rows_of(_chosen(book, asked, assignment_id, "empty"))
    reason = AuthorAndReason(session_of(request).author, text_of(form, "reason"))
    try:
        decisions = [decide_points(one, question, 0.0, reason) for one in book.submissions(rows).values()]
    except DecisionRefusedError as error:
        return refused(request, error.reason)
    shelf.decide(number, decisions)
    return RedirectResponse(inner_address(text_of(form, "back")), status_code=303)


# Private -------------------------------------------------------------------------------------------------------------


def _title(question: OpenQuestion, wording: Wording) -> str:
    """Return the short title, or the first words of the question if it has none."""
    stated = wording.pick(question.title)
    return stated or hygiene.one_line(wording.pick_lines(question.prompt).replace("**", ""), 80) or question.question


def _asked(book: Book, assignment_id: str, question: str) -> OpenQuestion | None:
    return next((one for one in book.questions(assignment_id) if one.question == question), None)


def _chosen(book: Book, question: OpenQuestion, assignment_id: str, only: str) -> list[int]:
    """Return the numbers of the hand-ins whose answer is asked for, by name."""
    names = book.queries.names(HandInFilter(assignment_id))
    if not only:
        return [number for number, _ in names]
    outcomes = book.queries.outcomes(assignment_id, question.question)
    waits = {number for number, outcome in outcomes.items() if outcome == Outcome.UNGRADABLE.value}
    if only == "done":
        return [number for number, _ in names if number in outcomes and number not in waits]
    empty = book.decisions.empty_answers(assignment_id, question.question) if only == "empty" else set()
    return [number for number, sha256 in names if number in waits and (only == "open" or sha256 in empty)]


def _rows(
    book: Book, number: int, rows: Sequence[StandingRow], question: OpenQuestion, wording: Wording
) -> list[AnswerForm]:
    """Describe the answers of a page; complete grades are read only if there are points to give."""
    if not rows:
        return []
    answers = book.decisions.answers(rows[0].assignment, {row.sha256 for row in rows})
    graded = book.submissions(rows) if question.points else {}
    return [
        _row(
            row,
            f"/s/{number}/{row.submission_id}",
            answers.get(row.sha256, {}).get(question.question),
            _form(graded.get(row.submission_id), question.question, book.assignment(row.assignment), wording),
        )
        for row in rows
    ]


def _form(graded: GradedSubmission | None, question: str, assignment: Assignment, wording: Wording) -> CheckForm | None:
    results = () if graded is None else graded.grade.results
    found = next((one for one in results if one.check == question and one.by_hand), None)
    return None if found is None else check_form(found, assignment, wording)


def _row(row: StandingRow, address: str, text: str | None, form: CheckForm | None) -> AnswerForm:
    shown = None if text is None else prose(text)
    return AnswerForm(student_name(row.student), address, shown, text == "", form)


def _comments(book: Book, assignment_id: str, question: str) -> list[str]:
    """Return earlier comments on this question, the most frequent first."""
    said = Counter(
        one.reason
        for one in book.decisions.of(assignment_id)
        if one.kind is DecisionKind.POINTS and one.item == question and one.reason and not one.withdrawn
    )
    return [hygiene.many_lines(text) for text, _ in said.most_common(COMMENTS_SHOWN)]
