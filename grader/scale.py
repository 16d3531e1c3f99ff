"""A whole class: any number of submissions over any `concurrent.futures.Executor`.

Workers return values; only the caller's process writes the gradebook, one commit a submission, so that a batch that is
killed resumes where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass

from grader.acceleration import grade_fast
from grader.domain.graded import GradedSubmission
from grader.domain.submission import Submission
from grader.gradebook.store import Gradebook
from grader.pipeline import GradingContext, failed_submission, same_work


@dataclass(frozen=True, slots=True)
class Progress:
    """One submission is done.

    Attributes:
        graded: Its result.
        reused: It was in the gradebook already and nothing was run.
    """

    graded: GradedSubmission
    reused: bool


def grade_batch(
    submissions: Sequence[Submission],
    context: GradingContext,
    *,
    executor: Executor,
    gradebook: Gradebook,
    settings_key: str,
    on_progress: Callable[[Progress], None],
) -> list[GradedSubmission]:
    """Grade every submission that the gradebook does not hold yet.

    Args:
        submissions: What intake found.
        context: The same for all of them.
        executor: Where `grade_fast` runs: threads, processes, Dask.
        gradebook: Each result is committed to it as soon as it is there.
        settings_key: Names data and sandbox; a stored grade counts only under the same key.
        on_progress: Told of each result, stored ones first.

    Returns:
        One result a submission, in the order of `submissions`.

    Raises:
        GradebookError: A result could not be stored; what was stored before stays.
        KeyboardInterrupt: The user stopped the batch; running work is dropped, stored results stay.
    """
    done: dict[int, GradedSubmission] = {}
    for index, submission in enumerate(submissions):
        stored = _stored(submission, context, gradebook, settings_key)
        if stored is not None:
            done[index] = stored
            on_progress(Progress(stored, reused=True))
    futures: dict[Future[GradedSubmission], int] = {
        _submit(executor, submission, context): index
        for index, submission in enumerate(submissions)
        if index not in done
    }
    try:
        for future in as_completed(futures):
            index = futures[future]
            graded = _result(future, submissions[index], context)
            gradebook.add(graded, context=_key(submissions[index], settings_key))
            done[index] = graded
            on_progress(Progress(graded, reused=False))
    finally:
        _cancel(futures)
    return [done[index] for index in range(len(submissions))]


def _submit(executor: Executor, submission: Submission, context: GradingContext) -> Future[GradedSubmission]:
    """Hand out a submission; where the executor takes no more, its workers having died, the future says so."""
    try:
        return executor.submit(grade_fast, submission, context)
    except RuntimeError as error:
        refused: Future[GradedSubmission] = Future()
        refused.set_exception(error)
        return refused


def _stored(
    submission: Submission, context: GradingContext, gradebook: Gradebook, settings_key: str
) -> GradedSubmission | None:
    """Return the stored grade, unless it tells of our own failure.

    The file may have come under another name or at another time now; what lateness costs is reckoned anew, and stored
    where it is another than before.
    """
    stored = gradebook.find(
        assignment=context.assignment.assignment,
        student=submission.student,
        sha256=submission.sha256,
        rubric_hash=context.assignment.rubric_hash,
        context=_key(submission, settings_key),
    )
    if stored is None or stored.fault:
        return None
    current = same_work(stored, submission, context.assignment)
    if current.grade.late != stored.grade.late:
        gradebook.add(current, context=_key(submission, settings_key))
    return current


def _result(future: Future[GradedSubmission], submission: Submission, context: GradingContext) -> GradedSubmission:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - a worker that died; the batch goes on
        return failed_submission(submission, context.assignment, error)


def _cancel(futures: Iterable[Future[GradedSubmission]]) -> None:
    for future in futures:
        future.cancel()


def _key(submission: Submission, settings_key: str) -> str:
    """A second hand-in changes what a grade may say, so it is part of what a stored grade was made under."""
    beside = "".join(f";{one.name}={one.sha256}" for one in submission.companions)
    return f"{settings_key};conflict={submission.conflict is not None}{beside}"
