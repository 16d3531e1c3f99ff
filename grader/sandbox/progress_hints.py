"""Announces which cell a kernel runs and which epoch it claims to be in; once a second, if it changed.

The epoch is a line written by code in zone K, the student kernel (`grader/probe/epochs.py`): read as a small plain file
without following links, parsed as two whole numbers and another number, and dropped if it is anything else.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from grader.domain.cell_places import LONGEST_LINE
from grader.domain.progress import CellBegun, EpochSeen, announce
from grader.domain.submission import CodeCell
from grader.domain.text import shortened
from grader.sandbox.kernel import printable

EPOCH_FILE: Final = "epoch.txt"
"""The same as `grader.probe.epochs.FILE_NAME`; a test compares them."""

SECONDS_BETWEEN_LOOKS: Final = 1.0
_MOST_BYTES: Final = 64
_LINE: Final = re.compile(rb"([1-9]\d{0,8}) ([1-9]\d{0,8}) (-|[-+.e\d]{1,24})\n")
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


async def report_progress(cells: Sequence[CodeCell], position: Callable[[], int], exchange: Path) -> None:
    """Announce cells and epochs until this task is cancelled.

    Args:
        cells: Of the notebook.
        position: Returns how many cells have begun.
        exchange: The folder that the kernel writes into.
    """
    reported_cell, reported_epoch = 0, None
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        if (now := position()) != reported_cell:
            reported_cell, reported_epoch = now, read_epoch(exchange / EPOCH_FILE)
            announce(CellBegun(now, len(cells), first_line(cells[now - 1].source)))
        elif (epoch := read_epoch(exchange / EPOCH_FILE)) not in (None, reported_epoch):
            reported_epoch = epoch
            announce(epoch)


def first_line(source: str) -> str:
    """Return the first non-empty line of a cell, printable and short."""
    lines = (line.strip() for line in printable(source, 20 * LONGEST_LINE).splitlines())
    return shortened(next((line for line in lines if line and not line.startswith("#")), ""), LONGEST_LINE)


def read_epoch(file: Path) -> EpochSeen | None:
    """Read the kernel's line; None if it does not exist or is something else."""
    try:
        descriptor = os.open(file, _FLAGS)
    except OSError:
        return None
    try:
        found = os.read(descriptor, _MOST_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return None
    finally:
        os.close(descriptor)
    line = _LINE.fullmatch(found)
    if line is None:
        return None
    epoch, epochs, loss = line.groups()
    return EpochSeen(int(epoch), int(epochs), _number(loss))


def _number(text: bytes) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
