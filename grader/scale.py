"""A whole class: any number of submissions over any executor, the longest first.

Workers return values; only the caller's process writes the gradebook, one commit a submission, so that a batch that is
killed resumes where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from typing import Protocol

from grader.acceleration import suffices
from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.graded import GradedSubmission
from grader.domain.observation import Observation
from grader.domain.progress import Stage, StageBegun, Step
from grader.domain.run import RunStatus
from grader.domain.submission import Submission
from grader.execution import Executor
from grader.forecast import Forecast, weight
from grader.gradebook.store import Gradebook
from grader.pipeline import GradingContext, broken_observation, judge


@dataclass(frozen=True, slots=True)
class Progress:
    """One submission is done.

    Attributes:
        graded: Its result.
        reused: Nothing was run for it: the same bytes had been run before.
        seconds_left: Until the whole class is done; None where nobody can say that yet.
    """

    graded: GradedSubmission
    reused: bool
    seconds_left: float | None = None


class Watcher(Protocol):
    """Is told what goes on in a batch."""

    def done(self, progress: Progress) -> None:
        """Take note of a result, stored ones first."""
        ...

    def step(self, submission: Submission, step: Step) -> None:
        """Take note, in whatever thread, of what goes on with a submission that is observed."""
        ...


@dataclass(frozen=True, slots=True)
class Results:
    """A watcher that hears of results alone.

    Attributes:
        then: Called with each.
    """

    then: Callable[[Progress], None]

    def done(self, progress: Progress) -> None:
        """Pass a result on."""
        self.then(progress)

    def step(self, submission: Submission, step: Step) -> None:
        """Drop what is no result."""


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

    Bytes that several students handed in are run once. Points are given anew each time from what was observed, since
    that takes milliseconds: a change of rubric, thresholds or due date needs no other run.

    Args:
        submissions: What intake found.
        context: The same for all of them.
        executor: Where they are observed: threads of this process, or a cluster.
        gradebook: Each result is committed to it as soon as it is there.
        settings_key: Names data and sandbox; what was observed counts only under the same key.
        watcher: Told of each result and of what goes on.

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
            watcher.done(Progress(graded, reused=True))
        else:
            waiting.setdefault(book.work(submission), []).append(index)
    queue = _Queue.of(submissions, list(waiting.values()), context, executor, watcher)
    try:
        while (finished := queue.next_done()) is not None:
            same, future = finished
            seen = _result(future, context)
            queue.forecast.end(same[0], time.monotonic(), stopped=seen.run.status is RunStatus.TIMED_OUT)
            book.keep(seen, submissions[same[0]])
            left = queue.forecast.seconds_left(time.monotonic())
            for index in same:
                done[index] = book.grade(seen, submissions[index])
                watcher.done(Progress(done[index], index != same[0], left))
    finally:
        queue.cancel()
    return [done[index] for index in range(len(submissions))]


@dataclass
class _Queue:
    """Work that waits, the longest first, and as much of it in the executor's hands as this has places.

    Attributes:
        submissions: All of them.
        waiting: What has not begun: for each the indices of submissions with the same bytes.
        executor: Where they are observed.
        watcher: Told of what goes on.
        forecast: How long it will take.
    """

    submissions: Sequence[Submission]
    waiting: list[list[int]]
    executor: Executor
    watcher: Watcher
    forecast: Forecast
    _running: dict[Future[Observation], list[int]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        submissions: Sequence[Submission],
        work: Sequence[list[int]],
        context: GradingContext,
        executor: Executor,
        watcher: Watcher,
    ) -> _Queue:
        """Put the longest first; what weighs the same stays in order."""
        weighed = sorted(((weight(submissions[same[0]].path), same) for same in work), key=lambda one: -one[0])
        limit, shortens = context.assignment.limits.cell_seconds, context.fast is not None
        forecast = Forecast(executor.places, [own for own, _ in weighed], limit, shortens)
        return cls(submissions, [same for _, same in weighed], executor, watcher, forecast)

    def next_done(self) -> tuple[list[int], Future[Observation]] | None:
        """Fill the free places and wait for one that is done; None where nothing is left."""
        while self.waiting and len(self._running) < self.executor.places:
            same = self.waiting.pop(0)
            self.forecast.begin(same[0], time.monotonic())
            self._running[self._submit(same[0])] = same
        if not self._running:
            return None
        finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
        future = min(finished, key=lambda one: self._running[one][0])
        same = self._running.pop(future)
        return same, future

    def cancel(self) -> None:
        """Drop what has not begun."""
        for future in self._running:
            future.cancel()

    def _submit(self, index: int) -> Future[Observation]:
        """Hand out a submission; where the executor takes no more, its workers having died, the future says so."""
        submission = self.submissions[index]

        def listener(step: Step) -> None:
            if isinstance(step, StageBegun) and step.stage is Stage.RUNNING_WHOLE:
                self.forecast.repeat(index)
            self.watcher.step(submission, step)

        try:
            return self.executor.submit(submission, listener)
        except RuntimeError as error:
            refused: Future[Observation] = Future()
            refused.set_exception(error)
            return refused


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


def _result(future: Future[Observation], context: GradingContext) -> Observation:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - a worker that died; the batch goes on
        return broken_observation(error, context)
