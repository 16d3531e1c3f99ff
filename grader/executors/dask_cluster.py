"""The Dask cluster of a class: connects to it or starts it here, prepares its workers, closes their sessions."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import dask.config
from distributed import Client, LocalCluster

from grader.audit.weight_fingerprints import Fingerprints
from grader.domain.assignment import Assignment
from grader.domain.messages import message
from grader.domain.run import Limits
from grader.executors import dask_worker
from grader.executors.choice import ClusterError
from grader.executors.dask_pool import MOST_TRIES, PREPARE_SECONDS, DaskPool, shared_with_all
from grader.executors.plan import ClassPlan
from grader.rebuild.client import ANSWER_SECONDS
from grader.session import Session, SessionOptions

CONNECT_SECONDS: Final = 30
WORKER_TTL: Final = "60s"
"""Time without a sign of life after which a worker of `dask-local` counts as lost and its hand-in is reassigned."""

_MOST_RUNS: Final = 4
_BUSY: Final = 2.0
"""Factor for time limits: they count the notebook's own seconds, and wall time is longer on a busy machine."""


@contextmanager
def open_dask(session: Session, assignment: Assignment, options: SessionOptions) -> Iterator[DaskPool]:
    """Connect to a cluster, or start one on this machine, and prepare its workers.

    Raises:
        ClusterError: It does not answer, has no worker, or has one that would grade otherwise.
    """
    with _client(options) as client:
        plan = ClassPlan(
            uuid.uuid4().hex,
            assignment,
            session.context.facts,
            options,
            session.settings_key,
            _jobs_by_host(client),
        )
        shared = shared_with_all(client, plan)
        _prepare(client, shared)
        auditor = session.context.auditor
        fingerprints = Fingerprints() if auditor is None else auditor.fingerprints
        longest = _longest_seconds(session.context.assignment.limits)
        pool = DaskPool(client, plan, shared, fingerprints, longest, session.context)
        watching = threading.Thread(target=pool.watch_deadlines, daemon=True, name="grader-deadlines")
        watching.start()
        try:
            yield pool
        finally:
            pool.stop_at_once()
            watching.join()
            _close_sessions(client, plan.name)


@contextmanager
def _client(options: SessionOptions) -> Iterator[Client]:
    kind, _, rest = options.executor.partition(":")
    if kind == "dask":
        try:
            client = Client(f"tcp:{rest}", timeout=CONNECT_SECONDS)
        except OSError as error:
            raise _no_cluster(options.executor, str(error)) from error
        with client:
            yield client
        return
    settings = {
        "distributed.scheduler.allowed-failures": MOST_TRIES - 1,
        "distributed.scheduler.worker-ttl": WORKER_TTL,
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=int(rest), threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _close_sessions(client: Client, name: str) -> None:
    """Close the sessions of a class on workers that stay alive, without waiting for one that does not answer."""

    def close() -> None:
        with suppress(OSError, TimeoutError):  # workers that are gone have nothing to close
            client.run(dask_worker.close, name, on_error="ignore")

    closing = threading.Thread(target=close, daemon=True)
    closing.start()
    closing.join(CONNECT_SECONDS)


def _longest_seconds(limits: Limits) -> float:
    """Return the time limit of a hand-in: a fast run, a full one and two on secret views, on a busy machine."""
    return _MOST_RUNS * (_BUSY * limits.notebook_seconds + ANSWER_SECONDS)


def _prepare(client: Client, shared: tuple[Any, Any]) -> None:
    """Open the session on every present worker, and refuse workers that would observe something else."""
    try:
        client.wait_for_workers(1, timeout=PREPARE_SECONDS)
    except TimeoutError as error:
        raise _no_cluster(client.scheduler.address, "no worker") from error
    workers = list(client.nthreads())
    asked: dict[str, Callable[[], str]] = {
        worker: client.submit(dask_worker.prepare, *shared, workers=[worker], pure=False).result for worker in workers
    }
    for worker, answer in asked.items():
        if different := answer():
            raise ClusterError(
                message(
                    "The worker {worker} would grade otherwise than this machine: {what} differ. Install the same "
                    "version of the grader, of TensorFlow and the same data there.",
                    worker=worker,
                    what=different,
                )
            )


def _jobs_by_host(client: Client) -> dict[str, int]:
    """Count the threads of all workers of each machine, which share its processors."""
    jobs: Counter[str] = Counter()
    for worker in client.scheduler_info(n_workers=-1)["workers"].values():
        jobs[worker["host"]] += worker["nthreads"]
    return dict(jobs)


def _no_cluster(where: str, why: str) -> ClusterError:
    return ClusterError(
        message("The Dask cluster {where} cannot be used: {why}. Is the scheduler running?", where=where, why=why)
    )
