"""A class on the workers of a Dask cluster, with a deadline for each hand-in and one retry if a worker is lost.

The plan and the user's own files are sent once to each worker, by content; a hand-in is sent with its bytes. Only text
comes back, and only the driver writes the gradebook.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from distributed import Client
from distributed import Future as Remote
from distributed.client import FutureCancelledError

from grader.audit.weight_fingerprints import Fingerprints
from grader.domain.observation import Observation
from grader.domain.progress import Listener
from grader.domain.submission import Submission
from grader.execution import observe_with_progress
from grader.executors import dask_worker
from grader.executors.plan import ClassPlan, HandInPackage, UserFiles
from grader.executors.step_messages import from_plain
from grader.gradebook.store import observation_from_json
from grader.pipeline import GradingContext

PREPARE_SECONDS: Final = 600
_LOOK_SECONDS: Final = 0.5
MOST_TRIES: Final = 2
LARGEST_SENT: Final = 2**26
"""Most bytes of a notebook that are sent; a larger one is refused when it is read (`grader.intake.notebook`)."""


class LostHandInError(Exception):
    """A hand-in was tried on two workers and neither answered."""


@dataclass
class _Task:
    """One hand-in in progress."""

    submission: Submission
    listener: Listener
    future: Future[Observation]
    known: int = 0
    tries: int = 0
    remote: Remote | None = None
    deadline: float = 0.0
    begun: bool = False
    asked_for_twins: bool = False


@dataclass
class DaskPool:
    """Observes on the workers of a cluster.

    Attributes:
        client: Connected to the scheduler.
        plan: Of the class.
        shared: The plan and the luggage, as they lie on the workers.
        fingerprints: Everybody's weights, as the driver knows them.
        most_seconds: After so long a hand-in that was begun is given to another worker.
        context: Of the driver's own session, for what is too large to be sent.
    """

    client: Client
    plan: ClassPlan
    shared: tuple[Any, Any]
    fingerprints: Fingerprints
    most_seconds: float
    context: GradingContext
    _here: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _tasks: dict[str, _Task] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _closed: threading.Event = field(default_factory=threading.Event)

    @property
    def places(self) -> int:
        """One for each thread of a worker, as many as there are now."""
        return max(1, sum(map(int, self.client.nthreads().values())))

    def submit(self, submission: Submission, listener: Listener) -> Future[Observation]:
        """Send a hand-in to a worker."""
        if submission.size_bytes > LARGEST_SENT:  # no notebook that is read: it is refused here as well as there
            return self._here.submit(observe_with_progress, submission, self.context, listener)
        task = _Task(submission, listener, Future())
        task.future.set_running_or_notify_cancel()
        try:
            self._send(task)
        except OSError as error:
            task.future.set_exception(error)
        return task.future

    def stop_at_once(self) -> None:
        """Drop everything: our own workers end with the cluster, others finish without anyone using their results."""
        self._closed.set()
        with self._lock:
            tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            if task.remote is not None:
                task.remote.cancel(force=True)

    def watch_deadlines(self) -> None:
        """Give hand-ins whose worker does not answer to others, until the pool is closed."""
        while not self._closed.wait(_LOOK_SECONDS):
            with self._lock:
                late = [(name, one) for name, one in self._tasks.items() if one.deadline < time.monotonic()]
            for name, task in late:
                self._again(name, task, TimeoutError(f"no answer within {self.most_seconds:.0f} seconds"))

    def _send(self, task: _Task, *, avoid: str = "") -> None:
        name = f"grader-{uuid.uuid4().hex}"
        known = self.fingerprints.known()
        others = [worker for worker in self.client.nthreads() if worker != avoid] if avoid else []
        task.tries, task.known = task.tries + 1, len(known)
        task.deadline = time.monotonic() + self.most_seconds + PREPARE_SECONDS
        task.begun = False
        with self._lock:
            self._tasks[name] = task
            self.client.subscribe_topic(name, lambda event: self._on_event(name, event))
            task.remote = self.client.submit(
                dask_worker.observe_there,
                *self.shared,
                HandInPackage.of(task.submission),
                known,
                name,
                key=name,
                pure=False,
                workers=others or None,
            )
        task.remote.add_done_callback(lambda remote: self._ended(name, remote))

    def _on_event(self, name: str, event: tuple[float, Mapping[str, Any]]) -> None:
        """Pass a step on; the clock of a hand-in starts with its first step."""
        task = self._tasks.get(name)
        if task is None or self._closed.is_set():
            return
        if not task.begun:
            task.begun, task.deadline = True, time.monotonic() + self.most_seconds
        task.listener(from_plain(event[1]["step"]))

    def _ended(self, name: str, remote: Remote) -> None:
        with self._lock:
            task = self._tasks.get(name)
        if task is None or self._closed.is_set():  # it was given up, or to another worker
            return
        try:
            reply: dask_worker.Reply = remote.result()
            seen = observation_from_json(reply.observation)
        except FutureCancelledError as error:  # the worker that held the plan is gone
            self.shared = shared_with_all(self.client, self.plan)
            self._again(name, task, error)
            return
        except Exception as error:  # noqa: BLE001 - whatever a worker or the way to it broke on; the batch goes on
            self._give_up(name, task, error)
            return
        if self._has_new_twin(task, seen, seeded=reply.seeded):
            task.asked_for_twins = True
            self._drop(name)
            self._send(task)
            return
        self._drop(name)
        task.future.set_result(seen)

    def _has_new_twin(self, task: _Task, seen: Observation, *, seeded: bool) -> bool:
        """Return whether somebody handed in the same weights whom the worker could not know of; note this student's."""
        student, mine = task.submission.student, seen.measurements.fingerprint
        now = set(self.fingerprints.twins(student, mine))
        then = set(self.fingerprints.twins(student, mine, among_first=task.known))
        self.fingerprints.note(student, mine)
        return bool(now - then) and not seeded and not task.asked_for_twins and self.plan.options.audit != "none"

    def _again(self, name: str, task: _Task, error: Exception) -> None:
        """Try a hand-in again on another worker; after that it waits for a person."""
        where = self._where(name)
        if task.tries >= MOST_TRIES:
            self._give_up(name, task, error)
            return
        self._drop(name)
        self._send(task, avoid=where)

    def _give_up(self, name: str, task: _Task, error: Exception) -> None:
        self._drop(name)
        lost = LostHandInError(f"{type(error).__name__}: {error}")
        lost.__cause__ = error
        task.future.set_exception(lost)

    def _drop(self, name: str) -> None:
        with self._lock:
            task = self._tasks.pop(name, None)
            self.client.unsubscribe_topic(name)
        if task is not None and task.remote is not None and not task.remote.done():
            task.remote.cancel(force=True)

    def _where(self, name: str) -> str:
        """Return the worker that has a hand-in, "" if unknown."""
        running = self.client.processing()
        return next((worker for worker, names in running.items() if name in names), "")


def shared_with_all(client: Client, plan: ClassPlan) -> tuple[Any, Any]:
    """Put the plan and the user's own files on every worker, by content; later workers fetch them there."""
    plan_there, luggage_there = client.scatter([plan, UserFiles.of(plan.options)], broadcast=True)
    return plan_there, luggage_there
