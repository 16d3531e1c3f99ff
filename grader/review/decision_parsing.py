"""Makes decisions from what a person typed; invalid input is refused with a sentence that says why."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from grader.deciding import open_reasons, reasons_digest, waiting_items
from grader.domain.decision import Decision, DecisionKind
from grader.domain.grade import GradeStatus
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.people import shown_student, split_student
from grader.gradebook.standing_queries import HandInFilter
from grader.gradebook.standing_tables import StandingRow
from grader.gradebook.standing_updates import name_key
from grader.review.book import Book

TOTAL: Final = "total"
"""Replaces a check: the points of the hand-in as a whole."""

REASON_LIMIT: Final = 4000
AUTHOR_LIMIT: Final = 120
_DECIMALS: Final = 2
_EVERYBODY: Final = 100_000


class DecisionRefusedError(Exception):
    """An invalid decision; `reason` says why and what to do."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AuthorAndReason:
    """Who decides, and why, in words that the student reads."""

    author: str
    reason: str

    def checked(self, *, needs_reason: bool = True) -> AuthorAndReason:
        """Return both without surrounding blanks.

        Raises:
            DecisionRefusedError: One is missing or longer than anybody reads.
        """
        author, reason = " ".join(self.author.split()), self.reason.strip()
        if not author:
            raise DecisionRefusedError(message("Who decides? Give a name with --author."))
        if needs_reason and not reason:
            raise DecisionRefusedError(message("Why? A decision needs a reason, which the student can read."))
        if len(reason) > REASON_LIMIT or len(author) > AUTHOR_LIMIT:
            raise DecisionRefusedError(
                message(
                    "A reason has at most {reason} characters, and a name {author}.",
                    reason=REASON_LIMIT,
                    author=AUTHOR_LIMIT,
                )
            )
        return AuthorAndReason(author, reason)


def find_hand_in(book: Book, assignment: str, student: str, *, file: str = "") -> StandingRow:
    """Return the hand-in of a student.

    Args:
        book: Where it is looked for.
        assignment: Assignment id.
        student: The student's name as the gradebook has it; case and accents do not matter where one name fits.
        file: Which of several hand-ins: its file name or the beginning of its digest.

    Raises:
        DecisionRefusedError: Nobody has this name, or several hand-ins fit.
    """
    rows = book.queries.rows(HandInFilter(assignment), limit=_EVERYBODY)
    name = known_name(student, {row.student for row in rows})
    found = [row for row in rows if row.student == name]
    if file:
        found = [row for row in found if row.filename == file or row.sha256.startswith(file)]
    if len(found) != 1:
        raise DecisionRefusedError(_which_file(student, [row for row in rows if row.student == name]))
    return found[0]


def known_name(student: str, known: Collection[str]) -> str:
    """Return the matching name in the gradebook: `Ana García-105` for `ana garcia` or `Ana García (105)`.

    Args:
        student: As a person typed it; case, accents and a platform's id do not matter where one name fits.
        known: The names of the gradebook.

    Raises:
        DecisionRefusedError: None fits, or several do; those like it are reported.
    """
    if student in known:
        return student
    for spelled in (lambda one: one, shown_student, lambda one: split_student(one)[0]):
        alike = {one for one in known if name_key(spelled(one)) == name_key(student)}
        if len(alike) == 1:
            return alike.pop()
        if alike:
            break
    raise DecisionRefusedError(unknown_student(student, sorted(known)))


def unknown_student(student: str, known: Sequence[str]) -> Message:
    """Report that no student has this name, and who has a similar one."""
    by_key = {name_key(name): name for name in known}
    close = [by_key[key] for key in difflib.get_close_matches(name_key(student), by_key, n=3, cutoff=0.5)]
    close += [name for key, name in by_key.items() if name_key(student) in key and name not in close][:3]
    if not close:
        return message("Nobody called {student} has handed in anything.", student=student)
    return message(
        "Nobody called {student} has handed in anything. Did you mean: {names}?",
        student=student,
        names=", ".join(close),
    )


def read_points(text: str) -> float:
    """Return the typed points, with a decimal point or comma.

    Raises:
        DecisionRefusedError: It is no finite number of at most two decimals, or it is negative.
    """
    typed = text.strip().replace(",", ".")
    try:
        points = float(typed)
    except ValueError:
        points = math.nan
    if not math.isfinite(points) or not typed[:1].isdigit():
        raise DecisionRefusedError(message("“{text}” is no number of points: write one such as 7.5.", text=text))
    if round(points, _DECIMALS) != points:
        raise DecisionRefusedError(message("Points have at most two decimals, and {text} has more.", text=text))
    return points


