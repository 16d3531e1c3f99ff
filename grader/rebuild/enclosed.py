"""What sandboxed measuring processes (zone M) share with the trusted core (zone T): a folder, a socket for graphs.

A sandboxed process cannot start the second sandbox, in which students' graphs run. It requests one at a socket in the
shared folder (`graphs/relay.py`), and this module starts it outside with the same pipes.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from platformdirs import user_cache_path

from grader.domain.folders import private_folder
from grader.domain.ports import GraphSandbox

Prefix = Callable[[Sequence[Path]], Sequence[str]]
"""Returns the start of the command that runs a program in a sandbox, given the folders that it may write to."""

_RELAY = Path(__file__).parent / "graphs" / "relay.py"
_LONGEST_PATH = 4096
_SECONDS_TO_ASK = 20.0


class Enclosure:
    """Runs measuring processes in a sandbox.

    Args:
        prefix: Command of their sandbox.
        graph_sandbox: How the second sandbox is started, outside.

    Attributes:
        folder: Folder that both sides may write to; deleted by `close`.
    """

    def __init__(self, prefix: Prefix, graph_sandbox: GraphSandbox | None) -> None:
        self._prefix, self._outside = prefix, graph_sandbox
        self._resources = ExitStack()
        self.folder = self._resources.enter_context(private_folder(for_sockets=True))
        (self.folder / "tmp").mkdir()
        self._address = self.folder / "door"
        self._door = self._resources.enter_context(socket.socket(socket.AF_UNIX))
        self._door.bind(str(self._address))
        self._door.listen()
        threading.Thread(target=self._answer, daemon=True, name="grader-graphs").start()

    @property
    def graph_sandbox(self) -> GraphSandbox | None:
        """How a sandboxed process gets the second sandbox: it requests it at the socket."""
        if self._outside is None:
            return None
        return GraphSandbox((sys.executable, "-I", "-S", str(_RELAY), str(self._address), "{graph}"), "{graph}")

    def command(self, own: Sequence[str]) -> list[str]:
        """Return the command that runs a program inside."""
        cache = user_cache_path("autoencoder-grader")  # of unpacked data sets, which are verified when they are read
        with contextlib.suppress(OSError):
            cache.mkdir(parents=True, exist_ok=True)
        writable = [self.folder, *([cache] if os.access(cache, os.W_OK) else [])]
        return [*self._prefix(writable), *own]

    def variables(self) -> dict[str, str]:
        """Return the environment variables that determine where its temporary files go."""
        return {"TMPDIR": str(self.folder / "tmp")}

    def close(self) -> None:
        """Close the socket and delete the folder."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        self._resources.close()

    def _answer(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True, name="grader-graph").start()

    def _serve(self, caller: socket.socket) -> None:
        """Start the second sandbox with the caller's pipes, and end it when the caller disconnects."""
        with caller:
            caller.settimeout(_SECONDS_TO_ASK)
            try:
                graph, pipes, _, _ = socket.recv_fds(caller, _LONGEST_PATH, 2)
            except OSError:
                return
            try:
                if self._outside is not None and len(pipes) == 2:
                    _run(self._outside, graph.decode(), pipes, caller)
            finally:
                for pipe in pipes:
                    os.close(pipe)


def _run(sandbox: GraphSandbox, graph: str, pipes: Sequence[int], caller: socket.socket) -> None:
    command = [graph if word == sandbox.place else word for word in sandbox.command]
    process = subprocess.Popen(
        command, stdin=pipes[0], stdout=pipes[1], stderr=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin"}
    )
    ended = os.pidfd_open(process.pid)
    try:
        select.select([ended, caller.fileno()], [], [])
    finally:
        process.kill()  # its child processes die with it
        process.wait()
        os.close(ended)
