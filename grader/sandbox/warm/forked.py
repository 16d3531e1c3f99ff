"""A kernel forked from the warm process, as zone T (the trusted core) sees it: like a program that it started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from grader.sandbox.control_groups import RunGroup

_CREDENTIALS = struct.Struct("iII")  # process, user, group: Linux's `struct ucred`
_LONGEST_WORD = 64
_KILLED = 128 + signal.SIGKILL
Fork = Callable[[int, Mapping[str, Any]], "ForkedKernel"]
"""Starts a kernel, given the open file of its log and the content of its connection file."""


class ForkedKernel:
    """The first process of a warm kernel's namespace, with which all its processes end.

    It has the needed methods of `subprocess.Popen`. It is not a child process of ours: its exit status arrives on a
    channel, whose other end only its guardian holds (`probe/fork_server.py`); hanging up ends the run.

    Args:
        channel: Our end; its first message names the process, which then waits for our answer.
        group: Control group that it joins.
        seconds: How long to wait for the first message.

    Raises:
        OSError: It ended before sending one.
    """

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket, group: RunGroup | None = None, *, seconds: float) -> None:
        self._channel = channel
        self.returncode: int | None = None
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        channel.settimeout(seconds)
        word, notes, _, _ = channel.recvmsg(_LONGEST_WORD, socket.CMSG_SPACE(_CREDENTIALS.size))
        if not word:
            raise OSError("the warm kernel could not be shut in")
        self.pid = _CREDENTIALS.unpack(notes[0][2][: _CREDENTIALS.size])[0]
        self._process = os.pidfd_open(self.pid)
        if group is not None:
            with suppress(OSError):  # without a group, only the watchdog limits the run
                group.add(self.pid)
        channel.send(b"go")

    def poll(self) -> int | None:
        """Return the exit status as bubblewrap would report it, or None while it runs."""
        if self.returncode is None:
            self._channel.settimeout(0)
            try:
                word = self._channel.recv(_LONGEST_WORD)
            except BlockingIOError:
                return None
            except OSError:
                word = b""
            self.returncode = int(word) if word else _KILLED
            self._close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended and return its exit status.

        Raises:
            subprocess.TimeoutExpired: It has not.
        """
        while self.returncode is None:
            self._channel.settimeout(timeout)
            try:
                word = self._channel.recv(_LONGEST_WORD, socket.MSG_PEEK)
            except TimeoutError as error:
                raise subprocess.TimeoutExpired("warm kernel", timeout or 0.0) from error
            except OSError:
                word = b""
            self.returncode = int(word) if word else _KILLED
            self._close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process itself, even if its number was reused."""
        if self.returncode is None:
            try:
                signal.pidfd_send_signal(self._process, number)
            except ProcessLookupError:
                return

    def kill(self) -> None:
        """End the run: everything in the namespace dies with its first process."""
        self.send_signal(signal.SIGKILL)

    terminate = kill

    def _close(self) -> None:
        self._channel.close()
        os.close(self._process)


class WarmProvisioner(LocalProvisioner):
    """Lets Jupyter's kernel manager treat a forked kernel as one that it started."""

    fork: Fork

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:  # noqa: ARG002
        """Fork a kernel instead of starting a command.

        Raises:
            OSError: No kernel can be forked.
        """
        connection = json.loads(Path(self.parent.connection_file).read_text(encoding="utf-8"))
        self.process = await asyncio.to_thread(self.fork, options["stdout"].fileno(), connection)
        self.pid = self.process.pid
        return self.connection_info
