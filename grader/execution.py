"""Where hand-ins are observed: in threads of this process, or wherever another executor runs them."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from grader.accelerated_grading import observe_fast
from grader.domain.observation import Observation
from grader.domain.progress import Listener, listening
from grader.domain.submission import Submission
from grader.pipeline import GradingContext


class Executor(Protocol):
    """Observes several hand-ins at the same time, and returns values; it does not write the gradebook.

    `grader.scale` submits at most `places` hand-ins at once, and keeps the waiting ones itself.
    """

    @property
    def places(self) -> int:
        """How many hand-ins are observed at the same time."""
        ...

    def submit(self, submission: Submission, listener: Listener) -> Future[Observation]:
        """Observe a hand-in and report progress to the listener, from any thread.

        Raises:
            RuntimeError: It accepts no more hand-ins.
        """
        ...


@dataclass(frozen=True)
class LocalPool:
    """Observes on this machine: a kernel and a measuring process for each place.

    Attributes:
        pool: Threads, which only wait for kernels. Processes work as well, but report no progress.
        context: The same for all hand-ins.
        workers: Number of workers in the pool.
        has_room: Whether this machine has the memory for one more.
    """

    pool: concurrent.futures.Executor
    context: GradingContext
    workers: int
    has_room: Callable[[], bool] = lambda: True

    @property
    def places(self) -> int:
        """The number of workers; one if memory is short, so that no hand-in is begun before all have ended."""
        return self.workers if self.has_room() else 1

    def submit(self, submission: Submission, listener: Listener) -> Future[Observation]:
        """Observe a hand-in in the pool."""
        if isinstance(self.pool, concurrent.futures.ProcessPoolExecutor):
            return self.pool.submit(observe_fast, submission, self.context)
        return self.pool.submit(observe_with_progress, submission, self.context, listener)


def observe_with_progress(submission: Submission, context: GradingContext, listener: Listener) -> Observation:
    """Observe a hand-in, accelerated if the context is, with a listener."""
    with listening(listener):
        return observe_fast(submission, context)
