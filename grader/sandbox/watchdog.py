"""Watches a running kernel from outside and kills the whole tree when it exceeds a limit."""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import psutil

from grader.domain.run import Limits, StoppedBy
from grader.sandbox.kernel_memory import NAME_KIB, kernel_memory_mib, memory_folders, most_names
from grader.sandbox.processor import GREEDY_LOOKS, Threads, put_behind

MIB = 2**20
RESERVE_MIB = 256
DEEPEST_FOLDER = 16
MOST_ENTRIES = 20_000
"""Most files in the folders on our disk: the probe writes a dozen, and counting millions would take too long."""
_ENTRY_BYTES = 512


@dataclass(frozen=True)
class Watched:
    """What the watchdog watches.

    Attributes:
        pid: Root of the run's processes.
        folders: The only folders on our disk that it can write to.
        memory_folders: Paths inside the sandbox of folders in memory, each a file system; none without a sandbox.
        processors: Number of processors that it was promised.
    """

    pid: int
    folders: tuple[Path, ...]
    memory_folders: tuple[str, ...] = ()
    processors: float = 1.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Memory and disk that a run uses, in MiB, as far as known."""

    memory_mib: float = 0.0
    disk_mib: float = 0.0


class Watchdog:
    """Two threads that watch a run: one its memory and its processors, one the folders that it may write on our disk.

    Memory is first estimated by adding up each process's own memory, which counts shared pages of forked workers
    several times. Only if that exceeds the limit is the exact (proportional) share read, which is slow. Files are
    counted by a separate thread, so that many files never delay the memory check.

    Some memory is charged to no process: files that are deleted and still open. So the machine's own reserve is watched
    too. If it is nearly used up, the run that uses most is ended as our failure (`StoppedBy.SANDBOX`), before the
    machine kills something at random.

    Args:
        watched: Processes and folders.
        limits: `memory_mib` and `work_mib` are watched.
        kill: Called once, when a limit is exceeded.
        interval_seconds: Time between two samples.
    """

    def __init__(
        self, watched: Watched, limits: Limits, kill: Callable[[], None], *, interval_seconds: float = 0.25
    ) -> None:
        self.verdict = StoppedBy.NOTHING
        self.peak_memory_mib = 0.0
        self.usage = Usage()
        self._watched = watched
        self._limits = limits
        self._kill = kill
        self._interval_seconds = interval_seconds
        self._done = threading.Event()
        self._ending = threading.Lock()
        self._threads = Threads()
        self._greedy_looks = 0
        self._looked_at = time.monotonic()
        self._seconds, self._pace = 0.0, 1.0
        self._watchers = [
            threading.Thread(target=self._watch, args=(look,), daemon=True, name="grader-watchdog")
            for look in (self._look, self._look_at_folders)
        ]

    def __enter__(self) -> Self:
        _RUNNING.add(self)
        self._looked_at = time.monotonic()
        for watcher in self._watchers:
            watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for watcher in self._watchers:
            watcher.join()
        _RUNNING.discard(self)

    def clock(self) -> float:
        """Return the seconds that the run has had: slower than wall time while it waits for its share of processors."""
        return self._seconds + self._pace * (time.monotonic() - self._looked_at)

    def _watch(self, look: Callable[[], StoppedBy]) -> None:
        while not self._done.wait(self._interval_seconds):
            try:
                verdict = look()
            except (OSError, psutil.Error):  # a watchdog that cannot see must not let the kernel go on
                verdict = StoppedBy.SANDBOX
            if verdict is not StoppedBy.NOTHING:
                self._end(verdict)
                return

    def _end(self, verdict: StoppedBy) -> None:
        with self._ending:
            if self._done.is_set():
                return
            self.verdict = verdict
            self._done.set()
        self._kill()

    def _look(self) -> StoppedBy:
        pids = tree(self._watched.pid)
        self._keep_time(pids)
        beside_mib = kernel_memory_mib(pids) if self._watched.memory_folders else 0.0
        memory_mib = tree_memory_mib(self._watched.pid) + beside_mib
        if memory_mib > self._limits.memory_mib:
            memory_mib = min(memory_mib, tree_memory_mib(self._watched.pid, exact=True) + beside_mib)
        names, files_mib = memory_folders(pids, self._watched.memory_folders)
        self.usage = replace(self.usage, memory_mib=memory_mib + files_mib + names * NAME_KIB / 1024)
        self.peak_memory_mib = max(self.peak_memory_mib, memory_mib)
        if memory_mib > self._limits.memory_mib:
            return StoppedBy.MEMORY
        if names > most_names(self._limits):
            return StoppedBy.DISK
        return StoppedBy.SANDBOX if self._must_give_way() else StoppedBy.NOTHING

    def _look_at_folders(self) -> StoppedBy:
        limit_mib = self._limits.work_mib
        disk_mib = sum(folder_mib(folder, enough=limit_mib) for folder in self._watched.folders)
        self.usage = replace(self.usage, disk_mib=disk_mib)
        return StoppedBy.DISK if disk_mib > limit_mib else StoppedBy.NOTHING

    def _keep_time(self, pids: list[int]) -> None:
        """Advance the run's clock, and lower the priority of a run that asks for far more than its share."""
        now = time.monotonic()
        passed = max(now - self._looked_at, 1e-3)
        load = self._threads.load(pids, passed)
        self._seconds += passed * load.pace(self._watched.processors)
        self._pace, self._looked_at = load.pace(self._watched.processors), now
        greedy = self._watched.memory_folders and load.is_greedy(self._watched.processors)
        if greedy:
            self._greedy_looks += 1
        elif self._greedy_looks < GREEDY_LOOKS:  # a lowered priority is never raised again
            self._greedy_looks = 0
        if self._greedy_looks >= GREEDY_LOOKS:
            put_behind(pids)

    def _must_give_way(self) -> bool:
        """Return whether the machine is nearly out of memory or disk and this run uses most of it."""
        memory_mib, disk_mib = reserves_mib(self._watched.folders)
        if min(memory_mib, disk_mib) >= RESERVE_MIB:
            return False
        lacking = "memory_mib" if memory_mib < disk_mib else "disk_mib"
        most: Watchdog = max(tuple(_RUNNING), key=lambda one: getattr(one.usage, lacking), default=self)
        return most is self


