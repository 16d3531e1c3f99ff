"""Hand-ins on a Dask cluster of threads in this process, where what a worker does with one is imitated."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from checks import builders
from grading_samples import ASSIGNMENT, context, submission

distributed = pytest.importorskip("distributed", reason="pip install 'autoencoder-grader[dask]'")

from grader.audit.weight_fingerprints import Fingerprints  # noqa: E402 - what the extra brings is imported there
from grader.domain.measurement import Measurements  # noqa: E402
from grader.domain.observation import Observation  # noqa: E402
from grader.domain.ports import AuditMode  # noqa: E402
from grader.domain.progress import CellBegun, EpochSeen, Stage, StageBegun, Step  # noqa: E402
from grader.executors import dask_worker  # noqa: E402
from grader.executors.dask_pool import DaskPool, LostHandInError, shared_with_all  # noqa: E402
from grader.executors.plan import ClassPlan, HandInPackage, UserFiles  # noqa: E402
from grader.executors.step_messages import as_plain  # noqa: E402
from grader.gradebook.store import observation_json  # noqa: E402
from grader.session import SessionOptions  # noqa: E402

PATIENCE_SECONDS = 60.0
STEPS: tuple[Step, ...] = (StageBegun(Stage.RUNNING, 2, 60.0), CellBegun(1, 2, "x = 1"), EpochSeen(3, 20, 0.25))

Work = Callable[[HandInPackage, Any], dask_worker.Reply]
WORK: list[Work] = []
"""What workers do with a hand-in, in the test that runs."""


def observe_imitated(
    plan: ClassPlan, luggage: UserFiles, hand_in: HandInPackage, known: Any, topic: str
) -> dask_worker.Reply:
    """Tell three steps, and do what the test says; by name in this module, for Dask sends functions by name."""
    worker = distributed.get_worker()
    for step in STEPS:
        worker.log_event(topic, {"step": as_plain(step)})
    return WORK[0](hand_in, known)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two workers that are threads of this process."""
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def pool(client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[DaskPool]:
    """A pool whose workers do what a test says."""
    monkeypatch.setattr(dask_worker, "observe_there", observe_imitated)
    plan = ClassPlan("plan", ASSIGNMENT, builders.FACTS, SessionOptions(audit=AuditMode.SUSPICIOUS), "key", {})
    pool = DaskPool(client, plan, shared_with_all(client, plan), Fingerprints(), PATIENCE_SECONDS, context())
    watching = threading.Thread(target=pool.watch_deadlines)
    watching.start()
    yield pool
    pool.stop_at_once()
    watching.join()


def workers_do(work: Work) -> None:
    """Let workers do this with a hand-in."""
    WORK[:] = [work]


def seen(hand_in: HandInPackage, weights: tuple[float, ...] = ()) -> dask_worker.Reply:
    """Reply with the digest of the bytes that came, and these weights."""
    digest = hashlib.sha256(hand_in.content).hexdigest()
    measured = replace(Measurements(), fingerprint=weights)
    return dask_worker.Reply(observation_json(Observation(fault=digest, measurements=measured)), seeded=False)


def test_a_hand_in_goes_with_its_bytes_and_comes_back_as_values(pool: DaskPool, tmp_path: Path) -> None:
    """Progress on the worker is reported here, in order."""
    workers_do(lambda hand_in, _: seen(hand_in))
    heard: list[Step] = []
    done = threading.Event()

    def hear(step: Step) -> None:
        heard.append(step)
        if len(heard) == len(STEPS):
            done.set()

    mine = submission(tmp_path)
    future = pool.submit(mine, hear)
    done.wait(PATIENCE_SECONDS)
    assert (future.result(PATIENCE_SECONDS).fault, tuple(heard)) == (mine.sha256, STEPS)
    assert pool.places == 2


def test_an_error_of_a_worker_is_the_driver_s_to_tell(pool: DaskPool, tmp_path: Path) -> None:
    """The future raises, so that the grade waits for a person."""

    def breaks(hand_in: HandInPackage, known: Any) -> dask_worker.Reply:
        raise dask_worker.WorkerDiffersError("data")

    workers_do(breaks)
    with pytest.raises(LostHandInError, match="WorkerDiffersError: data"):
        pool.submit(submission(tmp_path), lambda _: None).result(PATIENCE_SECONDS)


def test_a_file_that_is_gone_is_the_driver_s_to_tell(pool: DaskPool, tmp_path: Path) -> None:
    """The batch goes on without it."""
    mine = submission(tmp_path)
    mine.path.unlink()
    with pytest.raises(FileNotFoundError):
        pool.submit(mine, lambda _: None).result(PATIENCE_SECONDS)


def test_what_is_too_large_for_a_notebook_is_not_sent(pool: DaskPool, tmp_path: Path) -> None:
    """It is refused here, when it is read, in the words of any other executor."""
    workers_do(lambda hand_in, known: pytest.fail("it was sent"))
    mine = submission(tmp_path)
    os.truncate(mine.path, 10**8)
    seen = pool.submit(replace(mine, size_bytes=10**8), lambda _: None).result(PATIENCE_SECONDS)
    assert seen.problem is not None
    assert "MB" in seen.problem.msgid


@pytest.mark.parametrize(("hangs", "answers"), [(1, True), (2, False)], ids=["one worker", "both workers"])
def test_a_worker_that_hangs_costs_one_more_try(pool: DaskPool, tmp_path: Path, hangs: int, answers: bool) -> None:
    """Another one gets the hand-in; where that hangs as well, it waits for a person."""
    released, tried = threading.Event(), list[str]()
    lock = threading.Lock()

    def hang(hand_in: HandInPackage, known: Any) -> dask_worker.Reply:
        with lock:
            tried.append(distributed.get_worker().address)
            stuck = len(tried) <= hangs
        if stuck:
            released.wait(PATIENCE_SECONDS)
        return seen(hand_in)

    workers_do(hang)
    pool.most_seconds = 2.0
    future = pool.submit(submission(tmp_path), lambda _: None)
    try:
        if answers:
            future.result(PATIENCE_SECONDS)
        else:
            with pytest.raises(LostHandInError, match="TimeoutError: no answer within 2 seconds"):
                future.result(PATIENCE_SECONDS)
        assert len(set(tried)) == 2
    finally:
        released.set()


@pytest.mark.parametrize(("seeded", "runs"), [(False, 3), (True, 2)], ids=["no seed", "a seed"])
def test_who_hands_in_the_same_weights_beside_another_is_looked_at_again(
    pool: DaskPool, tmp_path: Path, seeded: bool, runs: int
) -> None:
    """Neither worker knew of the other's hand-in: the second one is observed once more, with that knowledge."""
    asked: list[int] = []
    both = threading.Barrier(2)

    def same(hand_in: HandInPackage, known: Any) -> dask_worker.Reply:
        asked.append(len(known))
        if len(known) == 0:
            both.wait(PATIENCE_SECONDS)
        return replace(seen(hand_in, (1.0, 0.5, 0.25)), seeded=seeded)

    workers_do(same)
    futures = [pool.submit(submission(tmp_path, student), lambda _: None) for student in ("ana", "bruno")]
    for future in futures:
        future.result(PATIENCE_SECONDS)
    assert len(asked) == runs
    assert asked[:2] == [0, 0]
    assert all(known > 0 for known in asked[2:])


def test_a_stopped_pool_tells_nothing_more(pool: DaskPool, tmp_path: Path) -> None:
    """What a worker still runs is for nobody."""
    released, begun = threading.Event(), threading.Event()

    def slow(hand_in: HandInPackage, known: Any) -> dask_worker.Reply:
        begun.set()
        released.wait(PATIENCE_SECONDS)
        return seen(hand_in)

    workers_do(slow)
    future = pool.submit(submission(tmp_path), lambda _: None)
    assert begun.wait(PATIENCE_SECONDS)
    pool.stop_at_once()
    released.set()
    with pytest.raises(TimeoutError):
        future.result(1.0)
