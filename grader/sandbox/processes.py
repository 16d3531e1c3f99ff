"""Ends a program with all its child processes, and waits until none of them runs any more."""

from __future__ import annotations

import time
from typing import Protocol

import psutil

SECONDS_TO_DIE = 10.0
_SECONDS_BETWEEN_LOOKS = 0.01


class Started(Protocol):
    """The part of `subprocess.Popen` that is used here; a kernel forked from a warm process has it too."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    def kill(self) -> None:
        """Kill it."""
        ...

    def wait(self) -> object:
        """Return once it has ended."""
        ...


class ProcessTree:
    """A program and its descendants.

    Inside a sandbox all processes die with the first one of their namespace, which `look` finds once the kernel
    answers; so processes that are started during the kill, or that detach from their parent, cannot escape. Without a
    sandbox, a detached process (a double fork) is no longer a descendant and is not found.

    Args:
        process: The program, as we started it.
    """

    def __init__(self, process: Started) -> None:
        self._process = process
        self._seen: set[psutil.Process] = set()

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    def look(self) -> None:
        """Remember which processes belong to it now: once the program is dead, this cannot be determined."""
        try:
            self._seen.update(psutil.Process(self._process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return

    def processor_seconds(self) -> float | None:
        """Return the processor time of its processes in seconds, including ended ones that were waited for.

        None if the program has ended: the system forgets the numbers with it.
        """
        try:
            program = psutil.Process(self._process.pid)
            members = [program, *program.children(recursive=True)]
        except psutil.Error:
            return None
        return sum(_busy(member) for member in members)

    def end(self) -> None:
        """Kill all of it, and return when none of its processes can write another byte."""
        self.look()
        for member in self._seen:
            _kill(member)
        self._process.kill()
        deadline = time.monotonic() + SECONDS_TO_DIE
        while any(_runs(member) for member in self._seen) and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        self._process.wait()


def _busy(member: psutil.Process) -> float:
    try:
        times = member.cpu_times()
    except psutil.Error:  # it ended between the two samples, and its parent counts it now
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _kill(member: psutil.Process) -> None:
    try:
        member.kill()
    except psutil.Error:  # it ended between the two samples
        return


def _runs(member: psutil.Process) -> bool:
    """Return whether a process still runs; a zombie does not."""
    try:
        return member.is_running() and member.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False
