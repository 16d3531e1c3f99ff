"""A control group for each run, if the system allows one: it limits memory of every kind, and processes.

Linux enforces these limits itself, also between two samples of the watchdog, and counts memory that no process is
charged for: files in folders in memory, buffers of sockets, files that are deleted and still open. The watchdog's
limits are lower, so that a run ends the same way with and without a group; the group acts if the watchdog is late.
Processor time is shared by `processor.py` alone: a greedy run in a group of its own could not be given a lower
priority.

Source: Linux's `Documentation/admin-guide/cgroup-v1` and `cgroup-v2.rst`.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import psutil

from grader.domain.run import Limits

ROOT: Final = Path("/sys/fs/cgroup")
_PREFIX = "agr"
_WANTED = ("memory", "pids")
_MIB = 2**20
_BESIDE_MIB = 512
"""What a run may use above its memory and its folders before Linux ends it: buffers, page tables, the sandbox."""
_MORE_PROCESSES = 16
_SECONDS_TO_LEAVE = 5.0


@dataclass(frozen=True)
class DelegatedGroup:
    """Where this process may make groups.

    Attributes:
        version: Version of control groups: 1 has a folder for each controller, 2 one for all.
        folders: By controller.
    """

    version: int
    folders: Mapping[str, Path]


@dataclass(frozen=True)
class RunGroup:
    """The group of one run.

    Attributes:
        version: Version of control groups.
        folders: By controller; the same one several times in version 2.
    """

    version: int
    folders: Mapping[str, Path]

    def add(self, pid: int) -> None:
        """Add a process, and everything that it starts from then on.

        Raises:
            OSError: It has ended, or Linux refuses.
        """
        for folder in dict.fromkeys(self.folders.values()):
            (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def joining(self) -> list[str]:
        """Return the command that runs a program in the group."""
        lists = " ".join(f"{folder}/cgroup.procs" for folder in dict.fromkeys(self.folders.values()))
        return ["/bin/sh", "-c", f'for list in {lists}; do echo $$ > "$list"; done; exec "$@"', "sh"]

    def ended_for_memory(self) -> bool:
        """Return whether Linux has ended a process of the group because its memory was full."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        with suppress(OSError):
            lines = (self.folders["memory"] / name).read_text(encoding="ascii").splitlines()
            return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)
        return False


@contextmanager
def run_group(limits: Limits, folders_mib: int) -> Iterator[RunGroup | None]:
    """Yield a group for one run; None if the system allows none.

    Args:
        limits: Limits of the run.
        folders_mib: Size of all its folders in memory.
    """
    lent = lent_here()
    made = None if lent is None else _made(lent, limits, folders_mib)
    try:
        yield made
    finally:
        if made is not None:
            _remove(made)


@cache
def lent_here() -> DelegatedGroup | None:
    """Return where this user can make groups on this machine, None if nowhere; determined once."""
    try:
        own = Path("/proc/self/cgroup").read_text(encoding="ascii")
    except OSError:  # not Linux
        return None
    return lent_below(ROOT, own)


def lent_below(root: Path, own: str) -> DelegatedGroup | None:
    """Return where groups can be made.

    Args:
        root: Where the file systems of control groups are mounted.
        own: Content of `/proc/self/cgroup`.
    """
    places: dict[str, str] = {}
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        places |= dict.fromkeys(controllers.split(",") if controllers else [""], path)
    found = {name: _place(root / name, places[name]) for name in _WANTED if name in places}
    if len(found) == len(_WANTED):
        return DelegatedGroup(1, found) if all(map(_lets_make, found.values())) else None
    folder = _place(root, places.get("", "/"))
    if not _offers(folder) or not _lets_make(folder):
        return None
    return DelegatedGroup(2, dict.fromkeys(_WANTED, folder))


def sweep(lent: DelegatedGroup) -> None:
    """Remove the groups that killed graders left; a group that still has a process stays."""
    for folder in dict.fromkeys(lent.folders.values()):
        for group in folder.glob(f"{_PREFIX}-*-*"):
            pid = group.name.split("-")[1]
            if not (pid.isdigit() and psutil.pid_exists(int(pid))):
                with suppress(OSError):
                    group.rmdir()


def _place(root: Path, path: str) -> Path:
    """Return the folder of a group, or its root if the path belongs to another namespace."""
    folder = root / path.lstrip("/")
    return folder if folder.is_dir() else root


def _offers(folder: Path) -> bool:
    """Return whether groups below a folder of version 2 have the needed controllers, after switching them on."""
    control = folder / "cgroup.subtree_control"
    try:
        if not set(_WANTED) <= set((folder / "cgroup.controllers").read_text(encoding="ascii").split()):
            return False
        if not set(_WANTED) <= set(control.read_text(encoding="ascii").split()):
            control.write_text("+memory +pids", encoding="ascii")  # refused if processes are in the folder itself
    except OSError:
        return False
    return True


def _lets_make(folder: Path) -> bool:
    trial = folder / f"{_PREFIX}-trial-{secrets.token_hex(4)}"
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError:
        return False
    return True


def _made(lent: DelegatedGroup, limits: Limits, folders_mib: int) -> RunGroup | None:
    sweep(lent)
    name = f"{_PREFIX}-{os.getpid()}-{secrets.token_hex(6)}"
    group = RunGroup(lent.version, {controller: folder / name for controller, folder in lent.folders.items()})
    memory = (limits.memory_mib + folders_mib + _BESIDE_MIB) * _MIB
    try:
        for folder in dict.fromkeys(group.folders.values()):
            folder.mkdir()
        bound = "memory.limit_in_bytes" if lent.version == 1 else "memory.max"
        (group.folders["memory"] / bound).write_text(str(memory), encoding="ascii")
        (group.folders["pids"] / "pids.max").write_text(str(limits.processes + _MORE_PROCESSES), encoding="ascii")
    except OSError:
        _remove(group)
        return None
    return group


def _remove(group: RunGroup) -> None:
    """Remove the folders of a group, once Linux has released its last process."""
    deadline = time.monotonic() + _SECONDS_TO_LEAVE
    for folder in dict.fromkeys(group.folders.values()):
        while folder.is_dir():
            try:
                folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    return  # the next grader removes it
                time.sleep(0.01)
