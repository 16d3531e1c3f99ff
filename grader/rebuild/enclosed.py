"""What measuring processes (zone M) inside a sandbox share with zone T: a folder for both, and a door for graphs.

A process that is shut in cannot start the second sandbox by itself, in which graphs of students run. It asks for one
at a socket in the folder (`graphs/relay.py`), and the door starts it outside, with the same pipes.
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
"""Returns a command up to the program that is shut in, given the folders that it may write to."""

_RELAY = Path(__file__).parent / "graphs" / "relay.py"
_LONGEST_PATH = 4096
_SECONDS_TO_ASK = 20.0


class Enclosure:
    """Shuts measuring processes in.

    Args:
        prefix: How.
        graph_sandbox: How the second sandbox is started, outside.

    Attributes:
        folder: Which they and we may write to; deleted by `close`.
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
        """How a process that is shut in starts the second sandbox: it asks at the door."""
        if self._outside is None:
            return None
        return GraphSandbox((sys.executable, "-I", "-S", str(_RELAY), str(self._address), "{graph}"), "{graph}")

    def command(self, own: Sequence[str]) -> list[str]:
        """Return how a program is started inside."""
        cache = user_cache_path("autoencoder-grader")  # of unpacked data sets, which are looked at when they are read
        with contextlib.suppress(OSError):
            cache.mkdir(parents=True, exist_ok=True)
        writable = [self.folder, *([cache] if os.access(cache, os.W_OK) else [])]
        return [*self._prefix(writable), *own]

    def variables(self) -> dict[str, str]:
        """Return what its temporary files are led by."""
        return {"TMPDIR": str(self.folder / "tmp")}

    def close(self) -> None:
        """Close the door and delete the folder."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # wakes the one who waits at it
        self._resources.close()

    def _answer(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True, name="grader-graph").start()

    def _serve(self, caller: socket.socket) -> None:
        """Start the second sandbox with the caller's pipes, and end it when the caller hangs up."""
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
        process.kill()  # what is inside dies with it
        process.wait()
        os.close(ended)
