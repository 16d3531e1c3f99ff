"""From what happened to a kernel to what stands in the record: a scripted conversation in the place of the kernel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from grader.domain.messages import message
from grader.domain.run import MOST_ERRORS, CellError, Limits, RunStatus, StoppedBy
from grader.domain.submission import CodeCell
from grader.sandbox.driver import _cause, _cell_error, _Progress, _run_all, _status
from grader.sandbox.kernel import CellReply

GOOD = CellReply(failed=False)
BAD = CellReply(failed=True, name="ValueError", text="no")
LATE, DEAD = CellTimeoutError(), DeadKernelError()
CELLS = tuple(CodeCell(2 * index + 1, "", f"cell_{index}()") for index in range(3))
INTERRUPTED, EXPORTED = "pass", _Progress().last_source


@dataclass
class ScriptedKernel:
    """A kernel that answers as asked and remembers what it was asked."""

    answers: list[CellReply | Exception]
    heard: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def clock(self) -> float:
        """Seconds of the run so far."""
        return time.monotonic() - self.began

    async def run_source(self, source: str, *, seconds: float) -> CellReply:
        """Give the next answer."""
        assert seconds > 0
        self.heard.append(source)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def interrupt(self) -> None:
        """Remember that it was interrupted."""
        self.heard.append("interrupt")


def conversation(answers: Sequence[CellReply | Exception], limits: Limits | None = None) -> tuple[_Progress, list[str]]:
    """Run three cells against scripted answers; return what was noted and what the kernel was asked."""
    kernel, progress = ScriptedKernel([*answers]), _Progress()
    asyncio.run(_run_all(kernel, CELLS, limits or Limits(), progress))  # type: ignore[arg-type]
    return progress, kernel.heard


def test_every_cell_runs_whatever_the_one_before_did() -> None:
    """An error of one cell is noted with its place in the file; claims are exported at the end."""
    progress, heard = conversation([GOOD, BAD, GOOD, GOOD])
    assert (progress.cells_run, progress.last_cell, progress.stopped_by) == (3, 5, StoppedBy.NOTHING)
    assert progress.errors == [CellError(3, "ValueError", "no")]
    assert heard == ["cell_0()", "cell_1()", "cell_2()", EXPORTED]


def test_errors_beyond_the_first_hundred_are_counted() -> None:
    """Three thousand raising cells made a file of grades of ten megabytes; the last one still says what ended it."""
    progress = _Progress()
    for index in range(MOST_ERRORS + 7):
        progress.note(CellError(index, "ValueError", "no"), "")
    progress.note(CellError(9999, "MemoryError", ""), "")
    assert [error.cell_index for error in progress.errors] == [*range(MOST_ERRORS)]
    assert (progress.errors_left_out, progress.last_error) == (8, "MemoryError")


def test_a_cell_that_takes_too_long_is_the_last() -> None:
    """It is interrupted, and what was trained before is exported."""
    progress, heard = conversation([GOOD, LATE, GOOD, GOOD])
    assert (progress.cells_run, progress.stopped_by) == (2, StoppedBy.CELL_TIME)
    assert heard == ["cell_0()", "cell_1()", "interrupt", INTERRUPTED, EXPORTED]


def test_a_kernel_that_swallows_the_interrupt_is_asked_nothing_more() -> None:
    """Its earlier claims stand."""
    progress, heard = conversation([LATE, LATE])
    assert (progress.stopped_by, heard) == (StoppedBy.CELL_TIME, ["cell_0()", "interrupt", INTERRUPTED])


def test_the_notebook_s_limit_is_told_from_the_cell_s() -> None:
    """Whichever was nearer when the cell began."""
    limits = Limits(cell_seconds=100.0, notebook_seconds=50.0)
    for answers in ([LATE, GOOD, GOOD], [LATE, LATE]):
        assert conversation(answers, limits)[0].stopped_by is StoppedBy.NOTEBOOK_TIME


def test_no_cell_begins_after_the_notebook_s_limit() -> None:
    """Nothing was started, so nothing is interrupted."""
    progress, heard = conversation([GOOD], Limits(notebook_seconds=0.0))
    assert (progress.cells_run, progress.last_cell, progress.stopped_by, heard) == (
        0, -1, StoppedBy.NOTEBOOK_TIME, [EXPORTED],
    )  # fmt: skip


@pytest.mark.parametrize("answers", [[DEAD], [GOOD, GOOD, GOOD, DEAD]])
def test_a_kernel_that_dies_ended_itself(answers: list[CellReply | Exception]) -> None:
    """In a cell, or while its claims are exported."""
    assert conversation(answers)[0].stopped_by is StoppedBy.OWN_EXIT


@pytest.mark.parametrize("answers", [[LATE, DEAD], [LATE, GOOD, DEAD], [LATE, GOOD, LATE]])
def test_what_follows_a_time_out_is_still_a_time_out(answers: list[CellReply | Exception]) -> None:
    """A kernel that dies of the interrupt had taken too long before."""
    assert conversation(answers)[0].stopped_by is StoppedBy.CELL_TIME


def test_claims_that_take_for_ever_are_a_cell_that_takes_for_ever() -> None:
    """Student code can hang in the export as anywhere else."""
    assert conversation([GOOD, GOOD, GOOD, LATE])[0].stopped_by is StoppedBy.CELL_TIME


NOTHING, MEMORY, EXIT = StoppedBy.NOTHING, StoppedBy.MEMORY, StoppedBy.OWN_EXIT


@pytest.mark.parametrize(
    ("seen", "verdict", "exit_status", "cause"),
    [
        (NOTHING, NOTHING, None, NOTHING),
        (StoppedBy.CELL_TIME, NOTHING, None, StoppedBy.CELL_TIME),
        (EXIT, NOTHING, 0, EXIT),
        (EXIT, NOTHING, 3, EXIT),
        (EXIT, NOTHING, 128, EXIT),
        (EXIT, NOTHING, 137, StoppedBy.SIGNAL),
        (EXIT, NOTHING, -9, StoppedBy.SIGNAL),
        (EXIT, NOTHING, None, StoppedBy.SIGNAL),
        (EXIT, MEMORY, 137, MEMORY),
        (EXIT, StoppedBy.DISK, -9, StoppedBy.DISK),
        (StoppedBy.CELL_TIME, MEMORY, None, MEMORY),
        (NOTHING, StoppedBy.SANDBOX, None, StoppedBy.SANDBOX),
    ],
)
def test_the_cause_is_what_we_did_before_what_it_did(
    seen: StoppedBy, verdict: StoppedBy, exit_status: int | None, cause: StoppedBy
) -> None:
    """The watchdog's verdict first; else a signal is distinguished from an exit by the status."""
    assert _cause(seen, verdict, exit_status)[0] is cause


