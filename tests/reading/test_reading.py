"""The reading process: what goes in comes out, and what takes too long or too much ends one call and nothing else."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from reading_samples import Everything, crash, echo, fail, gobble, refuse, reject, spin

from grader.domain.evidence import RejectedClaimsError
from grader.domain.messages import message
from grader.domain.submission import Companion, Submission, UnreadableSubmissionError
from grader.reading import call_messages, reading_client
from grader.reading.call_messages import ForeignFunctionError
from grader.reading.failures import ReadingFailedError
from grader.reading.reading_client import ReadingStoppedError, within_limits

posix_only = pytest.mark.skipif(os.name != "posix", reason="limits on processor time and memory are POSIX's")


@pytest.fixture(autouse=True)
def samples_are_ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the samples of this folder be called, in processes of this module's own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    mine = reading_client.Processes("reading_worker")
    monkeypatch.setattr(reading_client, "_PROCESSES", mine)
    yield
    mine.close()


def test_values_come_back_as_they_went_in() -> None:
    """Messages in messages, paths and texts that are no UTF-8, keys that are numbers, tuples and times."""
    submission = Submission(
        "aná", "x\udce1.ipynb", Path("/tmp/x\udce1.ipynb"), "0" * 64, 1, message("a {b}", b=message("c")),
        companions=(Companion("h.py", Path("h.py"), "1", 2),), undecided=True,
    )  # fmt: skip
    everything = Everything(submission, {1: 2.5, 3: float(10**300)}, "\n\u2028\x00\U0001f600", None)
    assert within_limits(echo, everything) == everything


def test_what_a_function_refuses_is_refused_here() -> None:
    """With the same words."""
    with pytest.raises(UnreadableSubmissionError) as refused:
        within_limits(refuse, "why")
    assert refused.value.reason == message("{why}", why="why")
    with pytest.raises(RejectedClaimsError) as rejected:
        within_limits(reject, "why")
    assert (rejected.value.where, rejected.value.problem) == ("claims.json", "why")


def test_a_function_that_breaks_is_our_failure() -> None:
    """Its traceback is kept, and the process goes on."""
    with pytest.raises(ReadingFailedError, match="ZeroDivisionError"):
        within_limits(fail)


@posix_only
def test_too_slow_ends_that_call_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processor time counts, in one long step of C as well; a neighbour's call is answered meanwhile."""
    slow: list[BaseException] = []

    def read_slowly() -> None:
        try:
            within_limits(spin, 1000, cpu_seconds=2)
        except ReadingStoppedError as stopped:
            slow.append(stopped)

    thread = threading.Thread(target=read_slowly)
    thread.start()
    while thread.is_alive():
        assert within_limits(spin, 0) == 0
        time.sleep(0.05)
    assert [type(one) for one in slow] == [ReadingStoppedError]


@posix_only
def test_too_much_memory_ends_that_call_alone() -> None:
    """The next one gets a process of its own."""
    with pytest.raises(ReadingStoppedError) as stopped:
        within_limits(gobble)
    assert "MB of memory" in stopped.value.reason.msgid
    assert within_limits(spin, 0) == 0


def test_a_process_that_dies_is_replaced_once() -> None:
    """A parser that crashes does so again, and that is a result of the hand-in."""
    with pytest.raises(ReadingStoppedError) as stopped:
        within_limits(crash)
    assert "ended the reading process twice" in stopped.value.reason.msgid
    assert within_limits(spin, 0) == 0


@pytest.mark.parametrize(
    "name", ["os:system", "grader.reading.call_messages:json", "grader.reading.reading_client:subprocess.run"]
)
def test_only_functions_of_ours_are_called(name: str) -> None:
    """Neither another package's nor what one of our modules happens to import."""
    with pytest.raises(ForeignFunctionError):
        call_messages.answer_to(call_messages.Call(name, (), 1))
