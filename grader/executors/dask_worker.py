"""The code on a Dask worker: one session per class, and one hand-in after the other in it.

A worker answers with text (an observation as JSON) and writes nothing that outlives it. It needs the package with the
same versions as the driver's, and a sandbox; the same settings key says that it has them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from distributed import get_worker

from grader.audit.weight_fingerprints import Fingerprints, sets_seed
from grader.auditing import Auditor
from grader.domain.folders import private_folder
from grader.domain.measurement import Measurements
from grader.domain.progress import Step
from grader.domain.submission import CodeCell
from grader.execution import observe_with_progress
from grader.executors.plan import ClassPlan, HandInPackage, UserFiles, differences
from grader.executors.step_messages import as_plain
from grader.gradebook.store import observation_json
from grader.session import Session, open_session

Weights = tuple[str, tuple[float, ...]]
"""A student, and the fingerprint of the handed-in weights (`grader.audit.weight_fingerprints`)."""


class WorkerDiffersError(Exception):
    """This worker's observations would not be valid where the class is graded."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of a worker about a hand-in.

    Attributes:
        observation: As JSON.
        seeded: Whether the notebook sets a seed, so that equal weights mean nothing.
    """

    observation: str
    seeded: bool


@dataclass
class _Open:
    """A session that is open on this worker."""

    session: Session
    closing: ExitStack
    users: int = 0


@dataclass
class _Sessions:
    """The sessions of this worker: a class's session is opened once, and closed when the next class comes."""

    _open: dict[str, _Open] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def lend(self, plan: ClassPlan, luggage: UserFiles) -> Iterator[Session]:
        """Yield the session of a class."""
        with self._lock:
            if plan.name not in self._open:
                self._close_idle()
                self._open[plan.name] = _opened(plan, luggage)
            one = self._open[plan.name]
            one.users += 1
        try:
            yield one.session
        finally:
            with self._lock:
                one.users -= 1

    def close(self, name: str) -> None:
        """Close the session of a class; one in use stays until the next class comes."""
        with self._lock:
            if name in self._open and not self._open[name].users:
                self._open.pop(name).closing.close()

    def _close_idle(self) -> None:
        for name in [name for name, one in self._open.items() if not one.users]:
            self._open.pop(name).closing.close()


_SESSIONS = _Sessions()


def prepare(plan: ClassPlan, luggage: UserFiles) -> str:
    """Open the session of a class and return what differs from the driver's, or ""."""
    try:
        with _SESSIONS.lend(plan, luggage):
            return ""
    except WorkerDiffersError as differs:
        return str(differs)


def observe_there(
    plan: ClassPlan, luggage: UserFiles, hand_in: HandInPackage, known: Sequence[Weights], topic: str
) -> Reply:
    """Observe one hand-in.

    Args:
        plan: Of the class.
        luggage: Files of the user's own.
        hand_in: With its bytes.
        known: Weights of others that the driver knows of.
        topic: Under which to tell what goes on.

    Raises:
        WorkerDiffersError: This worker has another version, other data or no sandbox.
    """
    worker = get_worker()

    def listener(step: Step) -> None:
        worker.log_event(topic, {"step": as_plain(step)})  # Dask adds its own entries

    with _SESSIONS.lend(plan, luggage) as session, private_folder() as folder:
        seeds: list[bool] = []
        auditor = session.context.auditor
        if auditor is not None:
            auditor = _NotingAuditor(auditor.mode, auditor.views, _fingerprints(known), seeds)
        submission = hand_in.unpack(folder)
        seen = observe_with_progress(submission, replace(session.context, auditor=auditor), listener)
    return Reply(observation_json(seen), any(seeds))


def close(name: str) -> None:
    """Close the session of a class."""
    _SESSIONS.close(name)


@dataclass(frozen=True)
class _NotingAuditor(Auditor):
    """An auditor that records whether a notebook sets a seed."""

    seeds: list[bool] = field(default_factory=list)

    def twins(self, student: str, cells: Sequence[CodeCell], measurements: Measurements) -> tuple[str, ...]:
        """Return who has handed in the same weights."""
        self.seeds.append(sets_seed(cells))
        return super().twins(student, cells, measurements)


def _fingerprints(known: Sequence[Weights]) -> Fingerprints:
    found = Fingerprints()
    for student, weights in known:
        found.note(student, weights)
    return found


def _opened(plan: ClassPlan, luggage: UserFiles) -> _Open:
    with ExitStack() as stack:
        folder = stack.enter_context(private_folder())
        worker = get_worker()
        jobs = plan.jobs_by_host.get(worker.ip, worker.state.nthreads)
        options = replace(luggage.unpack(Path(folder), plan.options), jobs=jobs, work_folder=None)
        session = stack.enter_context(open_session(plan.assignment, plan.facts, options))
        if session.settings_key != plan.settings_key:
            raise WorkerDiffersError(", ".join(differences(plan.settings_key, session.settings_key)))
        return _Open(session, stack.pop_all())
