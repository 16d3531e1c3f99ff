"""Observes a submission with accelerated trainings and, if that may have cost a point, again without acceleration."""

from __future__ import annotations

from dataclasses import replace

from grader.checks.shortening import lost_for_good
from grader.domain.acceleration import has_one_training, is_complete, ran_through
from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.graded import GradedSubmission
from grader.domain.messages import message
from grader.domain.observation import Observation
from grader.domain.progress import Stage, StageBegun, announce
from grader.domain.submission import Submission
from grader.pipeline import GradingContext, judge, observe


def observe_fast(submission: Submission, context: GradingContext) -> Observation:
    """Observe one submission with accelerated trainings; the result is dropped if acceleration may have changed it.

    The second run is the one that counts, even if it earns less than the first.
    """
    if context.fast is None:
        return observe(submission, context)
    fast = observe(submission, replace(context, sandbox=context.fast, fast=None, shortens=True))
    if not fast.fault and suffices(fast, submission, context.assignment, context.facts):
        return fast
    announce(StageBegun(Stage.RUNNING_WHOLE))
    whole = observe(submission, replace(context, fast=None))
    note = message(
        "The notebook was run twice: a first run with shortened trainings did not earn every point, so this "
        "grade is that of a second run, in which nothing was shortened."
    )
    return replace(whole, notes=(*whole.notes, note), wall_seconds=round(fast.wall_seconds + whole.wall_seconds, 3))


def grade_fast(submission: Submission, context: GradingContext) -> GradedSubmission:
    """Grade one submission, accelerated if the context is (`observe_fast`)."""
    return judge(observe_fast(submission, context), submission, context.assignment, context.facts)


def suffices(seen: Observation, submission: Submission, assignment: Assignment, facts: ReferenceFacts) -> bool:
    """Return whether a grade may rest on this observation: with shortened trainings, only if a whole run has the same.

    That is so if no point is lost, or if every lost one was lost by what the notebook built before its only training.
    """
    return not seen.shortened or judged(seen, submission, assignment, facts) is not None


def judged(
    seen: Observation, submission: Submission, assignment: Assignment, facts: ReferenceFacts
) -> GradedSubmission | None:
    """Give the points; None if no grade may rest on this observation."""
    graded = judge(seen, submission, assignment, facts)
    if not seen.shortened:
        return graded
    settled = ran_through(graded) and has_one_training(seen.fits) and lost_for_good(graded.grade.results)
    return graded if settled or is_complete(graded) else None
