"""Grades fast first and, where that may have cost a point, again as the notebook was written."""

from __future__ import annotations

from dataclasses import replace

from grader.domain.acceleration import may_stand
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.domain.submission import Submission
from grader.pipeline import GradingContext, grade_submission


def grade_fast(submission: Submission, context: GradingContext) -> GradedSubmission:
    """Grade one submission with accelerated trainings; a grade that these may have changed is not kept.

    The second run is the one that counts, whatever it says: also where it earns less than the first.
    """
    if context.fast is None:
        return grade_submission(submission, context)
    fast = grade_submission(submission, replace(context, sandbox=context.fast, fast=None))
    if may_stand(fast):
        return fast
    whole = grade_submission(submission, replace(context, fast=None))
    note = message(
        "The notebook was run twice: a first run with shortened trainings did not earn every point, so this "
        "grade is that of a second run, in which nothing was shortened."
    )
    return replace(whole, notes=(*whole.notes, note), wall_seconds=round(fast.wall_seconds + whole.wall_seconds, 3))
