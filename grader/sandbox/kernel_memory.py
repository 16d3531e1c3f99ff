"""Memory of a run that no process is charged for: sockets, open files, names of files.

Read with a handful of calls, so that a run with many of them cannot delay the watchdog.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from grader.domain.run import Limits

SOCKET_KIB: Final = 208
"""Bytes in the buffer of a Unix socket by Linux's default, `net.core.wmem_default`."""
OPEN_FILE_KIB: Final = 8
"""A pipe's minimum: two pages."""
NAME_KIB: Final = 4
"""Upper bound of a name in a folder in memory: inode and entry 1 KiB, a long link another page."""


def kernel_memory_mib(pids: Iterable[int]) -> float:
    """Return an upper bound of the memory behind sockets and open files of processes in a network namespace, in MiB."""
    members = list(pids)
    files = sum(_open_files(pid) for pid in members)
    sockets = next((found for pid in reversed(members) if (found := _sockets(pid)) is not None), 0)
    return (sockets * SOCKET_KIB + files * OPEN_FILE_KIB) / 1024


def most_names(limits: Limits) -> int:
    """Return how many names all folders in memory may hold together: as much memory as files may use."""
    return limits.work_mib * 1024 // NAME_KIB


def memory_folders(pids: Iterable[int], folders: Iterable[str]) -> tuple[int, float]:
    """Return the number of names in folders in memory and the MiB of their files, seen through a process inside.

    Args:
        pids: Processes of the run; the last one that lives and is inside is used.
        folders: Paths in the sandbox, each a file system of its own.
    """
    wanted = list(folders)
    for pid in reversed(list(pids)) if wanted else ():
        try:
            found = [os.statvfs(f"/proc/{pid}/root{folder}") for folder in wanted]
        except OSError:  # it ended, or the sandbox is still being made
            continue
        names = sum(one.f_files - one.f_ffree for one in found)
        return names, sum((one.f_blocks - one.f_bfree) * one.f_frsize for one in found) / 2**20
    return 0, 0.0


def _open_files(pid: int) -> int:
    folder = f"/proc/{pid}/fd"
    try:
        return os.stat(folder).st_size or len(os.listdir(folder))  # noqa: PTH116, PTH208 - Linux 6.2 gives it as the size
    except OSError:
        return 0


def _sockets(pid: int) -> int | None:
    """Return the sockets of all kinds in a process's network namespace."""
    try:
        first = Path(f"/proc/{pid}/net/sockstat").read_text(encoding="ascii").split("\n", 1)[0]
        return int(first.rpartition(" ")[2])
    except (OSError, ValueError):
        return None
