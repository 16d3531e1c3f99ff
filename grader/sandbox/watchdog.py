"""Watches a running kernel from outside and kills the whole tree when it passes a limit."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psutil

from grader.domain.run import Limits, StoppedBy

MIB = 2**20


class Watchdog:
    """A thread that adds up the memory of a process tree and the size of the folder that the tree may write to.

    Memory is first the plain sum of what each process holds for itself, which counts the pages of forked workers
    again and again; only when that passes the limit is the exact (proportional) share of each read, which is slow.

    Args:
        pid: Root of the tree.
        folder: The only folder on our disk that the tree can write to.
        limits: `memory_mib` and `work_mib` are watched.
        kill: Called once, when a limit is passed.
        interval_seconds: Time between two looks.
    """

    def __init__(
        self, pid: int, folder: Path, limits: Limits, kill: Callable[[], None], *, interval_seconds: float = 0.25
    ) -> None:
        self.verdict = StoppedBy.NOTHING
        self.peak_memory_mib = 0.0
        self._pid = pid
        self._folder = folder
        self._limits = limits
        self._kill = kill
        self._interval_seconds = interval_seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="grader-watchdog")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(self._interval_seconds):
            memory_mib = tree_memory_mib(self._pid)
            if memory_mib > self._limits.memory_mib:
                memory_mib = min(memory_mib, tree_memory_mib(self._pid, exact=True))
            self.peak_memory_mib = max(self.peak_memory_mib, memory_mib)
            if memory_mib > self._limits.memory_mib:
                self.verdict = StoppedBy.MEMORY
            elif folder_mib(self._folder, enough=self._limits.work_mib) > self._limits.work_mib:
                self.verdict = StoppedBy.DISK
            if self.verdict is not StoppedBy.NOTHING:
                self._kill()
                return


def tree_memory_mib(pid: int, *, exact: bool = False) -> float:
    """Return the memory of a process and all its descendants in MiB; 0 when it is gone.

    Args:
        pid: Root of the tree.
        exact: Count a page that n processes share as 1/n for each (Linux's PSS), instead of as each one's own.
    """
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    if exact:
        return sum(_proportional_bytes(process) for process in processes) / MIB
    own, shared = 0, 0
    for process in processes:
        try:
            memory = process.memory_info()
        except psutil.Error:  # ended between the two looks
            continue
        part = getattr(memory, "shared", 0)
        own += memory.rss - part
        shared = max(shared, part)
    return (own + shared) / MIB


def _proportional_bytes(process: psutil.Process) -> int:
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:  # ended, or not Linux
        try:
            return int(process.memory_info().rss)
        except psutil.Error:
            return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def folder_mib(folder: Path, *, enough: float) -> float:
    """Return the size of all files below a folder in MiB; stops counting once it is past `enough`."""
    total = 0
    pending = [folder]
    while pending and total <= enough * MIB:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    total += entry.stat(follow_symlinks=False).st_size + 512  # an entry itself costs room as well
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(Path(entry.path))
        except OSError:  # it vanished, or is closed to us: then it cannot be counted either
            continue
    return total / MIB
