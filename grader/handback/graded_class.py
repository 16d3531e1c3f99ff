"""A graded class in its folder: which grades are exported, whose they are, and their order for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.deciding import standing_decisions
from grader.domain.assignment import Assignment
from grader.domain.decision import Decision, DecisionKind
from grader.domain.grade import GradeStatus
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.people import Person, sorting_key, split_student
from grader.gradebook import GradebookError
from grader.handback.final_grades import FinalGrade, StudentDecisions
from grader.review.book import Book, BookPlace
from grader.roster.matching import Roster, RosterMatch, assign

GRADES_FILE = "grades.json"


@dataclass(frozen=True)
class GradedClass:
    """The content of a folder of grades.

    Attributes:
        graded: The hand-ins that may count, with the grades that people's decisions leave: of each student those of
            the last run that had any of theirs.
        decisions: What people decided about whole hand-ins.
    """

    graded: tuple[GradedSubmission, ...]
    decisions: StudentDecisions


@dataclass(frozen=True, slots=True)
class ClassListRow:
    """One line of a list of the class.

    Attributes:
        person: Who.
        standing: What they have; None if they handed in nothing.
    """

    person: Person
    standing: FinalGrade | None


def assignment_graded(folder: Path) -> str:
    """Return the id of the assignment that was last graded into a folder.

    Raises:
        GradebookError: There are no grades.
    """
    return str(_last_run(folder).get("assignment", ""))


def read_class(folder: Path, assignment: Assignment, place: BookPlace) -> GradedClass:
    """Read the grades of an assignment, decisions included.

    Args:
        folder: What `grader grade --out` wrote.
        assignment: What was graded.
        place: Where its gradebook is.

    Raises:
        GradebookError: There are none, or the gradebook cannot be read.
    """
    with Book.open(place) as book:
        graded = book.effective(book.gradebook.latest(assignment.assignment), assignment)
        made = book.decisions.of(assignment.assignment)
    if not graded:
        raise GradebookError(_no_grades(folder))
    last = _last_run(folder) if (folder / GRADES_FILE).is_file() else {}
    rows = last.get("grades", []) if last.get("assignment") == assignment.assignment else []
    meant = {(row["student"], row["sha256"]) for row in rows} if isinstance(rows, list) else set()
    there = {student for student, _ in meant}
    counting = [one for one in graded if one.student not in there or (one.student, one.sha256) in meant]
    return GradedClass(tuple(counting), _decided(counting, made))


def _decided(graded: Sequence[GradedSubmission], made: Sequence[Decision]) -> StudentDecisions:
    """Return people's decisions about whole hand-ins; points of single checks are already in the grades."""
    totals = {one.student: one.grade for one in graded if one.grade.decided is not None}
    extended = {}
    for one in graded:
        decision = standing_decisions(one, made).get((DecisionKind.EXTEND, ""))
        if decision is not None and decision.until is not None:
            extended[one.student] = decision.until
    return StudentDecisions(
        adjusted={student: grade.points_counted for student, grade in totals.items()},
        reasons={student: grade.decided.reason for student, grade in totals.items() if grade.decided is not None},
        extended=extended,
        excused=frozenset(one.student for one in graded if one.grade.status is GradeStatus.EXCUSED),
    )


def remarks_of(
    assignment: Assignment, graded: Sequence[GradedSubmission], standings: Sequence[FinalGrade]
) -> list[Message]:
    """Return the warnings to read before giving grades back."""
    remarks = []
    if older := sorted({one.student for one in graded if one.rubric_hash != assignment.rubric_hash}):
        remarks.append(
            message(
                "Graded under another rubric than today's: {students}. Run `grader grade` again.",
                students=", ".join(older),
            )
        )
    if marked := sorted(one.student for one in standings if one.marked_late):
        remarks.append(
            message(
                "The platform marks these as late, and nobody knows by how much, so that nothing is deducted: "
                "{students}. Give their times with --times.",
                students=", ".join(marked),
            )
        )
    chosen = (one for one in standings if one.others and one.reason and one.adjusted is None)
    remarks += [message("{student}: {reason}", student=one.student, reason=one.reason) for one in chosen if one.reason]
    return remarks


def seating(
    standings: Sequence[FinalGrade], roster: Roster | None, language: str
) -> tuple[list[ClassListRow], list[RosterMatch]]:
    """Return the lines of a list of the class in the order of its language, and the students that are not on it.

    Without a roster everyone who handed in has a line. With one, everyone in it has a line as well.
    """
    places: list[ClassListRow] = []
    doubts: list[RosterMatch] = []
    students = [one.student for one in standings]
    matches = assign(roster, students) if roster else [RosterMatch(student) for student in students]
    for standing, match in zip(standings, matches, strict=True):
        if roster and not match.people:
            doubts.append(match)
        places += [ClassListRow(person, standing) for person in match.people or (_unlisted(standing.student),)]
    absent = roster.without_hand_in(students) if roster else []
    places += [ClassListRow(person, None) for person in absent]
    return sorted(places, key=lambda one: _order(one.person, language)), doubts


# Private functions


def _order(person: Person, language: str) -> tuple[object, ...]:
    """Return the sort key of a person: the family name if the roster has it apart, else the name as written."""
    name = f"{person.family_name}, {person.given_name}" if person.family_name else person.shown
    return (*sorting_key(name, language), person.identifier)


def _unlisted(student: str) -> Person:
    name, identifier = split_student(student)
    return Person(name, identifier)


def _last_run(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / GRADES_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GradebookError(_no_grades(folder)) from error
    return found if isinstance(found, dict) else {}


def _no_grades(folder: Path) -> Message:
    return message(
        "{folder} holds no grades. Grade a class first: `grader grade … --out {folder}`.", folder=str(folder)
    )
