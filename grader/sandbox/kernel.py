"""A Jupyter kernel started by our own command, and nbclient over channels that trust nothing it sends."""

from __future__ import annotations

import asyncio
import math
import os
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import zmq
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.connect import ConnectionFileMixin
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from traitlets import Type

from grader.domain.text import shortened, without_controls
from grader.sandbox.channels import OutputChannel, ShellChannel
from grader.sandbox.warm.forked import Fork, WarmProvisioner

MAX_MESSAGE_BYTES = 256 * 2**20  # ZeroMQ closes a connection that brings a larger one, and makes no new one
STARTUP_SECONDS = 120
_WAITING_MESSAGES = 2
_NEVER = -1
_SECONDS_BETWEEN_KNOCKS = 0.02
_CHANNELS = ("shell", "iopub", "control")
_SEND_MILLISECONDS = 2000
_SECONDS_FOR_LAST_OUTPUT = 2
_SECONDS_BETWEEN_LOOKS = 0.25
LONGEST_WAIT = 4
"""Multiple of its time limit that a cell may take on a machine whose processors are busy."""
_SHOWS_ERRORS = re.compile(r"^[ \t]*%tb\b|showtraceback", re.MULTILINE)
"""Code that shows an earlier exception again, in a cell that ends well."""
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class _CappedSockets(ConnectionFileMixin):
    """Connects to a kernel that may send too much or disconnect, without filling our memory or blocking us.

    It connects to a socket in a folder only once. Otherwise the kernel could replace the socket by a link to a server
    on this machine, hang up, and have us connect to it with our rights.
    """

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> Any:
        # ZeroMQ's limits hold for connections made after they are set, hence the detour over the context's defaults.
        self.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self.context.setsockopt(zmq.RCVHWM, _WAITING_MESSAGES)
        self.context.setsockopt(zmq.SNDTIMEO, _SEND_MILLISECONDS)
        if self.transport == "ipc":
            self.context.setsockopt(zmq.RECONNECT_IVL, _NEVER)
        return super()._create_connected_socket(channel, identity)


class _CappedClient(_CappedSockets, AsyncKernelClient):
    shell_channel_class = Type(ShellChannel)
    iopub_channel_class = Type(OutputChannel)

    def stop_channels(self) -> None:
        """Close the two channels that are open; Jupyter would first open the others in order to close them."""
        for channel in (self.shell_channel, self.iopub_channel):
            channel.stop()
        if self._created_context and not self.context.closed:
            self.context.destroy(linger=0)


class _OneKernelSpec(KernelSpecManager):
    """Answers every request for a kernel with ours, whatever kernel the notebook names."""

    def __init__(self, spec: KernelSpec) -> None:
        super().__init__()
        self._spec = spec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - the student's choice does not count
        return self._spec


class OwnKernelManager(_CappedSockets, AsyncKernelManager):
    """Starts the kernel by a given command; talks to it over ipc sockets in a folder, or over tcp if asked to.

    Args:
        command: Program and arguments; `{connection_file}` is filled in by Jupyter.
        folder: For the connection file and the sockets; its path must be short (Unix sockets end at 107 characters).
        ipc: False on machines without Unix sockets.
        fork: Starts the kernel instead of the command, where it is a warm one.
    """

    client_factory = Type(_CappedClient)

    def __init__(self, command: list[str], folder: Path, *, ipc: bool = True, fork: Fork | None = None) -> None:
        spec = KernelSpec(argv=command, display_name="grader", language="python", interrupt_mode="message")
        super().__init__(kernel_spec_manager=_OneKernelSpec(spec), kernel_name="grader")
        self.folder = folder
        self.connection_file = str(folder / "connection.json")
        if ipc:
            self.transport = "ipc"
            self.ip = str(folder / "k" / "s")
        if fork is not None:
            provisioner: Any = WarmProvisioner(kernel_spec=spec, parent=self)
            provisioner.fork = fork
            self.provisioner = provisioner

    async def wait_for_sockets(self) -> None:
        """Wait until the kernel listens on its sockets, before any code of the notebook runs.

        Raises:
            RuntimeError: It died before, or did not listen in time.
        """
        deadline = time.monotonic() + STARTUP_SECONDS
        while self.transport == "ipc" and not all(_answers(f"{self.ip}-{port}") for port in self._ports_used()):
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Kernel did not listen within {STARTUP_SECONDS} seconds")
            await asyncio.sleep(_SECONDS_BETWEEN_KNOCKS)

    def connect_control(self) -> None:
        """Connect the channel for interrupts; once, like the others."""
        super()._connect_control_socket()

    def _connect_control_socket(self) -> None:
        """Do nothing: Jupyter would connect before the kernel listens, and again at every interrupt."""

    def _ports_used(self) -> list[int]:
        return [getattr(self, f"{channel}_port") for channel in _CHANNELS]


