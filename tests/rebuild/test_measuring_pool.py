"""How many measuring processes there are: one, and more only where waiting takes longer than starting another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest

from grader.domain.datasets import DataSize
from grader.domain.measurement import MeasuringFailedError
from grader.rebuild import client
from grader.rebuild.client import MeasuringProcesses
from grader.rebuild.protocol import Answer, PublishedData, Request


class Stub:
    """A process that answers when it is told to."""

    started: ClassVar[list[Stub]] = []
    answers = threading.Event()
    fails = False

    def __init__(self, *_: object) -> None:
        self.asked = 0
        self.closed = False
        Stub.started.append(self)

    def is_alive(self) -> bool:
        """Return whether it still runs."""
        return not self.closed

    def ask(self, request: Request) -> Answer:
        """Answer once the test allows it."""
        del request
        self.asked += 1
        assert Stub.answers.wait(30)
        if Stub.fails:
            raise MeasuringFailedError("broken")
        return Answer(published=PublishedData(None, DataSize.SAMPLE, "d", "s"))

    def close(self) -> None:
        """End it."""
        self.closed = True


@pytest.fixture(autouse=True)
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start stubs instead of processes."""
    monkeypatch.setattr(Stub, "started", [])
    monkeypatch.setattr(Stub, "answers", threading.Event())
    monkeypatch.setattr(client, "_Process", Stub)


def _publish_at_once(pool: MeasuringProcesses, callers: int, folder: Path, *, until: int) -> None:
    """Publish from several threads; answers come when `until` processes have been asked."""
    with ThreadPoolExecutor(callers) as threads:
        going_on = [threads.submit(pool.publish, "mnist", folder) for _ in range(callers)]
        while sum(one.asked for one in Stub.started) < until:
            threading.Event().wait(0.005)
        Stub.answers.set()
        for one in going_on:
            one.result(30)


def test_callers_share_one_process_where_it_is_soon_free(tmp_path: Path) -> None:
    """Two at the same time do not pay for two imports of TensorFlow."""
    with MeasuringProcesses(DataSize.SAMPLE, patience=30) as pool:
        _publish_at_once(pool, 4, tmp_path, until=1)
        assert [one.asked for one in Stub.started] == [4]
    assert all(one.closed for one in Stub.started)


def test_a_caller_who_waits_too_long_starts_another(tmp_path: Path) -> None:
    """A measurement of minutes holds nobody up."""
    with MeasuringProcesses(DataSize.SAMPLE, patience=0.01) as pool:
        _publish_at_once(pool, 3, tmp_path, until=3)
        assert [one.asked for one in Stub.started] == [1, 1, 1]


def test_a_process_that_breaks_is_replaced_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who wait for it do not wait in vain."""
    monkeypatch.setattr(Stub, "fails", True)
    Stub.answers.set()
    with MeasuringProcesses(DataSize.SAMPLE, patience=30) as pool, ThreadPoolExecutor(2) as threads:
        for one in [threads.submit(pool.publish, "mnist", tmp_path) for _ in range(2)]:
            with pytest.raises(MeasuringFailedError, match="broken"):
                one.result(10)
    assert [one.asked for one in Stub.started] == [1, 1, 1, 1]
    assert all(one.closed for one in Stub.started)
