"""Joins the machine's grade and people's decisions to the grade that counts: pure, and computed anew each time.

Stored grades hold only what the machine found. All code that shows or exports a grade calls `with_decisions` first: it
adds open questions with points to the checks, replaces the machine's points by decided ones (both are kept), and makes
the grade final when nothing is open any more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from grader.domain.assignment import Assignment
from grader.domain.decision import Decision, DecisionKind
from grader.domain.grade import CheckResult, Decided, Grade, GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.questions import OpenAnswer
from grader.scoring import score, with_lateness

_DIGEST_DIGITS = 16


def with_decisions(
    graded: GradedSubmission,
    assignment: Assignment,
    decisions: Sequence[Decision],
    answers: Sequence[OpenAnswer] = (),
) -> GradedSubmission:
    """Return the submission with the grade that currently counts.

    Args:
        graded: The machine's result, as the gradebook holds it.
        assignment: Its due date and its open questions.
        decisions: Decisions on the assignment, in the order in which they were made; those on others are ignored.
        answers: The answers of this submission to the open questions.
    """
    valid = standing_decisions(graded, decisions)
    results = tuple(
        _decided(result, valid.get((DecisionKind.POINTS, result.check)))
        for result in (*graded.grade.results, *_questions(assignment, graded, answers))
    )
    accepted = valid.get((DecisionKind.ACCEPT, ""))
    grade = score(results, reasons=_unsettled(graded.grade, accepted))
    if accepted is None and _waits_without_a_word(graded.grade):
        grade = replace(grade, status=GradeStatus.NEEDS_REVIEW)
    if total := valid.get((DecisionKind.TOTAL, "")):
        decided = Decided(total.author, total.reason, total.at, grade.points_awarded)
        grade = replace(grade, points_awarded=total.points, status=GradeStatus.FINAL, reasons=(), decided=decided)
    due = assignment.due
    if due is not None and (extension := valid.get((DecisionKind.EXTEND, ""))) and extension.until is not None:
        due = replace(due, date=extension.until)
    grade = with_lateness(grade, due, graded.submitted_at)
    if (DecisionKind.EXCUSE, "") in valid:
        grade = replace(grade, status=GradeStatus.EXCUSED, reasons=())
    return replace(graded, grade=grade, answers=tuple(answers))


def standing_decisions(
    graded: GradedSubmission, decisions: Sequence[Decision]
) -> Mapping[tuple[DecisionKind, str], Decision]:
    """Return the decisions on a submission that count, by kind and check: the latest of each that was not withdrawn."""
    latest: dict[tuple[DecisionKind, str], Decision] = {}
    for one in decisions:
        if one.student != graded.student or one.assignment != graded.assignment:
            continue
        if one.kind.of_one_file and one.sha256 not in {"", graded.sha256}:
            continue
        latest[one.kind, one.item if one.kind is DecisionKind.POINTS else ""] = one
    return {key: one for key, one in latest.items() if not one.withdrawn}


def open_reasons(grade: Grade) -> tuple[Message, ...]:
    """Return why the machine's grade waits, apart from its undecided checks, which state their own reasons."""
    unjudged = {result.message for result in grade.results if result.machine_outcome is Outcome.UNGRADABLE}
    return tuple(reason for reason in grade.reasons if reason not in unjudged)


def reasons_digest(grade: Grade) -> str:
    """Return the digest of these reasons for a decision that accepts them; later, other reasons wait again."""
    written = json.dumps([asdict(reason) for reason in open_reasons(grade)], sort_keys=True)
    return hashlib.sha256(written.encode("ascii")).hexdigest()[:_DIGEST_DIGITS]


def waiting_items(grade: Grade) -> tuple[CheckResult, ...]:
    """Return the checks and questions whose points a person must give before the grade is final."""
    if grade.status is not GradeStatus.NEEDS_REVIEW:
        return ()
    return tuple(result for result in grade.results if result.outcome is Outcome.UNGRADABLE)


# Private -------------------------------------------------------------------------------------------------------------


def _questions(assignment: Assignment, graded: GradedSubmission, answers: Sequence[OpenAnswer]) -> list[CheckResult]:
    written = {one.question: one.text for one in answers}
    taken = {result.check for result in graded.grade.results}
    return [
        CheckResult(
            item.question, Outcome.UNGRADABLE, 0.0, item.points, _answer_state(item.question, written), by_hand=True
        )
        for item in assignment.questions
        if item.question not in taken
    ]


def _answer_state(question: str, written: Mapping[str, str]) -> Message:
    if question not in written:
        return message("The cell for this answer was not found in the notebook; a person looks for it.")
    if not written[question]:
        return message("Nothing was written here; a person confirms it.")
    return message("A person reads this answer and gives its points.")


def _decided(result: CheckResult, decision: Decision | None) -> CheckResult:
    if decision is None:
        return result
    points = min(decision.points, result.points_possible)  # the rubric may have changed since
    decided = Decided(decision.author, decision.reason, decision.at, result.points_awarded, result.outcome)
    return replace(result, points_awarded=points, outcome=_outcome(points, result.points_possible), decided=decided)


def _outcome(points: float, possible: float) -> Outcome:
    if points >= possible:
        return Outcome.PASSED
    return Outcome.PARTIAL if points > 0 else Outcome.FAILED


def _unsettled(grade: Grade, accepted: Decision | None) -> tuple[Message, ...]:
    """Return the machine's reasons that are still open; those of its checks are taken from the checks themselves."""
    if accepted is not None and accepted.item == reasons_digest(grade):
        return ()
    return open_reasons(grade)


def _waits_without_a_word(grade: Grade) -> bool:
    unjudged = any(result.outcome is Outcome.UNGRADABLE for result in grade.results)
    return grade.status is GradeStatus.NEEDS_REVIEW and not grade.reasons and not unjudged