_RUNNING: set[Watchdog] = set()
"""All runs of this process."""


def reserves_mib(folders: Iterable[Path]) -> tuple[float, float]:
    """Return the memory, and the disk space below one of the folders, that this machine has left, in MiB."""
    disk = min((shutil.disk_usage(folder).free for folder in folders), default=2**60)
    return psutil.virtual_memory().available / MIB, disk / MIB


def tree(pid: int) -> list[int]:
    """Return the ids of a process and all its descendants, outermost first; empty if it has ended."""
    try:
        root = psutil.Process(pid)
        return [pid, *(child.pid for child in root.children(recursive=True))]
    except psutil.Error:
        return []


def tree_memory_mib(pid: int, *, exact: bool = False) -> float:
    """Return the memory of a process and all its descendants in MiB; 0 if it has ended.

    Args:
        pid: Root of the tree.
        exact: Whether a page shared by n processes counts as 1/n for each (Linux's PSS) instead of fully.
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
        except psutil.Error:  # ended between the two samples
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
    """Return the size of all files below a folder in MiB; stops counting above `enough`.

    A file counts with its length or its blocks, whichever is more, since a file can take space without either one. What
    cannot be counted is infinite: a folder that is closed to us or nested deeper than `DEEPEST_FOLDER`, or more than
    `MOST_ENTRIES` names. The probe writes nothing of the kind, so such a folder hides something.
    """
    total = 0
    entries_left = MOST_ENTRIES
    pending = [(folder, 0)]
    while pending and total <= enough * MIB:
        path, depth = pending.pop()
        if depth > DEEPEST_FOLDER:
            return math.inf
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    entries_left -= 1
                    if entries_left < 0:
                        return math.inf
                    total += _entry_bytes(entry)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((Path(entry.path), depth + 1))
        except FileNotFoundError:  # it vanished between the two samples
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
