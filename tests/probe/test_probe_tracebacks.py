"""Long tracebacks are shortened before IPython writes them, which takes time for every frame."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from types import SimpleNamespace, TracebackType

import pytest

from grader.probe import tracebacks


def deep(levels: int) -> None:
    if not levels:
        raise ValueError("at the bottom")
    deep(levels - 1)


def raised_by(work: Callable[[], None]) -> TracebackType:
    with pytest.raises(ValueError, match="bottom") as raised:
        work()
    assert raised.tb is not None
    return raised.tb


def test_few_frames_stay_as_they_are() -> None:
    frames = raised_by(lambda: deep(10))
    assert tracebacks.ends(frames) is frames
    assert tracebacks.ends(None) is None


def test_of_many_frames_both_ends_stay() -> None:
    """The cell that called, and the line that raised."""
    frames = raised_by(lambda: deep(500))
    every, kept = traceback.extract_tb(frames), traceback.extract_tb(tracebacks.ends(frames))
    assert len(every) > 500
    at_each_end = tracebacks.FRAMES_AT_EACH_END
    assert [*kept] == [*every[:at_each_end], *every[-at_each_end:]]


def test_a_shell_writes_the_short_one() -> None:
    written: list[int] = []

    def write(kind: type, error: Exception, frames: TracebackType, tb_offset: int = 0) -> list[str]:
        written.append(len(traceback.extract_tb(frames)))
        return [f"{kind.__name__}: {error}, {tb_offset}"]

    shell = SimpleNamespace(InteractiveTB=SimpleNamespace(structured_traceback=write))
    tracebacks.shorten(shell)
    frames = raised_by(lambda: deep(500))
    assert shell.InteractiveTB.structured_traceback(ValueError, ValueError("x"), frames, tb_offset=1) == [
        "ValueError: x, 1"
    ]
    assert written == [2 * tracebacks.FRAMES_AT_EACH_END]
