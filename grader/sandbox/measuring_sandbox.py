"""The measuring process (zone M) inside bubblewrap: no network, no other process, only its own folders writable.

Only our code runs in it, on vetted data. But the data came from a student, and TensorFlow is large: an exploit of
TensorFlow finds a machine on which it can read and change nothing that matters.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_READS_EVERYTHING = "CAP_DAC_READ_SEARCH"
"""If root runs it, it reads data sets of other users, as root may."""


def measuring_prefix(program: Path, writable: Iterable[Path]) -> tuple[str, ...]:
    """Return the command that precedes the measuring program.

    Unlike a kernel, it does not die with the thread that started it, since threads of a batch come and go; instead it
    holds one end of a pipe (`rebuild/process_limits.py`).

    Args:
        program: bubblewrap.
        writable: Folders that it may write to.
    """
    options = ["--unshare-net", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:
        options += ["--cap-drop", "ALL", "--cap-add", _READS_EVERYTHING]
    else:
        options += ["--unshare-user", "--disable-userns"]
    mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for card in sorted(Path("/dev").glob("nvidia*")):
        mounts += ["--dev-bind-try", str(card), str(card)]
    for folder in writable:
        mounts += ["--bind", str(folder), str(folder)]
    return (str(program), *options, "--new-session", "--hostname", "measuring", *mounts, "--")