def _answers(path: str) -> bool:
    """Return whether a process listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as knocking:
        try:
            knocking.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


@dataclass(frozen=True, slots=True)
class CellReply:
    """How a cell ended, according to the kernel: every part is text from student code.

    Attributes:
        failed: Whether it ended with an exception.
        name: Class of the exception.
        text: Its message.
        traceback: Its traceback, with colours.
    """

    failed: bool
    name: str = ""
    text: str = ""
    traceback: str = ""


class KernelConversation:
    """Runs cells one at a time with nbclient, over channels that are vetted as soon as student code can run.

    Attributes:
        clock: Seconds that the run has had; slower than wall time while other programs use its processors.
    """

    def __init__(self, manager: OwnKernelManager, *, output_limit_bytes: int) -> None:
        self.clock: Callable[[], float] = time.monotonic
        self._manager = manager
        self._output_limit_bytes = output_limit_bytes
        self._client: _CappedClient | None = None
        self._leash: int | None = None
        self._reply: dict[str, Any] = {}
        self._request = ""
        self._notebook = NotebookClient(
            new_notebook(cells=[new_code_cell()]),  # nbclient keeps the cell that runs at its place
            km=manager,
            allow_errors=True,
            skip_cells_with_tag="",
            record_timing=False,
            store_widget_state=False,
            iopub_timeout=_SECONDS_FOR_LAST_OUTPUT,
            on_cell_executed=self._keep_reply,
        )

    @property
    def output_bytes(self) -> int:
        """Bytes of output received so far."""
        return 0 if self._client is None else self._client.iopub_channel.output_bytes

    @property
    def truncated(self) -> bool:
        """Whether more output came than a notebook may print."""
        return self.output_bytes > self._output_limit_bytes

    async def start(self, *, environment: dict[str, str], log: IO[bytes]) -> None:
        """Start the kernel's program; its standard input is a pipe that closes when we end.

        A sandbox dies with us only once it is set up; then `probe/kernel_main.py` checks the pipe, and ends if we were
        killed before.

        Args:
            environment: Environment variables of the program (the kernel inside a sandbox has its own).
            log: Receives what the program itself prints.

        Raises:
            OSError: The program does not exist, or cannot be run.
        """
        kernels_end, self._leash = os.pipe()
        try:
            await self._manager.start_kernel(env=environment, stdin=kernels_end, stdout=log, stderr=log)
        except OSError:
            self._let_go()
            raise
        finally:
            os.close(kernels_end)

    async def connect(self) -> None:
        """Open the channels, wait until the kernel answers, and vet every message from then on.

        Raises:
            RuntimeError: It died before it answered, or did not answer in time.
        """
        await self._manager.wait_for_sockets()
        self._manager.connect_control()
        self._client = self._manager.client()
        self._client.start_channels(stdin=False, hb=False, control=False)
        await self._client.wait_for_ready(timeout=STARTUP_SECONDS)
        self._client.allow_stdin = False
        self._client.shell_channel.vetting = self._client.iopub_channel.vetting = True
        self._notebook.kc = self._client

    async def run_source(self, source: str, *, seconds: float) -> CellReply:
        """Run one cell and return how it ended.

        Raises:
            nbclient.exceptions.CellTimeoutError: It took longer than `seconds`, or the kernel accepts no cells any
                more.
            nbclient.exceptions.DeadKernelError: The kernel died.
        """
        self._notebook.timeout = max(1, math.ceil(seconds * LONGEST_WAIT))
        self._reply = {}
        until = self.clock() + seconds
        cell = asyncio.ensure_future(self._notebook.async_execute_cell(new_code_cell(source), 0))
        try:
            while not cell.done() and self.clock() < until:
                await asyncio.wait({cell}, timeout=min(_SECONDS_BETWEEN_LOOKS, max(0.01, until - self.clock())))
            if not cell.done():
                await self._give_up(cell)
            await cell
        except zmq.Again as error:
            raise CellTimeoutError("the kernel does not take cells any more") from error
        content = self._reply
        if content.get("status") == "ok" and not _SHOWS_ERRORS.search(source):
            content = self._shown_error() or content
        return CellReply(
            failed=content.get("status") != "ok",
            name=content.get("ename", ""),
            text=content.get("evalue", ""),
            traceback="\n".join(content.get("traceback", ())),
        )

    async def _give_up(self, cell: asyncio.Future[Any]) -> None:
        """Stop waiting for a cell.

        Raises:
            nbclient.exceptions.CellTimeoutError: Always, unless the kernel is dead.
            nbclient.exceptions.DeadKernelError: The kernel died, and nbclient had not noticed.
        """
        cell.cancel()
        with suppress(asyncio.CancelledError, DeadKernelError):  # nbclient's reaction to being cancelled
            await cell
        if not await self._manager.is_alive():
            raise DeadKernelError("the kernel died")
        raise CellTimeoutError("the cell takes too long")

    async def interrupt(self) -> None:
        """Ask the kernel to raise KeyboardInterrupt, which it may ignore."""
        with suppress(zmq.Again):
            await self._manager.interrupt_kernel()

    async def close(self) -> None:
        """Stop listening; nbclient leaves a listener behind when a cell takes too long."""
        listeners = asyncio.all_tasks() - {asyncio.current_task()}
        for task in listeners:
            task.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        if self._client is not None:
            self._client.stop_channels()
        self._let_go()

    def _let_go(self) -> None:
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None

    def _keep_reply(self, *, cell: Any, cell_index: int, execute_reply: dict[str, Any] | None) -> None:  # noqa: ARG002
        self._reply = (execute_reply or {}).get("content", {})
        self._request = (execute_reply or {}).get("parent_header", {}).get("msg_id", "")

    def _shown_error(self) -> dict[str, Any] | None:
        """Return the exception that the kernel showed while it ran the last cell, if any."""
        last = None if self._client is None else self._client.iopub_channel.last_error
        return last[1] if last is not None and last[0] == self._request else None


def printable(text: str, limit: int = 2000) -> str:
    """Return text of the kernel without colours, control characters and direction marks, cut to `limit`."""
    seen = text[: 16 * limit]
    plain = without_controls(_COLOURS.sub("", seen.replace("\r\n", "\n")))
    return shortened(plain, limit, has_more=len(seen) < len(text))
