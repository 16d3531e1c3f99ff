"""Compares the demo class's grades with the expected ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.demo.sample_class import CLASS, Pupil
from grader.domain.grade import Outcome
from grader.domain.graded import GradedSubmission


@dataclass(frozen=True, slots=True)
class ComparedGrade:
    """One notebook of the class after grading.

    Attributes:
        pupil: Who, and what must come out.
        graded: What came out.
        surprises: Checks whose outcome is not the expected one, as (check, expected, given).
        status_expected: Whether the status is the expected one.
    """

    pupil: Pupil
    graded: GradedSubmission
    surprises: tuple[tuple[str, Outcome, Outcome], ...]
    status_expected: bool

    @property
    def as_expected(self) -> bool:
        """Return whether every result is as expected."""
        return not self.surprises and self.status_expected


def compare(graded: Sequence[GradedSubmission]) -> list[ComparedGrade]:
    """Compare every grade with the class list.

    Raises:
        KeyError: A notebook of the class has no grade.
    """
    by_name = {one.student: one for one in graded}
    return [_compare(pupil, by_name[pupil.name]) for pupil in CLASS]


def _compare(pupil: Pupil, graded: GradedSubmission) -> ComparedGrade:
    surprises = tuple(
        (result.check, expected, result.outcome)
        for result in graded.grade.results
        if result.outcome is not (expected := pupil.outcomes.get(result.check, Outcome.PASSED))
    )
    return ComparedGrade(pupil, graded, surprises, graded.grade.status is pupil.status)
