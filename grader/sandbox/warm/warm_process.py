"""The warm process as zone T (the trusted core) sees it: started for the first notebook, ended with the grader.

It runs inside bubblewrap, without network and with Python read-only; only our own code runs in it. If it does not
start, or a trial kernel cannot be isolated, kernels start cold.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.domain.folders import delete, private_folder
from grader.sandbox import bubblewrap
from grader.sandbox.control_groups import RunGroup
from grader.sandbox.warm.forked import ForkedKernel

RUNS, RUN = "/opt/runs", "/opt/kernel"
"""Paths inside: where the warm process sees the folders of all runs, and where a run sees its own."""

_MODULES = ("ipykernel.kernelapp", "ipykernel.ipkernel", "numpy")
_SECONDS_TO_WARM_UP = 120.0
_SECONDS_TO_FORK = 120.0
_WARM = b"warm"


class NotWarmError(OSError):
    """No warm kernel is available here; a cold one is."""


@dataclass(frozen=True)
class RunFolder:
    """A folder of one run, below the one that the warm process sees.

    Attributes:
        path: Its path on this machine; the kernel may write only to `k` and `exchange` in it.
    """

    path: Path

    @property
    def exchange(self) -> Path:
        """Where the claims go."""
        return self.path / "exchange"


@dataclass
class ForkServer:
    """Forks warm kernels.

    Args:
        program: bubblewrap.
        environment: Environment variables of the warm process and of its kernels.

    Attributes:
        complaint: Why there are no warm kernels here; None while there are.
        kernels: Number of kernels forked so far.
    """

    program: Path
    environment: Mapping[str, str]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _resources: ExitStack = field(default_factory=ExitStack, repr=False)
    _control: socket.socket | None = field(default=None, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _folder: Path | None = field(default=None, repr=False)
    _data: dict[Path, str] = field(default_factory=dict, repr=False)
    complaint: str | None = field(default=None, init=False)
    kernels: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the warm process, and with it every kernel that it forked."""
        with self._lock:
            if self._control is not None:
                self._control.close()
                self._control = None
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None
            self._resources.close()
            self._folder, self._data = None, {}

    @contextmanager
    def run_folder(self) -> Iterator[RunFolder]:
        """Yield a folder for one run.

        Raises:
            NotWarmError: The warm process does not start.
        """
        with self._lock:
            base = self._started()
        folder = base / f"r-{secrets.token_hex(8)}"
        (folder / "k").mkdir(parents=True)
        (folder / "exchange").mkdir()
        try:
            yield RunFolder(folder)
        finally:
            with suppress(OSError):  # closed meanwhile, and deleted with everything
                delete(folder)

    def fork(self, settings: Mapping[str, Any], log: int, group: RunGroup | None = None) -> ForkedKernel:
        """Fork a kernel.

        Args:
            settings: Settings as `probe/fork_server.py` reads them.
            log: Open file for the kernel's own output.
            group: Control group that it joins before it begins.

        Raises:
            OSError: It could not be isolated, or the warm process has ended.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with self._lock:
                if self._control is None:
                    raise NotWarmError("the warm process is gone")
                socket.send_fds(self._control, [json.dumps(settings).encode()], [theirs.fileno(), log])
            theirs.close()
            kernel = ForkedKernel(ours, group, seconds=_SECONDS_TO_FORK)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self.kernels += 1
        return kernel

    def lend_data(self, file: Path) -> str:
        """Let the warm process see a data file, and return its name below `RUNS`."""
        with self._lock:
            base = self._started()
            if file not in self._data:
                name = f"d-{len(self._data)}-{file.name}"
                try:
                    os.link(file, base / name)
                except OSError:  # another disk, or a file that we may not link to
                    shutil.copyfile(file, base / name)
                (base / name).chmod(0o644)
                self._data[file] = name
            return self._data[file]

    def _started(self) -> Path:
        if self.complaint is not None:
            raise NotWarmError(self.complaint)
        if self._folder is None:
            try:
                self._folder = self._start()
            except (OSError, TimeoutError) as error:
                self.complaint = str(error)
                self._resources.close()
                raise NotWarmError(self.complaint) from error
        return self._folder

    def _start(self) -> Path:
        folder = self._resources.enter_context(private_folder(for_sockets=True))
        folder.chmod(0o755)  # for the kernels' own users; its parent is closed
        (folder / "warm.json").write_text(json.dumps({"modules": _MODULES}), encoding="utf-8")
        log = self._resources.enter_context((folder.parent / "warm.log").open("w+b"))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._resources.callback(ours.close)
        started = threading.Event()
        threading.Thread(
            target=self._keep, args=(self._command(folder), theirs, log.fileno(), started), daemon=True, name="warm"
        ).start()
        started.wait()
        ours.settimeout(_SECONDS_TO_WARM_UP)
        try:
            word = ours.recv(len(_WARM))
        except OSError as error:
            word, said = b"", str(error)
        else:
            said = ""
        if word != _WARM:
            log.seek(0)
            raise NotWarmError(log.read().decode("utf-8", "replace")[-600:].strip() or said or "it ended at once")
        ours.settimeout(None)
        self._control = ours
        return folder

    def _keep(self, command: Sequence[str], control: socket.socket, log: int, started: threading.Event) -> None:
        """Start the process and wait for its end in one thread: on Linux, it dies with the thread that started it."""
        try:
            with control:
                self._process = process = subprocess.Popen(
                    command, stdin=control.fileno(), stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin"}
                )
        except OSError:
            return
        finally:
            started.set()
        process.wait()

    def _command(self, folder: Path) -> list[str]:
        bindings = [
            bubblewrap.Binding(bubblewrap.PROBE_FOLDER, bubblewrap.PROBE),
            bubblewrap.Binding(folder, RUNS, writable=True),
        ]
        prefix = bubblewrap.command_prefix(
            self.program,
            bindings,
            work_mib=1,
            environment=dict(self.environment),
            folders=(RUN, bubblewrap.EXCHANGE, bubblewrap.DATASETS),
            keeps_rights=True,
        )
        return [*prefix, sys.executable, f"{bubblewrap.PROBE}/fork_server.py", f"{RUNS}/warm.json"]
