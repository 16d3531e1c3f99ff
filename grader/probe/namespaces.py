"""Linux calls with which a kernel forked from a warm process isolates itself: namespaces, mounts, capabilities.

Bubblewrap isolates a cold kernel before its program starts. A forked kernel has already started, so it does the same
itself, in the same order, before any code of a notebook runs.
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
    """Leave namespaces for new ones; later children of the caller are in the new process namespace."""
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
    """Keep the mounts of this namespace invisible to other namespaces."""
    _mount("none", "/", None, _PRIVATE | _RECURSIVE)


def unmount(place: str) -> None:
    """Remove the mount at a path, in this namespace."""
    _checked(_libc.umount2(place.encode(), _DETACH), f"umount {place}")


def bind(source: str, target: str, *, writable: bool = False) -> None:
    """Show a folder or a file at another path as well, without set-id bits and devices."""
    _mount(source, target, None, _BIND)
    flags = _BIND | _REMOUNT | _NO_SUID | _NO_DEVICES | (0 if writable else _READ_ONLY)
    _mount("none", target, None, flags)


def memory_folder(place: str, *, mib: int, mode: str = "1777") -> None:
    """Mount an empty folder in memory with its own size limit."""
    _mount("tmpfs", place, "tmpfs", _NO_SUID | _NO_DEVICES, f"mode={mode},size={mib * 2**20}")


def make_read_only(place: str) -> None:
    """Remount a folder in memory read-only."""
    _mount("none", place, None, _REMOUNT | _BIND | _NO_SUID | _NO_DEVICES | _READ_ONLY)


def own_processes(spare: str) -> None:
    """Replace the list of processes (/proc) by that of the caller's own namespace.

    Files in it that change Linux are read-only.

    Args:
        spare: An empty folder: Linux allows the mount only while another process list is visible.
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
    """Let this process be killed when the parent ends; at once if it has already ended.

    Args:
        parent: Its id as `os.getppid` returns it; 0 if it is in another namespace.
    """
    _checked(_libc.prctl(_SET_DEATH_SIGNAL, 9, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def set_dumpable(*, dumpable: bool) -> None:
    """Allow or forbid other processes of the same user to read this one's memory and variables."""
    _checked(_libc.prctl(_SET_DUMPABLE, int(dumpable), 0, 0, 0), "prctl")


def enter_user_namespace(user: int, group: int) -> None:
    """Enter a user namespace with only this user; `drop_capabilities` ends the rights in it.

    Args:
        user: Its user id from now on.
        group: Its group id from now on.
    """
    outer_user, outer_group = os.geteuid(), os.getegid()
    unshare(NEW_USER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {outer_user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {outer_group} 1", encoding="ascii")


def drop_bounds(keep: frozenset[int] = frozenset()) -> None:
    """Remove capabilities from the bounding set for good, and forbid gaining rights by starting a program."""
    last = int(Path(_LAST_CAPABILITY).read_text(encoding="ascii"))
    for capability in range(last + 1):
        if capability not in keep:
            _checked(_libc.prctl(_DROP_FROM_BOUND, capability, 0, 0, 0), "prctl")
    _checked(_libc.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0), "prctl")
    _checked(_libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0), "prctl")


def drop_capabilities() -> None:
    """Give up every capability of this process."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")
