"""Ends a cell that waits for nothing: no processor time and no output for a minute, as after `time.sleep(10**6)`.

Such a cell would hold one of a few places until its limit passes. What still works is left alone, however slow: a
process that is runnable or waits for a disk is at work, even where a busy machine gives it no time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import psutil
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from grader.sandbox.kernel import CellReply

SECONDS_BETWEEN_LOOKS = 2.0
LEAST_SHARE = 0.01
"""Share of one processor that a kernel takes which only waits for messages is a third of this at most."""

_AT_WORK = frozenset({psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP})


class KernelIdleError(CellTimeoutError):
    """A cell did nothing for so long that nobody waits for it any more."""


class RunsCells(Protocol):
    """What is needed of a `KernelConversation`."""

    @property
    def output_bytes(self) -> int:
        """Bytes of output that came so far."""
        ...

    async def run_source(self, source: str, *, seconds: float) -> CellReply:
        """Run one cell and return how it ended."""
        ...


@dataclass(frozen=True, slots=True)
class Activity:
    """What a kernel has done so far.

    Attributes:
        processor_seconds: Of all its processes.
        output_bytes: That it sent.
        at_work: Whether one of its processes would go on at once if it were let.
    """

    processor_seconds: float
    output_bytes: int
    at_work: bool


class Idleness:
    """Finds out whether a kernel has been idle for long.

    Args:
        seconds: For how long.
        look: What it has done so far.
        clock: Seconds of a clock that never goes back.
    """

    def __init__(
        self, seconds: float, look: Callable[[], Activity], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._look, self._clock = seconds, look, clock
        self._since, self._then = clock(), look()

    def lasts(self) -> bool:
        """Look once more, and say whether it has done nothing since long enough."""
        now = self._look()
        worked = now.processor_seconds - self._then.processor_seconds
        if now.at_work or now.output_bytes != self._then.output_bytes or worked > LEAST_SHARE * self._seconds:
            self._since, self._then = self._clock(), now
        return self._clock() - self._since >= self._seconds


async def run_unless_idle(
    kernel: RunsCells, source: str, *, seconds: float, pid: int, idle_seconds: float
) -> CellReply:
    """Run a cell in a kernel.

    Args:
        kernel: Where.
        source: The cell.
        seconds: Its limit.
        pid: Root of the kernel's processes.
        idle_seconds: For how long it may do nothing.

    Raises:
        KernelIdleError: It did nothing for so long. The kernel still runs, and the cell in it.
        nbclient.exceptions.CellTimeoutError: It took longer than `seconds`.
        nbclient.exceptions.DeadKernelError: The kernel died.
    """
    idleness = Idleness(idle_seconds, lambda: activity(pid, kernel.output_bytes))
    cell = asyncio.ensure_future(kernel.run_source(source, seconds=seconds))
    try:
        while not (await asyncio.wait({cell}, timeout=SECONDS_BETWEEN_LOOKS))[0]:
            if idleness.lasts():
                raise KernelIdleError(f"nothing happened for {idle_seconds} seconds")
        return cell.result()
    finally:
        if not cell.done():
            cell.cancel()
            with suppress(asyncio.CancelledError, DeadKernelError):  # nbclient takes a cancelled wait for a dead kernel
                await cell


def activity(pid: int, output_bytes: int) -> Activity:
    """Look at a tree of processes; one that is gone has done nothing.

    Args:
        pid: Its root.
        output_bytes: That it sent so far.
    """
    total, at_work = 0.0, False
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])  # its own and its dead children's, user and system
                at_work = at_work or process.status() in _AT_WORK
    return Activity(total, output_bytes, at_work)
