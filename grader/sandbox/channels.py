"""Channels to a kernel that pass on only messages built by us.

A kernel may send anything, and one forged message makes a frontend's standard loops raise, wait for ever or fill our
memory. Once student code can run, messages are therefore rebuilt from the few fields that matter: how a cell ended, and
that it ended. Everything else is counted and dropped unread.
"""

from __future__ import annotations

import asyncio
import json
import time
from queue import Empty
from typing import Any

from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import DELIM

MAX_REPLY_BYTES = 32 * 2**20  # a larger one counts as an error and is not read

# Positions of a message's parts behind the delimiter: signature, header, parent header, metadata, content.
_HEADER, _PARENT, _CONTENT = 2, 3, 5


class VettedChannel(AsyncZMQSocketChannel):
    """A channel whose messages are vetted once `vetting` is set.

    Attributes:
        vetting: False until the kernel has answered for the first time.
    """

    vetting = False

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Return the next message that passes.

        Raises:
            queue.Empty: None came within `timeout` seconds.
        """
        if not self.vetting:
            first: dict[str, Any] = await super().get_msg(timeout)
            return first
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))
            if await self.socket.poll(left):
                message = self.vetted(await self.socket.recv_multipart())
                if message is not None:
                    return message
            elif deadline is not None:  # without a limit, an empty poll means that another listener was faster
                raise Empty
            await asyncio.sleep(0)  # a kernel that never stops sending must not keep the cell's clock from running out

    def vetted(self, frames: list[bytes]) -> dict[str, Any] | None:
        """Return a rebuilt message, or None to drop it."""
        raise NotImplementedError


class ShellChannel(VettedChannel):
    """Passes on how a cell ended; the text of an error is written by student code."""

    def vetted(self, frames: list[bytes]) -> dict[str, Any] | None:
        """Keep status, name, text and traceback of an execute reply."""
        request = _part(frames, _PARENT).get("msg_id")
        if request is None:
            return None
        content = _part(frames, _CONTENT)
        return {"parent_header": {"msg_id": request}, "content": _outcome(content, ok=content.get("status") == "ok")}


class OutputChannel(VettedChannel):
    """Counts output and drops it unread; passes on that a cell has ended.

    Attributes:
        output_bytes: Bytes of output received so far.
        last_error: The last exception shown, and the request to which it belongs: an exception is sent twice, and a
            kernel that replies that all went well may have suppressed this one.
    """

    output_bytes = 0
    last_error: tuple[str, dict[str, Any]] | None = None

    def vetted(self, frames: list[bytes]) -> dict[str, Any] | None:
        """Keep the message that the kernel is idle again."""
        kind = _part(frames, _HEADER).get("msg_type")
        if kind == "error":
            self.last_error = str(_part(frames, _PARENT).get("msg_id")), _outcome(_part(frames, _CONTENT), ok=False)
        if kind != "status":
            self.output_bytes += sum(map(len, frames[frames.index(DELIM) + _CONTENT :] if DELIM in frames else frames))
            return None
        if _part(frames, _CONTENT).get("execution_state") != "idle":
            return None
        return {
            "parent_header": {"msg_id": _part(frames, _PARENT).get("msg_id")},
            "msg_type": "status",
            "content": {"execution_state": "idle"},
        }


def _outcome(content: dict[str, Any], *, ok: bool) -> dict[str, Any]:
    traceback = content.get("traceback")
    return {
        "status": "ok" if ok else "error",
        "ename": str(content.get("ename", "")),
        "evalue": str(content.get("evalue", "")),
        "traceback": [str(line) for line in traceback] if isinstance(traceback, list) else [],
    }


def _part(frames: list[bytes], place: int) -> dict[str, Any]:
    """Read one part of a message; an empty object if it is invalid or too long."""
    try:
        frame = frames[frames.index(DELIM) + place]
        data = json.loads(frame.decode("utf-8", "replace")) if len(frame) <= MAX_REPLY_BYTES else {}
    except (ValueError, IndexError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