def decide_points(
    graded: GradedSubmission, item: str, points: float, by: AuthorAndReason, *, withdraw: bool = False
) -> Decision:
    """Return the decision about one check or open question, or about the hand-in as a whole (`total`).

    Args:
        graded: The hand-in, with the grade that counts by now.
        item: Id of the check or question, or `TOTAL`.
        points: What it gets from now on.
        by: Who decides and why.
        withdraw: Take back what was decided before; `points` is then passed over.

    Raises:
        DecisionRefusedError: There is no such check, more points than possible, or nothing to take back.
    """
    results = {result.check: result for result in graded.grade.results}
    if item != TOTAL and item not in results:
        raise DecisionRefusedError(_unknown_item(item, list(results)))
    possible = graded.grade.points_possible if item == TOTAL else results[item].points_possible
    if not 0 <= points <= possible:
        raise DecisionRefusedError(
            message(
                "{points} points are not possible for {item}: it has {possible} at most, and 0 at least.",
                points=points,
                item=item,
                possible=possible,
            )
        )
    decided = graded.grade.decided if item == TOTAL else results[item].decided
    if withdraw and decided is None:
        raise DecisionRefusedError(
            message("Nobody has decided about {item}: there is nothing to take back.", item=item)
        )
    by_hand = item != TOTAL and results[item].by_hand
    by = by.checked(needs_reason=not by_hand)
    kind = DecisionKind.TOTAL if item == TOTAL else DecisionKind.POINTS
    return Decision(
        kind, graded.assignment, graded.student, by.author, by.reason, datetime.now(UTC), graded.sha256,
        "" if item == TOTAL else item, 0.0 if withdraw else points, withdrawn=withdraw,
    )  # fmt: skip


def accept(graded: GradedSubmission, by: AuthorAndReason) -> Decision:
    """Return the decision that accepts why a hand-in waits, apart from its checks: its points count.

    Raises:
        DecisionRefusedError: It does not wait, or points of checks or questions have to be given first.
    """
    if graded.grade.status is not GradeStatus.NEEDS_REVIEW:
        raise DecisionRefusedError(
            message("The grade of {student} waits for nobody: there is nothing to settle.", student=graded.student)
        )
    if waiting := waiting_items(graded.grade):
        raise DecisionRefusedError(
            message(
                "Nobody can accept points that were never given. Give those of: {items}.",
                items=", ".join(result.check for result in waiting),
            )
        )
    by = by.checked()
    return Decision(
        DecisionKind.ACCEPT, graded.assignment, graded.student, by.author, by.reason, datetime.now(UTC),
        graded.sha256, reasons_digest(graded.grade),
    )  # fmt: skip


def extend(assignment: str, student: str, until: datetime | None, by: AuthorAndReason) -> Decision:
    """Return the decision that gives a student another due date; None withdraws an earlier one."""
    by = by.checked()
    return Decision(
        DecisionKind.EXTEND, assignment, student, by.author, by.reason, datetime.now(UTC), until=until,
        withdrawn=until is None,
    )  # fmt: skip


def excuse(assignment: str, student: str, by: AuthorAndReason, *, withdraw: bool = False) -> Decision:
    """Return the decision that an assignment does not count for a student, or that it counts again."""
    by = by.checked()
    return Decision(
        DecisionKind.EXCUSE, assignment, student, by.author, by.reason, datetime.now(UTC), withdrawn=withdraw
    )


def waiting_for(graded: GradedSubmission) -> tuple[Message, ...]:
    """Say why a hand-in waits, apart from checks and questions without points."""
    return open_reasons(graded.grade) if graded.grade.status is GradeStatus.NEEDS_REVIEW else ()


# Private -------------------------------------------------------------------------------------------------------------


def _unknown_item(item: str, known: Sequence[str]) -> Message:
    close = difflib.get_close_matches(item, known, n=1)
    listed = ", ".join([*known, TOTAL])
    if not close:
        return message("There is no check {item}. There are: {known}.", item=item, known=listed)
    return message(
        "There is no check {item}; did you mean {nearest}? There are: {known}.",
        item=item,
        nearest=close[0],
        known=listed,
    )


def _which_file(student: str, rows: Sequence[StandingRow]) -> Message:
    return message(
        "{student} has these hand-ins: {files}. Name one with --file, by its name or the beginning of its digest.",
        student=student,
        files="; ".join(f"{row.filename} ({row.sha256[:8]})" for row in rows),
    )
