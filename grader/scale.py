"""A whole class: any number of submissions over any `concurrent.futures.Executor`.

Workers return values; only the caller's process writes the gradebook, one commit a submission, so that a batch that is
killed resumes where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, replace

from grader.acceleration import observe_fast, suffices
from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.graded import GradedSubmission
from grader.domain.observation import Observation
from grader.domain.submission import Submission
from grader.gradebook.store import Gradebook
from grader.pipeline import GradingContext, broken_observation, judge


@dataclass(frozen=True, slots=True)
class Progress:
    """One submission is done.

    Attributes:
        graded: Its result.
        reused: Nothing was run for it: the same bytes had been run before.
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
    """Grade every submission, and run only what the gradebook has not seen run yet.

    Bytes that several students handed in are run once. Points are given anew each time from what was observed, since
    that takes milliseconds: a change of rubric, thresholds or due date needs no other run.

    Args:
        submissions: What intake found.
        context: The same for all of them.
        executor: Where `observe_fast` runs: threads, processes, Dask.
        gradebook: Each result is committed to it as soon as it is there.
        settings_key: Names data and sandbox; what was observed counts only under the same key.
        on_progress: Called with each result, stored ones first.

    Returns:
        One result a submission, in the order of `submissions`.

    Raises:
        GradebookError: A result could not be stored; what was stored before stays.
        KeyboardInterrupt: The user stopped the batch; running work is dropped, stored results stay.
    """
    book = _Book(gradebook, context.assignment, context.facts, settings_key)
    done: dict[int, GradedSubmission] = {}
    waiting: dict[tuple[str, str], list[int]] = {}
    for index, submission in enumerate(submissions):
        graded = None if context.runs_again(submission.student) else book.known(submission)
        if graded is not None:
            done[index] = graded
            on_progress(Progress(graded, reused=True))
        else:
            waiting.setdefault(book.work(submission), []).append(index)
    futures = {_submit(executor, submissions[same[0]], context): same for same in waiting.values()}
    try:
        for future in as_completed(futures):
            same = futures[future]
            seen = _result(future, context)
            book.keep(seen, submissions[same[0]])
            for index in same:
                done[index] = book.grade(seen, submissions[index])
                on_progress(Progress(done[index], reused=index != same[0]))
    finally:
        _cancel(futures)
    return [done[index] for index in range(len(submissions))]


def known_grades(
    submissions: Sequence[Submission],
    assignment: Assignment,
    facts: ReferenceFacts,
    *,
    gradebook: Gradebook,
    settings_key: str,
) -> list[GradedSubmission] | None:
    """Grade a class of which everything was observed before, without opening a zone; None where something was not.

    Raises:
        GradebookError: The gradebook does not answer.
    """
    book = _Book(gradebook, assignment, facts, settings_key)
    found = [book.observed(submission) for submission in submissions]
    if any(seen is None for seen in found):
        return None
    return [
        book.grade(seen, submission) for seen, submission in zip(found, submissions, strict=True) if seen is not None
    ]


@dataclass(frozen=True, slots=True)
class _Book:
    """The gradebook as a batch uses it."""

    gradebook: Gradebook
    assignment: Assignment
    facts: ReferenceFacts
    settings_key: str

    def work(self, submission: Submission) -> tuple[str, str]:
        """Return what the run depends on: the bytes, and the settings with the files beside the notebook."""
        beside = "".join(f";{one.name}={one.sha256}" for one in submission.companions)
        nothing = ";undecided" if submission.undecided else ""  # the same bytes handed in alone are run
        return submission.sha256, f"{self.settings_key}{beside}{nothing}"

    def observed(self, submission: Submission) -> Observation | None:
        """Return what was observed of these bytes before, unless that was our own failure or too short to judge by."""
        sha256, key = self.work(submission)
        seen = self.gradebook.find_observation(sha256=sha256, context=key)
        if seen is None or seen.fault or not suffices(seen, submission, self.assignment, self.facts):
            return None
        return seen

    def known(self, submission: Submission) -> GradedSubmission | None:
        """Return the grade of what was observed before, if it was."""
        seen = self.observed(submission)
        return None if seen is None else self.grade(seen, submission)

    def keep(self, seen: Observation, submission: Submission) -> None:
        """Store what was observed; our own failure too, since the grade that waits for a person names it."""
        sha256, key = self.work(submission)
        self.gradebook.add_observation(seen, sha256=sha256, context=key)

    def grade(self, seen: Observation, submission: Submission) -> GradedSubmission:
        """Give the points, and store the grade where it is another than the last one."""
        graded = judge(seen, submission, self.assignment, self.facts)
        last = self.gradebook.find(assignment=graded.assignment, student=submission.student, sha256=submission.sha256)
        if last is None or replace(last, filename=graded.filename) != graded:
            self.gradebook.add(graded, context=self.work(submission)[1])
        return graded


def _submit(executor: Executor, submission: Submission, context: GradingContext) -> Future[Observation]:
    """Hand out a submission; where the executor takes no more, its workers having died, the future says so."""
    try:
        return executor.submit(observe_fast, submission, context)
    except RuntimeError as error:
        refused: Future[Observation] = Future()
        refused.set_exception(error)
        return refused


def _result(future: Future[Observation], context: GradingContext) -> Observation:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - a worker that died; the batch goes on
        return broken_observation(error, context)


def _cancel(futures: Iterable[Future[Observation]]) -> None:
    for future in futures:
        future.cancel()
