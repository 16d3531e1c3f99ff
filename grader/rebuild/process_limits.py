"""Limits of the measuring process: it ends with its grader, and uses only memory that the machine can spare."""

from __future__ import annotations

import os
import select
import sys
import threading

MOST_BYTES = 8 * 2**30
LEAST_BYTES = 3 * 2**30
"""Bytes for TensorFlow, a full data set and the work on it; `doctor` calls 4 GiB enough for a machine."""
_SHARE = 0.6
_SET_SIGNAL = 10  # F_SETSIG, which Python has no name for


def end_with(pipe: int) -> None:
    """Kill this process once no process holds the other end of a pipe any more.

    On Linux the kernel does it, so that no long computation in Python can delay it; elsewhere a thread does.

    Args:
        pipe: Our end, for reading; nothing is ever written to it.
    """
    os.set_inheritable(pipe, False)  # noqa: FBT003 - it takes no name
    if sys.platform == "linux":
        import fcntl
        import signal

        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, _SET_SIGNAL, signal.SIGKILL)
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([pipe], [], [], 0)[0]:  # it was closed before we listened
            os._exit(1)
    else:
        threading.Thread(target=_wait, args=(pipe,), daemon=True, name="grader-leash").start()


def memory_bytes(machine_bytes: int) -> int:
    """Return how much memory the process may take on a machine of this size."""
    return max(LEAST_BYTES, min(MOST_BYTES, int(_SHARE * machine_bytes)))


def limit_memory() -> None:
    """Lower the memory limit of this process for good; not on Windows."""
    if sys.platform != "win32":
        import resource

        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = memory_bytes(machine)
        bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def _wait(pipe: int) -> None:
    os.read(pipe, 1)
    os._exit(1)
