"""Ends a cell that does nothing: no processor time and no output for a minute, as after `time.sleep(10**6)`.

Such a cell would occupy one of few places until its time limit. A cell that still works is left alone, however slow: a
process that is runnable or waits for a disk is working, even if a busy machine gives it no time.
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
"""Share of one processor below which a kernel is idle; a kernel that only waits for messages needs a third of it."""

_AT_WORK = frozenset({psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP})


class KernelIdleError(CellTimeoutError):
    """A cell did nothing for so long that it is ended."""


class RunsCells(Protocol):
    """The part of `KernelConversation` that is used here."""

    @property
    def output_bytes(self) -> int:
        """Bytes of output received so far."""
        ...

    async def run_source(self, source: str, *, seconds: float) -> CellReply:
        """Run one cell and return how it ended."""
        ...


@dataclass(frozen=True, slots=True)
class Activity:
    """What a kernel has done so far.

    Attributes:
        processor_seconds: Total of all its processes.
        output_bytes: Bytes that it sent.
        at_work: Whether one of its processes runs, or waits only for a processor or a disk.
    """

    processor_seconds: float
    output_bytes: int
    at_work: bool


class Idleness:
    """Detects that a kernel has been idle for long.

    Args:
        seconds: How long it must be idle.
        look: Returns its activity so far.
        clock: Returns the seconds of a clock that never goes back.
    """

    def __init__(
        self, seconds: float, look: Callable[[], Activity], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._look, self._clock = seconds, look, clock
        self._since, self._then = clock(), look()

    def lasts(self) -> bool:
        """Sample the activity, and return whether the kernel has been idle for long enough."""
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
        kernel: The kernel.
        source: The cell.
        seconds: Time limit of the cell.
        pid: Root of the kernel's processes.
        idle_seconds: How long it may do nothing.

    Raises:
        KernelIdleError: It did nothing for too long. The kernel still runs, and the cell in it.
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
    """Return the activity of a process tree; none if it has ended.

    Args:
        pid: Its root.
        output_bytes: Bytes that it sent so far.
    """
    total, at_work = 0.0, False
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])  # its own and its dead children's, user and system
                at_work = at_work or process.status() in _AT_WORK
    return Activity(total, output_bytes, at_work)
