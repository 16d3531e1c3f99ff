"""A Jupyter kernel started by our own command, and a notebook client that keeps no more output than it may."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import zmq
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from traitlets import Type

MAX_MESSAGE_BYTES = 32 * 2**20
STARTUP_SECONDS = 120
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class CappedKernelClient(AsyncKernelClient):
    """Refuses single messages over 32 MiB, which would otherwise fill the grader's memory before anyone can look."""

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> Any:
        socket = super()._create_connected_socket(channel, identity)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        return socket


class _OneKernelSpec(KernelSpecManager):
    """Answers every question for a kernel with ours, whatever kernel the notebook names."""

    def __init__(self, spec: KernelSpec) -> None:
        super().__init__()
        self._spec = spec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - the student's choice does not count
        return self._spec


class OwnKernelManager(AsyncKernelManager):
    """Starts the kernel by a given command; talks to it over ipc sockets in a folder, or over tcp where told.

    Args:
        command: Program and arguments; `{connection_file}` is filled in by Jupyter.
        folder: For the connection file and the sockets; its path must be short (Unix sockets end at 107 characters).
        ipc: False on machines without Unix sockets.
    """

    client_class = Type(CappedKernelClient)

    def __init__(self, command: list[str], folder: Path, *, ipc: bool = True) -> None:
        spec = KernelSpec(argv=command, display_name="grader", language="python", interrupt_mode="message")
        super().__init__(kernel_spec_manager=_OneKernelSpec(spec), kernel_name="grader")
        self.connection_file = str(folder / "connection.json")
        if ipc:
            self.transport = "ipc"
            self.ip = str(folder / "k" / "s")


class CappedNotebookClient(NotebookClient):
    """Runs cells one at a time and drops output over the limit.

    Attributes:
        output_bytes: Bytes of output that came so far, dropped ones included.
        truncated: Whether something was dropped.
    """

    def __init__(self, manager: OwnKernelManager, *, output_limit_bytes: int) -> None:
        super().__init__(
            new_notebook(cells=[new_code_cell()]),  # nbclient keeps the cell that runs at its place
            km=manager,
            allow_errors=True,
            skip_cells_with_tag="",
            record_timing=False,
            store_widget_state=False,
        )
        self.output_bytes = 0
        self.truncated = False
        self.reply: dict[str, Any] = {}
        self._output_limit_bytes = output_limit_bytes
        self.on_cell_executed = self._keep_reply

    async def connect(self) -> None:
        """Open the channels and wait until the kernel answers.

        Raises:
            RuntimeError: It died before it answered, or did not answer in time.
        """
        self.kc = self.km.client()
        self.kc.start_channels()
        await self.kc.wait_for_ready(timeout=STARTUP_SECONDS)
        self.kc.allow_stdin = False

    async def run_source(self, source: str, *, seconds: float) -> dict[str, Any]:
        """Run one cell and return the kernel's reply: `{"status": "ok" | "error", "ename": …, …}`.

        Raises:
            CellTimeoutError: It took longer than `seconds`.
            DeadKernelError: The kernel died.
        """
        self.timeout = max(1, round(seconds))
        self.reply = {}
        await self.async_execute_cell(new_code_cell(source), 0)
        return self.reply

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Count a message of the kernel; drop what it shows once the limit is passed."""
        if msg["msg_type"] in ("stream", "display_data", "execute_result", "update_display_data"):
            self.output_bytes += len(repr(msg["content"]))
            if self.output_bytes > self._output_limit_bytes:
                self.truncated = True
                return None
        return super().process_message(msg, cell, cell_index)

    def _keep_reply(self, *, cell: Any, cell_index: int, execute_reply: dict[str, Any] | None) -> None:  # noqa: ARG002
        self.reply = (execute_reply or {}).get("content", {})


def printable(text: str, limit: int = 2000) -> str:
    """Return text of the kernel without colours, control characters and direction marks, and not too long."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))[:limit]
