"""Open questions: a page a question with all answers, the model answer, criteria, and comments to use again."""

from __future__ import annotations

from collections import Counter
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
from grader.dashboard.rendering import not_found, page, refused, wording_of
from grader.dashboard.reviewing import CheckForm, check_form, hand_in
from grader.dashboard.shelf import Shelf
from grader.domain.decision import DecisionKind
from grader.domain.grade import Outcome
from grader.domain.questions import OpenQuestion
from grader.gradebook.standing_queries import Wanted
from grader.gradebook.standing_tables import StandingCheckRow, StandingRow
from grader.report import hygiene
from grader.report.wording import Wording
from grader.review.book import Book
from grader.review.making import By, DecisionRefusedError, decide_points

router = APIRouter()

ANSWERS_A_PAGE: Final = 25
COMMENTS_SHOWN: Final = 12
_EVERYBODY: Final = 100_000
_FILTERS: Final = ("open", "empty", "done", "")


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One student's answer with its form.

    Attributes:
        student: Who.
        address: Of the hand-in.
        text: What was written, as HTML of ours; None where the cell was not found.
        is_empty: Nothing was written.
        form: The question's points, None where it carries none.
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
    answers = book.decisions.answers(assignment_id)
    rows = []
    for one in book.questions(assignment_id):
        written = [texts[one.question] for texts in answers.values() if one.question in texts]
        checks = [row for rows_ in book.queries.check_rows(assignment_id, one.question).values() for row in rows_]
        waiting = sum(row.outcome == Outcome.UNGRADABLE.value for row in checks)
        rows.append((one.question, _title(one, wording), one.points, len(written), sum(map(bool, written)), waiting))
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
    answers = book.decisions.answers(assignment_id)
    chosen = _chosen(book, assignment_id, question, answers, only)
    shown = chosen[start : start + ANSWERS_A_PAGE]
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
        rows=[_row(book, number, row, answers, question, wording) for row in shown],
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
        empty_waiting=len(_chosen(book, assignment_id, question, answers, "empty")) if asked.points else 0,
        possible=f"{asked.points:g}",
    )


@router.post("/q/{number}/{assignment_id}/{question}/empty")
def empty_answers(request: Request, number: Number, assignment_id: str, question: str, form: GenuineForm) -> Response:
    """Give 0 points to every answer that is empty and waits: a person said so, once for all."""
    found = opened(request, number, assignment_id)
    if found is None:
        return not_found(request)
    book, _ = found
    shelf: Shelf = request.app.state.shelf
    rows = _chosen(book, assignment_id, question, book.decisions.answers(assignment_id), "empty")
    decisions = []
    try:
        for row in rows:
            one = hand_in(request, number, row.submission_id)
            if one is not None:
                reason = By(session_of(request).author, text_of(form, "reason"))
                decisions.append(decide_points(one.graded, question, 0.0, reason))
    except DecisionRefusedError as error:
        return refused(request, error.reason)
    shelf.decide(number, decisions)
    return RedirectResponse(inner_address(text_of(form, "back")), status_code=303)


# Private -------------------------------------------------------------------------------------------------------------


def _title(question: OpenQuestion, wording: Wording) -> str:
    """Return the short title, or the first words of the question where it has none."""
    stated = wording.pick(question.title)
    return stated or hygiene.one_line(wording.pick_lines(question.prompt).replace("**", ""), 80) or question.question


def _chosen(
    book: Book, assignment_id: str, question: str, answers: dict[str, dict[str, str]], only: str
) -> list[StandingRow]:
    """Return the hand-ins whose answer is asked for, by name."""
    checks = book.queries.check_rows(assignment_id, question)
    by_id = {row.submission_id: row for rows in checks.values() for row in rows}
    rows = book.queries.rows(Wanted(assignment_id), limit=_EVERYBODY)

    def fits(row: StandingRow) -> bool:
        check: StandingCheckRow | None = by_id.get(row.submission_id)
        waits = check is not None and check.outcome == Outcome.UNGRADABLE.value
        if only == "open":
            return waits
        if only == "done":
            return check is not None and not waits
        if only == "empty":
            return waits and answers.get(row.sha256, {}).get(question) == ""
        return True

    return [row for row in rows if fits(row)]


def _row(
    book: Book,
    number: int,
    row: StandingRow,
    answers: dict[str, dict[str, str]],
    question: str,
    wording: Wording,
) -> AnswerRow:
    text = answers.get(row.sha256, {}).get(question)
    graded = book.submission(row.submission_id)
    results = [] if graded is None else [one for one in graded.grade.results if one.check == question and one.by_hand]
    form = check_form(results[0], book.assignment(row.assignment), wording) if results else None
    shown = None if text is None else prose(text)
    address = f"/s/{number}/{row.submission_id}"
    return AnswerRow(hygiene.one_line(row.student, hygiene.NAME_LIMIT), address, shown, text == "", form)


def _comments(book: Book, assignment_id: str, question: str) -> list[str]:
    """Return what was said about this question before, the most frequent first."""
    said = Counter(
        one.reason
        for one in book.decisions.of(assignment_id)
        if one.kind is DecisionKind.POINTS and one.item == question and one.reason and not one.withdrawn
    )
    return [hygiene.many_lines(text) for text, _ in said.most_common(COMMENTS_SHOWN)]
