"""Opens files that the sandbox left behind: plain files of an allowed size, never links."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from grader.domain.evidence import RejectedClaimsError

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""The last two exist only on POSIX, as do the links and pipes that they exclude."""


def open_plain_file(path: Path, limit_bytes: int) -> IO[bytes]:
    """Open a regular file for reading, without waiting for a pipe and without following a link.

    Raises:
        RejectedClaimsError: It is not a regular file, cannot be opened, or is larger than `limit_bytes`.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise RejectedClaimsError(path.name, f"cannot be opened ({error.strerror})") from error
    status = os.fstat(descriptor)
    problem = ""
    if not stat.S_ISREG(status.st_mode):
        problem = "is no regular file"
    elif status.st_size > limit_bytes:
        problem = f"has {status.st_size} bytes, more than {limit_bytes}"
    if problem:
        os.close(descriptor)
        raise RejectedClaimsError(path.name, problem)
    return os.fdopen(descriptor, "rb")