def test_the_exit_status_is_told() -> None:
    """A person who looks into it needs the number."""
    assert _cause(EXIT, NOTHING, 3)[1] == message("The kernel ended itself with exit status {status}.", status=3)
    assert _cause(EXIT, NOTHING, 1, starved=True) == (MEMORY, None)
    assert _cause(EXIT, NOTHING, 0, starved=True)[0] is EXIT  # whoever ends with success had memory for it
    assert _cause(EXIT, NOTHING, -9)[1] == message("The kernel was ended by a signal (status {status}).", status="-9")


@pytest.mark.parametrize("stopped_by", list(StoppedBy))
def test_every_cause_has_its_status(stopped_by: StoppedBy) -> None:
    """Time is TIMED_OUT, our failure UNAVAILABLE, every other end KILLED; without a cause the errors decide."""
    error = CellError(0, "ValueError", "no")
    timed_out = dict.fromkeys((StoppedBy.CELL_TIME, StoppedBy.NOTEBOOK_TIME, StoppedBy.IDLE), RunStatus.TIMED_OUT)
    known = timed_out | {StoppedBy.SANDBOX: RunStatus.UNAVAILABLE}
    expected = known.get(stopped_by, RunStatus.KILLED)
    if stopped_by is NOTHING:
        assert (_status(NOTHING, []), _status(NOTHING, [error])) == (RunStatus.COMPLETED, RunStatus.RAISED)
    else:
        assert _status(stopped_by, []) is _status(stopped_by, [error]) is expected


CELL = CodeCell(4, "id", "x = 1\nraise ValueError(x)\n", provided="task_1")
FRAME = "\x1b[0;32m      1\x1b[0m x = 1\n\x1b[0;32m----> 2\x1b[0m raise ValueError(x)\n"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (
            CellReply(True, "ValueError", "1", FRAME),
            CellError(4, "ValueError", "1", "raise ValueError(x)", "task_1"),
        ),
        (
            CellReply(True, "ValueError", "1", FRAME.replace("raise", "write")),
            CellError(4, "ValueError", "1", "", "task_1"),
        ),
        (CellReply(True, "ValueError", "1", "-> 7 x = 1"), CellError(4, "ValueError", "1", "", "task_1")),
        (CellReply(True, "ValueError", "1", f"-> {'2' * 5000} x"), CellError(4, "ValueError", "1", "", "task_1")),
        (CellReply(True), CellError(4, "Exception", "", "", "task_1")),
        (CellReply(True, "A\n\tB\x1b[1m", "\x07two\nlines"), CellError(4, "A B", "two\nlines", "", "task_1")),
    ],
)
def test_an_error_is_told_in_few_and_plain_words(reply: CellReply, error: CellError) -> None:
    """The line is one of the cell's own; a traceback that names another, or no number we can read, names none."""
    assert _cell_error(CELL, reply) == error


def test_nothing_in_an_error_is_long() -> None:
    """Whatever the kernel sends, a record stays small."""
    long = "x" * 10_000_000
    cell = replace(CELL, source=long)
    error = _cell_error(cell, CellReply(True, long, long, f"-> 1 {long}"))
    assert (len(error.name), len(error.text), len(error.line) <= 300) == (100, 2000, True)
