"""A whole class: any number of submissions over any executor, the longest first.

Workers return values; only the caller's process writes the gradebook, one commit per submission, so that a killed batch
resumes where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from grader.accelerated_grading import suffices
from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.graded import GradedSubmission
from grader.domain.observation import Observation
from grader.domain.progress import Step
from grader.domain.run import RunStatus
from grader.domain.submission import Submission
from grader.execution import Executor
from grader.forecast import Forecast
from grader.gradebook.reservations import Reservations
from grader.gradebook.store import Gradebook
from grader.pipeline import GradingContext, broken_observation, judge
from grader.work_queue import WorkQueue


@dataclass(frozen=True, slots=True)
class Progress:
    """One submission is done.

    Attributes:
        graded: Its result.
        reused: Whether nothing ran for it because the same bytes had run before.
        seconds_left: Until the whole class is done; None if no estimate is possible yet.
    """

    graded: GradedSubmission
    reused: bool
    seconds_left: float | None = None


class Watcher(Protocol):
    """Receives the events of a batch."""

    def done(self, progress: Progress) -> None:
        """Receive a result, stored ones first."""
        ...

    def step(self, submission: Submission, step: Step) -> None:
        """Receive a progress event of a submission under observation, from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class Results:
    """A watcher for results only.

    Attributes:
        then: Called with each result.
    """

    then: Callable[[Progress], None]

    def done(self, progress: Progress) -> None:
        """Pass a result on."""
        self.then(progress)

    def step(self, submission: Submission, step: Step) -> None:
        """Ignore everything but results."""


def grade_batch(
    submissions: Sequence[Submission],
    context: GradingContext,
    *,
    executor: Executor,
    gradebook: Gradebook,
    settings_key: str,
    watcher: Watcher,
) -> list[GradedSubmission]:
    """Grade every submission, and run only what the gradebook has not seen run yet.

    Bytes that several students handed in run once. Points are given anew each time from the observations, which takes
    milliseconds: a change of rubric, thresholds or due date needs no new run.

    Args:
        submissions: What intake found.
        context: The same for all of them.
        executor: Where they are observed: threads of this process, or a cluster.
        gradebook: Each result is committed to it at once.
        settings_key: Names data and sandbox; an observation is valid only under the same key.
        watcher: Receives each result and the progress.

    Returns:
        One result per submission, in the order of `submissions`.

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
            watcher.done(Progress(graded, reused=True))
        else:
            waiting.setdefault(book.work(submission), []).append(index)
    with gradebook.reservations() as reservations:
        limit = context.assignment.limits.cell_seconds
        forecast = Forecast(executor.places, {}, limit, shortens=context.fast is not None)
        others = _OtherGraders(reservations, book, context)
        queue = WorkQueue(submissions, executor, others, watcher.step, forecast)
        queue.put(list(waiting.values()))
        try:
            while (finished := queue.next_done()) is not None:
                seen = _result(finished.future, context)
                if finished.ran:
                    first = finished.indices[0]
                    forecast.end(first, time.monotonic(), stopped=seen.run.status is RunStatus.TIMED_OUT)
                    book.keep(seen, submissions[first])
                left = forecast.seconds_left(time.monotonic())
                for index in finished.indices:
                    done[index] = book.grade(seen, submissions[index])
                    reused = not finished.ran or index != finished.indices[0]
                    watcher.done(Progress(done[index], reused, left))
                others.give_back(submissions[finished.indices[0]])
        finally:
            queue.cancel()
    return [done[index] for index in range(len(submissions))]


def known_grades(
    submissions: Sequence[Submission],
    assignment: Assignment,
    facts: ReferenceFacts,
    *,
    gradebook: Gradebook,
    settings_key: str,
) -> list[GradedSubmission] | None:
    """Grade a class from stored observations, without opening a zone; None if one is missing.

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
        nothing = ";undecided" if submission.undecided else ""  # the same bytes handed in alone do run
        return submission.sha256, f"{self.settings_key}{beside}{nothing}"

    def observed(self, submission: Submission) -> Observation | None:
        """Return the stored observation of these bytes, unless it is our own failure or too short to judge by."""
        sha256, key = self.work(submission)
        seen = self.gradebook.find_observation(sha256=sha256, context=key)
        if seen is None or seen.fault or not suffices(seen, submission, self.assignment, self.facts):
            return None
        return seen

    def known(self, submission: Submission) -> GradedSubmission | None:
        """Return the grade of a stored observation, if there is one."""
        seen = self.observed(submission)
        return None if seen is None else self.grade(seen, submission)

    def keep(self, seen: Observation, submission: Submission) -> None:
        """Store an observation, even our own failure, since the grade that waits for a person refers to it."""
        sha256, key = self.work(submission)
        self.gradebook.add_observation(seen, sha256=sha256, context=key)

    def grade(self, seen: Observation, submission: Submission) -> GradedSubmission:
        """Give the points, and store the grade if it differs from the last one."""
        graded = judge(seen, submission, self.assignment, self.facts)
        last = self.gradebook.find(assignment=graded.assignment, student=submission.student, sha256=submission.sha256)
        if last is None or replace(last, filename=graded.filename) != graded:
            self.gradebook.add(graded, context=self.work(submission)[1])
        return graded


@dataclass(frozen=True, slots=True)
class _OtherGraders:
    """Graders that share the gradebook, as a batch sees them."""

    reservations: Reservations
    book: _Book
    context: GradingContext

    def leave(self, submission: Submission) -> bool:
        """Reserve a hand-in; False if another grader runs the same bytes now."""
        return self.reservations.take(*self.book.work(submission))

    def observed(self, submission: Submission) -> Observation | None:
        """Return another grader's observation of these bytes since the batch began."""
        if not self.reservations.are_shared or self.context.runs_again(submission.student):
            return None
        return self.book.observed(submission)

    def give_back(self, submission: Submission) -> None:
        """Release the reservation of a stored result."""
        self.reservations.give_back(*self.book.work(submission))


def _result(future: Future[Observation], context: GradingContext) -> Observation:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - a worker that died; the batch goes on
        return broken_observation(error, context)
