"""Watches a running kernel from outside and kills the whole tree when it passes a limit."""

from __future__ import annotations

import math
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

import psutil

from grader.domain.run import Limits, StoppedBy

MIB = 2**20
RESERVE_MIB = 256
DEEPEST_FOLDER = 16
_ENTRY_BYTES = 512


class Watchdog:
    """A thread that adds up the memory of a process tree and the size of the folders that the tree may write to.

    Memory is first the plain sum of what each process holds for itself, which counts the pages of forked workers
    again and again; only when that passes the limit is the exact (proportional) share of each read, which is slow.

    Some of what a process takes is on nobody's account: sockets' buffers, files that are deleted and still open. So
    the machine's own reserve is watched too; when that is touched, nobody can say whose fault it is, and the run is
    ended as ours (`StoppedBy.SANDBOX`), before the machine kills something at random.

    Args:
        pid: Root of the tree.
        folders: The only folders on our disk that the tree can write to.
        limits: `memory_mib` and `work_mib` are watched.
        kill: Called once, when a limit is passed.
        interval_seconds: Time between two looks.
    """

    def __init__(
        self,
        pid: int,
        folders: Iterable[Path],
        limits: Limits,
        kill: Callable[[], None],
        *,
        interval_seconds: float = 0.25,
    ) -> None:
        self.verdict = StoppedBy.NOTHING
        self.peak_memory_mib = 0.0
        self._pid = pid
        self._folders = tuple(folders)
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
            try:
                self.verdict = self._look()
            except (OSError, psutil.Error):  # a watchdog that cannot see must not let the kernel run on
                self.verdict = StoppedBy.SANDBOX
            if self.verdict is not StoppedBy.NOTHING:
                self._kill()
                return

    def _look(self) -> StoppedBy:
        memory_mib = tree_memory_mib(self._pid)
        if memory_mib > self._limits.memory_mib:
            memory_mib = min(memory_mib, tree_memory_mib(self._pid, exact=True))
        self.peak_memory_mib = max(self.peak_memory_mib, memory_mib)
        if memory_mib > self._limits.memory_mib:
            return StoppedBy.MEMORY
        limit_mib = self._limits.work_mib
        if sum(folder_mib(folder, enough=limit_mib) for folder in self._folders) > limit_mib:
            return StoppedBy.DISK
        return StoppedBy.SANDBOX if reserve_mib(self._folders) < RESERVE_MIB else StoppedBy.NOTHING


def reserve_mib(folders: Iterable[Path]) -> float:
    """Return how much memory, or disk below one of the folders, this machine has left in MiB: the smaller of them."""
    left = [psutil.virtual_memory().available, *(shutil.disk_usage(folder).free for folder in folders)]
    return min(left) / MIB


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
    """Return the size of all files below a folder in MiB; stops counting once it is past `enough`.

    A file counts with its length or its blocks, whichever is more: room can be taken without either of them. What
    cannot be counted (a folder that is closed to us, or nested deeper than `DEEPEST_FOLDER`) is infinite: the probe
    writes nothing of the kind, so somebody is hiding something.
    """
    total = 0
    pending = [(folder, 0)]
    while pending and total <= enough * MIB:
        path, depth = pending.pop()
        if depth > DEEPEST_FOLDER:
            return math.inf
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    total += _entry_bytes(entry)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((Path(entry.path), depth + 1))
        except FileNotFoundError:  # it vanished between the two looks
            continue
        except OSError:
            return math.inf
    return total / MIB


def _entry_bytes(entry: os.DirEntry[str]) -> int:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0
    return _ENTRY_BYTES + max(status.st_size, getattr(status, "st_blocks", 0) * 512)
