"""Gives a class new points from stored observations: no notebook runs, and old and new points are both shown.

Rubric, thresholds, scale, due date and checks may have changed since; the observations have not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from grader.accelerated_grading import judged
from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.graded import GradedSubmission
from grader.domain.submission import Submission
from grader.gradebook.store import Gradebook


@dataclass(frozen=True, slots=True)
class Regraded:
    """One hand-in with new points.

    Attributes:
        old: The grade that the gradebook held.
        new: The grade by today's rules; `old` itself if nothing is known about the run.
        context: The key under which the grade is stored.
        observed: Whether the gradebook still has the observation, so that points could be given.
    """

    old: GradedSubmission
    new: GradedSubmission
    context: str
    observed: bool

    @property
    def changed(self) -> bool:
        """Whether points, status, deduction or any text of the report differ."""
        return self.new != self.old


def regrade(
    gradebook: Gradebook, assignment: Assignment, facts: ReferenceFacts, students: Collection[str] = ()
) -> list[Regraded]:
    """Give new points to the latest hand-ins of an assignment, without storing anything.

    Args:
        gradebook: Holds grades and what was observed.
        assignment: Today's rules.
        facts: Facts of its reference.
        students: Only these; all students if empty.

    Returns:
        One result per hand-in, in order of student and file name.

    Raises:
        GradebookError: The gradebook does not answer.
    """
    contexts = gradebook.contexts(assignment.assignment)
    return [
        _regraded(gradebook, old, assignment, facts, contexts[old.student, old.filename, old.sha256])
        for old in gradebook.latest(assignment.assignment)
        if not students or old.student in students
    ]


def keep(gradebook: Gradebook, regraded: Collection[Regraded]) -> None:
    """Store every new grade that differs; the old ones stay on record.

    Raises:
        GradebookError: One could not be stored; those before it are.
    """
    for one in regraded:
        if one.changed:
            gradebook.add(one.new, context=one.context)


def _regraded(
    gradebook: Gradebook, old: GradedSubmission, assignment: Assignment, facts: ReferenceFacts, context: str
) -> Regraded:
    seen = gradebook.find_observation(sha256=old.sha256, context=context)
    submission = Submission(
        student=old.student,
        filename=old.filename,
        path=Path(),  # never read
        sha256=old.sha256,
        size_bytes=0,
        conflict=old.conflict,
        submitted_at=old.submitted_at,
    )
    new = None if seen is None else judged(seen, submission, assignment, facts)
    if new is None:
        return Regraded(old, old, context, observed=False)
    return Regraded(old, new, context, observed=True)
