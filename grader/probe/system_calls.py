"""Closes the system calls that a notebook never needs and an attacker might use, also for every child process.

The namespaces of the sandbox do not cover everything. A keyring is shared with the grader's own session and outlives
the run; `AF_VSOCK` sockets reach the host of a virtual machine past every network namespace; memory behind `memfd` and
System V shared memory, semaphores and queues is charged to no process; a new namespace (if root runs the grader,
nothing else forbids it) brings uncounted memory as tmpfs; io_uring, BPF, ptrace and similar calls only add attack
surface.

The filter is a BPF program as in Linux's `Documentation/userspace-api/seccomp_filter.rst`. A closed call returns the
error "not available", so that libraries use another way; `clone3` does so because its flags cannot be inspected, and
the C library then calls `clone`.

A program with the set-user-id bit gives its owner's rights to whoever starts it, also from outside the sandbox; the
calls that set such a mode are refused.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable

_NUMBERS = {
    # name: (x86_64, aarch64), from Linux's arch/x86/entry/syscalls/syscall_64.tbl and asm-generic/unistd.h
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180), "mq_unlink": (241, 181), "openat2": (437, 437),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "syslog": (103, 116),
    "unshare": (272, 97), "setns": (308, 268), "ptrace": (101, 117), "kcmp": (312, 272),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "io_uring_setup": (425, 425),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "fanotify_init": (300, 262),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "open_by_handle_at": (304, 265), "clone3": (435, 435),
}  # fmt: skip
_CLONE, _SOCKET = (56, 220), (41, 198)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH_…
_NEW_NAMESPACES = 0x7E02_0000  # CLONE_NEWNS, …CGROUP, …UTS, …IPC, …USER, …PID, …NET
_MODES = {
    # name: (x86_64, aarch64), position of the mode argument, position of the flags; None if there is no such call
    "chmod": ((90, None), 1, None), "fchmod": ((91, 52), 1, None), "fchmodat": ((268, 53), 2, None),
    "fchmodat2": ((452, 452), 2, None), "creat": ((85, None), 1, None), "open": ((2, None), 2, 1),
    "openat": ((257, 56), 3, 2), "mkdir": ((83, None), 1, None), "mkdirat": ((258, 34), 2, None),
    "mknod": ((133, None), 1, None), "mknodat": ((259, 33), 2, None),
}  # fmt: skip
_SET_ID_BITS = 0o6000
_MAKES_A_FILE = 0o100 | 0o20000000  # O_CREAT, O_TMPFILE; without them the mode argument is undefined
_SOCKET_FAMILIES = (1, 2, 10, 16)  # Unix, IPv4, IPv6, netlink: those that a network namespace confines
_FOREIGN_NUMBERS = 0x4000_0000  # x86_64's second table (x32) begins here

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in `struct seccomp_data`, little-endian
_ALLOW, _ERROR = 0x7FFF_0000, 0x0005_0000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to skip when true, when false, and the operand."""


def close_system_calls() -> None:
    """Install the filter in this process; on a machine whose call numbers are not listed here, do nothing.

    Raises:
        OSError: The kernel refuses it.
    """
    column, architecture = _MACHINES.get(platform.machine(), (None, 0))
    if column is None:
        return
    _install(filter_program(column, architecture))


def filter_program(column: int, architecture: int) -> list[Instruction]:
    """Return the filter: the calls that it refuses with an error; all others are allowed."""
    denied = [numbers[column] for numbers in _NUMBERS.values()]
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        _error(errno.ENOSYS),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _FOREIGN_NUMBERS),
        _error(errno.ENOSYS),
        *(instruction for number in denied for instruction in ((_EQUAL, 0, 1, number), _error(errno.ENOSYS))),
        *_without_set_id(column),
        (_EQUAL, 0, 4, _CLONE[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 0, 1, _NEW_NAMESPACES),
        _error(errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
        (_EQUAL, 0, len(_SOCKET_FAMILIES) + 2, _SOCKET[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        *_skip_to_end(_SOCKET_FAMILIES),
        _error(errno.EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _without_set_id(column: int) -> list[Instruction]:
    """Refuse every mode that makes a program run as its owner; the accumulator holds the number, before and after."""
    program: list[Instruction] = []
    for numbers, mode, flags in _MODES.values():
        number = numbers[column]
        if number is None:
            continue
        looks = [(_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * mode), (_ANY_BIT, 0, 1, _SET_ID_BITS), _error(errno.EPERM)]
        if flags is not None:
            looks = [(_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * flags), (_ANY_BIT, 0, 3, _MAKES_A_FILE), *looks]
        program += [(_EQUAL, 0, len(looks) + 1, number), *looks, (_RETURN, 0, 0, _ALLOW)]
    return program


def _error(number: int) -> Instruction:
    return (_RETURN, 0, 0, _ERROR | number)


def _skip_to_end(values: Iterable[int]) -> list[Instruction]:
    """Compare with each value in turn; on a match, skip the one instruction after the last comparison."""
    listed = list(values)
    return [(_EQUAL, len(listed) - index, 0, value) for index, value in enumerate(listed)]


def _install(program: list[Instruction]) -> None:
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(buffer)))
    library = ctypes.CDLL(None, use_errno=True)
    for request in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)):
        if library.prctl(*request) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"prctl: {os.strerror(number)}")
