"""Linux's calls that a kernel forked from a warm process needs to shut itself in: namespaces, mounts, capabilities.

A cold kernel is shut in by bubblewrap before its program starts. A forked one has started already, so it does the same
itself, in the same order, before a line of a notebook is run.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

NEW_MOUNTS, NEW_CONTROL_GROUPS, NEW_NAME = 0x0002_0000, 0x0200_0000, 0x0400_0000
NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000

_NO_SUID, _NO_DEVICES, _NO_PROGRAMS, _READ_ONLY = 0x2, 0x4, 0x8, 0x1
_MOVE = 0x2000
_REMOUNT, _BIND, _PRIVATE, _RECURSIVE = 0x20, 0x1000, 0x4_0000, 0x4000
_DETACH = 2
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _DROP_FROM_BOUND, _NO_NEW_RIGHTS, _AMBIENT, _CLEAR_ALL = 1, 4, 24, 38, 47, 4
_CAPABILITY_VERSION = 0x2008_0522
_LAST_CAPABILITY = "/proc/sys/kernel/cap_last_cap"
_INTERFACE_FLAGS, _SET_INTERFACE_FLAGS, _UP = 0x8913, 0x8914, 0x1
_WRITES_TO_LINUX = ("sys", "sysrq-trigger", "irq", "bus")
"""What bubblewrap makes read-only in /proc."""

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(namespaces: int) -> None:
    """Leave namespaces for new ones; processes and children of the caller are in the new process namespace."""
    _checked(_libc.unshare(namespaces), "unshare")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    done = _libc.mount(
        source.encode(),
        target.encode(),
        None if kind is None else kind.encode(),
        ctypes.c_ulong(flags),
        None if data is None else data.encode(),
    )
    _checked(done, f"mount {target}")


def keep_mounts_private() -> None:
    """Let no mount of this namespace reach another one."""
    _mount("none", "/", None, _PRIVATE | _RECURSIVE)


def unmount(place: str) -> None:
    """Take away what is mounted at a place, in this namespace."""
    _checked(_libc.umount2(place.encode(), _DETACH), f"umount {place}")


def bind(source: str, target: str, *, writable: bool = False) -> None:
    """Show a folder or a file at another place as well, without set-id bits and devices."""
    _mount(source, target, None, _BIND)
    flags = _BIND | _REMOUNT | _NO_SUID | _NO_DEVICES | (0 if writable else _READ_ONLY)
    _mount("none", target, None, flags)


def memory_folder(place: str, *, mib: int, mode: str = "1777") -> None:
    """Mount an empty folder in memory, of a size of its own."""
    _mount("tmpfs", place, "tmpfs", _NO_SUID | _NO_DEVICES, f"mode={mode},size={mib * 2**20}")


def make_read_only(place: str) -> None:
    """Remount a folder in memory read-only."""
    _mount("none", place, None, _REMOUNT | _BIND | _NO_SUID | _NO_DEVICES | _READ_ONLY)


def own_processes(spare: str) -> None:
    """Put the list of processes of the caller's own namespace in the place of the old one.

    What writes to Linux is read-only in it.

    Args:
        spare: An empty folder: Linux lets a list be mounted only as long as another one is to be seen.
    """
    flags = _NO_SUID | _NO_DEVICES | _NO_PROGRAMS
    place = "/proc"
    _mount("proc", spare, "proc", flags)
    unmount(place)
    _mount(spare, place, None, _MOVE)
    for name in _WRITES_TO_LINUX:
        path = f"{place}/{name}"
        if os.path.exists(path):  # noqa: PTH110 - a string as all others here
            _mount(path, path, None, _BIND)
            _mount("none", path, None, _REMOUNT | _BIND | _READ_ONLY | flags)


def own_terminals(place: str = "/dev/pts") -> None:
    """Mount an empty list of terminals."""
    _mount("devpts", place, "devpts", _NO_SUID | _NO_PROGRAMS, "newinstance,ptmxmode=0666,mode=620")


def loopback() -> None:
    """Switch on the only network interface that a new network namespace has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, _INTERFACE_FLAGS, request))[1]
        fcntl.ioctl(any_socket, _SET_INTERFACE_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))


def end_with_parent(parent: int) -> None:
    """Be killed when the parent ends; at once where it has ended already.

    Args:
        parent: Its id as `os.getppid` gives it; 0 if it is in another namespace.
    """
    _checked(_libc.prctl(_SET_DEATH_SIGNAL, 9, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def set_dumpable(*, dumpable: bool) -> None:
    """Let other processes of the same user look into this one's memory and variables, or not."""
    _checked(_libc.prctl(_SET_DUMPABLE, int(dumpable), 0, 0, 0), "prctl")


def enter_user_namespace(user: int, group: int) -> None:
    """Enter a user namespace in which there is this user alone; the rights in it end with `drop_capabilities`.

    Args:
        user: What its id is from now on.
        group: What the id of its group is.
    """
    outer_user, outer_group = os.geteuid(), os.getegid()
    unshare(NEW_USER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {outer_user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {outer_group} 1", encoding="ascii")


def drop_bounds(keep: frozenset[int] = frozenset()) -> None:
    """Take capabilities out of the bounding set, for good, and forbid to gain rights by starting a program."""
    last = int(Path(_LAST_CAPABILITY).read_text(encoding="ascii"))
    for capability in range(last + 1):
        if capability not in keep:
            _checked(_libc.prctl(_DROP_FROM_BOUND, capability, 0, 0, 0), "prctl")
    _checked(_libc.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0), "prctl")
    _checked(_libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0), "prctl")


def drop_capabilities() -> None:
    """Give up every capability that this process has."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")
