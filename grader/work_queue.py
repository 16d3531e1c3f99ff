"""The waiting hand-ins of a batch, the longest first, of which an executor gets as many as it has places."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Protocol

from grader.domain.observation import Observation
from grader.domain.progress import Stage, StageBegun, Step
from grader.domain.submission import Submission
from grader.execution import Executor
from grader.forecast import Forecast, weight

SECONDS_BETWEEN_LOOKS = 1.0
"""Seconds between two checks whether another grader has finished what it had reserved."""


class OtherGraders(Protocol):
    """Graders that share the gradebook."""

    def leave(self, submission: Submission) -> bool:
        """Reserve a hand-in; False if another grader runs the same bytes now."""
        ...

    def observed(self, submission: Submission) -> Observation | None:
        """Return another grader's observation of these bytes since the batch began."""
        ...


@dataclass(frozen=True, slots=True)
class Finished:
    """One finished piece of work.

    Attributes:
        indices: The hand-ins with these bytes; the first one ran.
        future: Holds the observation, or the error.
        ran: Whether it ran here.
    """

    indices: list[int]
    future: Future[Observation]
    ran: bool = True


@dataclass
class WorkQueue:
    """Assigns work to an executor.

    Attributes:
        submissions: All hand-ins of the batch.
        executor: Where they are observed.
        others: Graders that share the gradebook.
        on_step: Called with each progress event of a hand-in, from any thread.
        forecast: Estimates the remaining time.
        waiting: Work that has not begun: lists of indices of hand-ins with the same bytes.
    """

    submissions: Sequence[Submission]
    executor: Executor
    others: OtherGraders
    on_step: Callable[[Submission, Step], None]
    forecast: Forecast
    waiting: list[list[int]] = field(default_factory=list)
    _running: dict[Future[Observation], list[int]] = field(default_factory=dict)
    _answered: list[Finished] = field(default_factory=list)

    def put(self, work: Sequence[list[int]]) -> None:
        """Add waiting work, the longest first; work of equal weight stays in order."""
        weights = {same[0]: weight(self.submissions[same[0]].path) for same in work}
        self.waiting = sorted(work, key=lambda same: -weights[same[0]])
        self.forecast.waiting = {same[0]: weights[same[0]] for same in self.waiting}

    def next_done(self) -> Finished | None:
        """Fill the free places and wait for a result; None if nothing is left.

        Raises:
            GradebookError: The gradebook does not answer.
        """
        while True:
            self._fill()
            if self._answered:
                return self._answered.pop(0)
            if not self._running and not self.waiting:
                return None
            if not self._running:  # other graders run all that is left
                time.sleep(SECONDS_BETWEEN_LOOKS)
                continue
            finished, _ = wait(self._running, SECONDS_BETWEEN_LOOKS if self.waiting else None, FIRST_COMPLETED)
            if finished:
                future = min(finished, key=lambda one: self._running[one][0])
                return Finished(self._running.pop(future), future)

    def cancel(self) -> None:
        """Drop what has not begun."""
        for future in self._running:
            future.cancel()

    def _fill(self) -> None:
        places = self.executor.places
        for same in list(self.waiting):
            if len(self._running) >= places:
                return
            if not self.others.leave(self.submissions[same[0]]):
                continue
            self.waiting.remove(same)
            seen = self.others.observed(self.submissions[same[0]])
            if seen is None:
                self.forecast.begin(same[0], time.monotonic())
                self._running[self._submit(same[0])] = same
            else:
                self.forecast.drop(same[0])
                answered: Future[Observation] = Future()
                answered.set_result(seen)
                self._answered.append(Finished(same, answered, ran=False))

    def _submit(self, index: int) -> Future[Observation]:
        """Submit a hand-in; if the executor refuses because its workers died, the future says so."""
        submission = self.submissions[index]

        def listener(step: Step) -> None:
            if isinstance(step, StageBegun) and step.stage is Stage.RUNNING_WHOLE:
                self.forecast.repeat(index)
            self.on_step(submission, step)

        try:
            return self.executor.submit(submission, listener)
        except RuntimeError as error:
            refused: Future[Observation] = Future()
            refused.set_exception(error)
            return refused
