"""A gradebook opened for people: grades with everybody's decisions, up to date, and the files that were handed in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.authoring.assignment_catalogue import load_facts
from grader.authoring.configured import load_configured
from grader.authoring.open_questions import open_questions
from grader.deciding import with_decisions
from grader.delivery import GRADEBOOK_FILE
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.decision import Decision
from grader.domain.facts import ReferenceFacts
from grader.domain.grade import scaled_grade
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.domain.questions import OpenAnswer, OpenQuestion
from grader.gradebook import Decisions, Gradebook, GradebookError, sqlite_url
from grader.gradebook.standing_queries import StandingQueries
from grader.gradebook.standing_tables import StandingRow
from grader.gradebook.standing_updates import Stale, StandingTables, StoredStanding

_AT_ONCE = 200
"""Number of documents in memory at the same time while the derived tables are updated."""


@dataclass(frozen=True, slots=True)
class BookPlace:
    """Where a graded class is stored.

    Attributes:
        folder: What `grader grade --out` wrote, or None if only the database is known.
        url: Address of the gradebook.
        course: The instructor's own course, if any.
    """

    folder: Path | None
    url: str
    course: Course | None = None

    @classmethod
    def new(cls, folder: Path, url: str | None = None, *, course: Course | None = None) -> BookPlace:
        """Return the place of a folder that is still to be written."""
        return cls(folder, url or sqlite_url(folder / GRADEBOOK_FILE), course)

    @classmethod
    def of(cls, folder: Path | None, url: str | None = None, *, course: Course | None = None) -> BookPlace:
        """Return the place of a folder with its own gradebook, or of a gradebook elsewhere.

        Raises:
            GradebookError: There is no gradebook in the folder: nothing is created by looking.
        """
        if url is not None:
            return cls(folder, url, course)
        folder = folder or Path()
        if not (folder / GRADEBOOK_FILE).is_file():
            raise GradebookError(
                message(
                    "There is no gradebook in {folder}. Name the folder that `grader grade --out` wrote, or the "
                    "address of a gradebook with --gradebook.",
                    folder=str(folder.resolve()),
                )
            )
        return cls(folder, sqlite_url(folder / GRADEBOOK_FILE), course)


@dataclass
class Book:
    """An open gradebook. Use it as a context manager.

    All methods raise `GradebookError` when the database does not answer, and `AuthoringError` when an assignment that
    is asked about cannot be used.

    Attributes:
        place: Where it lies.
        gradebook: The record.
        decisions: What people decided, and what students wrote.
        standings: The derived tables.
        queries: What is asked of them.
    """

    place: BookPlace
    gradebook: Gradebook
    decisions: Decisions
    standings: StandingTables
    queries: StandingQueries
    _marks: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _assignments: dict[str, Assignment] = field(default_factory=dict)
    _questions: dict[str, tuple[OpenQuestion, ...]] = field(default_factory=dict)

    @classmethod
    def open(cls, place: BookPlace) -> Book:
        """Open a gradebook with its tables of decisions."""
        gradebook = Gradebook.open(place.url)
        try:
            return cls(place, gradebook, Decisions(gradebook), StandingTables(gradebook), StandingQueries(gradebook))
        except GradebookError:
            gradebook.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.gradebook.close()

    def assignment(self, assignment_id: str) -> Assignment:
        """Return an assignment in its present form."""
        if assignment_id not in self._assignments:
            self._assignments[assignment_id] = load_configured(assignment_id, course=self.place.course)
        return self._assignments[assignment_id]

    def reload(self, assignment_id: str) -> None:
        """Forget an assignment, since its files may have been edited while the book was open."""
        self._assignments.pop(assignment_id, None)
        self._questions.pop(assignment_id, None)
        self._marks.pop(assignment_id, None)

    def facts(self, assignment_id: str) -> ReferenceFacts:
        """Return the facts of an assignment's reference."""
        return load_facts(self.assignment(assignment_id).reference, course=self.place.course)

    def questions(self, assignment_id: str) -> tuple[OpenQuestion, ...]:
        """Return the open questions of an assignment."""
        if assignment_id not in self._questions:
            found = open_questions(self.assignment(assignment_id), course=self.place.course)
            self._questions[assignment_id] = found
        return self._questions[assignment_id]

    def refresh(self, assignment_id: str | None = None) -> None:
        """Bring the derived tables up to date with grades, decisions and assignments: of one assignment, or of all."""
        wanted = self.standings.assignments() if assignment_id is None else [assignment_id]
        for name in wanted:
            mark = self.standings.mark(name)
            if self._marks.get(name) == mark:
                continue
            assignment = self.assignment(name)
            rules = _rules(assignment)
            stale = self.standings.stale(name, rules)
            for start in range(0, len(stale), _AT_ONCE):
                self.standings.keep(self._standing(stale[start : start + _AT_ONCE], assignment, rules))
            self._marks[name] = mark

    def effective(self, graded: Sequence[GradedSubmission], assignment: Assignment) -> list[GradedSubmission]:
        """Return submissions with the grades that currently count, and with the answers to open questions."""
        decisions = self.decisions.of(assignment.assignment)
        few = {one.sha256 for one in graded} if len(graded) <= _AT_ONCE else None
        answers = self.decisions.answers(assignment.assignment, few)
        by_student: dict[str, list[Decision]] = {}
        for one in decisions:
            by_student.setdefault(one.student, []).append(one)
        return [
            with_decisions(
                one,
                assignment,
                by_student.get(one.student, []),
                self._answered(answers.get(one.sha256, {}), assignment),
            )
            for one in graded
        ]

    def submission(self, submission_id: int) -> GradedSubmission | None:
        """Return one hand-in with the grade that counts by now."""
        row = self.queries.row(submission_id)
        return None if row is None else self.submissions([row]).get(submission_id)

    def submissions(self, rows: Sequence[StandingRow]) -> dict[int, GradedSubmission]:
        """Return some hand-ins of one assignment with the grades that count by now, by their numbers."""
        if not rows:
            return {}
        assignment = self.assignment(rows[0].assignment)
        documents = self.gradebook.gradings([row.grading_id for row in rows])
        answers = self.decisions.answers(assignment.assignment, {row.sha256 for row in rows})
        decisions = self.decisions.of(assignment.assignment, rows[0].student if len(rows) == 1 else None)
        return {
            row.submission_id: with_decisions(
                documents[row.grading_id],
                assignment,
                decisions,
                self._answered(answers.get(row.sha256, {}), assignment),
            )
            for row in rows
        }

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Keep decisions, and bring the lists up to date."""
        self.decisions.add(decisions)
        for assignment_id in {one.assignment for one in decisions}:
            self.refresh(assignment_id)

    # Private ---------------------------------------------------------------------------------------------------------

    def _answered(self, answers: dict[str, str], assignment: Assignment) -> tuple[OpenAnswer, ...]:
        """Return answers with their questions, in the order of the notebook."""
        if not answers:
            return ()
        known = {one.question: one.prompt for one in self.questions(assignment.assignment)}
        ordered = [*(name for name in known if name in answers), *(name for name in answers if name not in known)]
        return tuple(OpenAnswer(name, answers[name], known.get(name, {})) for name in ordered)

    def _standing(self, stale: Sequence[Stale], assignment: Assignment, rules: str) -> list[StoredStanding]:
        documents = self.gradebook.gradings([one.grading_id for one in stale])
        effective = self.effective([documents[one.grading_id] for one in stale], assignment)
        return [
            StoredStanding(one, graded, _scaled(graded, assignment), rules)
            for one, graded in zip(stale, effective, strict=True)
        ]


def _scaled(graded: GradedSubmission, assignment: Assignment) -> float:
    if not graded.grade.points_possible:
        return 0.0
    scale = (assignment.scale_maximum, assignment.scale_decimals)
    return float(scaled_grade(graded.grade, *scale, minimum=assignment.scale_minimum))


def _rules(assignment: Assignment) -> str:
    """Return a digest of what a standing depends on besides grades and decisions."""
    decisive = (
        assignment.due,
        (assignment.scale_minimum, assignment.scale_maximum, assignment.scale_decimals),
        assignment.questions,
    )
    return hashlib.sha256(repr(decisive).encode()).hexdigest()[:16]
