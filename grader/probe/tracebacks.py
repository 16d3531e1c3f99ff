"""Shortens the traceback of an endless recursion before IPython writes it.

For every frame, IPython looks for its module among all that were imported. With TensorFlow there are thousands of them,
and the thousand frames of a RecursionError took 37 s of processor time.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

FRAMES_AT_EACH_END = 40


def shorten(shell: Any) -> None:
    """Let a shell write only the ends of long tracebacks; the exception itself keeps all of its own.

    Args:
        shell: The IPython shell.
    """
    write = shell.InteractiveTB.structured_traceback

    def structured_traceback(
        kind: Any = None, error: Any = None, frames: TracebackType | None = None, *args: Any, **options: Any
    ) -> Any:
        return write(kind, error, ends(frames), *args, **options)

    shell.InteractiveTB.structured_traceback = structured_traceback


def ends(frames: TracebackType | None) -> TracebackType | None:
    """Return a traceback of the first and the last frames; the same if there are few."""
    every = []
    at = frames
    while at is not None:
        every.append(at)
        at = at.tb_next
    if len(every) <= 2 * FRAMES_AT_EACH_END:
        return frames
    shortened = every[-FRAMES_AT_EACH_END]
    for one in reversed(every[:FRAMES_AT_EACH_END]):
        shortened = TracebackType(shortened, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return shortened
