"""Runs the cells of one notebook in a kernel and records what happened, as seen from outside."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from zmq import ZMQError

from grader.domain.messages import Message, message
from grader.domain.run import MOST_ERRORS, CellError, Limits, RunRecord, RunStatus, StoppedBy
from grader.domain.submission import CodeCell
from grader.domain.text import ending
from grader.reading.reading_client import within_limits
from grader.sandbox.circumstances import with_circumstances
from grader.sandbox.control_groups import RunGroup
from grader.sandbox.idleness import KernelIdleError, run_unless_idle
from grader.sandbox.kernel import CellReply, KernelConversation, OwnKernelManager, printable
from grader.sandbox.processes import ProcessTree
from grader.sandbox.progress_hints import report_progress
from grader.sandbox.watchdog import MIB, Watchdog, Watched

EXPORT_SECONDS = 90.0
INTERRUPT_SECONDS = 15.0
_EXPORT = "__import__('IPython').get_ipython().run_line_magic({name!r}, '')"
_AGREE = "__import__('sys').modules['grader_probe'].answer_to({name!r})"
"""Cell that runs before the first one of the notebook: it sets the name under which the last claims are requested, so
that no cell can replace the function by a name that its author knew."""
_LONGEST_LINE = 300
_LONGEST_TRACEBACK = 100_000
_FRAME_LINE = re.compile(r"^-+> *(\d{1,6}) (.*)$", re.MULTILINE)


@dataclass
class _Progress:
    """What is known while the notebook runs."""

    started: float = field(default_factory=time.monotonic)
    cells_run: int = 0
    last_cell: int = -1
    errors: list[CellError] = field(default_factory=list)
    errors_left_out: int = 0
    last_error: str = ""
    tracebacks: list[str] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    stopped_by: StoppedBy = StoppedBy.NOTHING
    pid: int = 0
    idle_seconds: float = 0.0
    was_idle: bool = False
    last_source: str = _EXPORT.format(name="")

    def note(self, error: CellError, traceback: str) -> None:
        """Keep an error with its traceback, or only count it if enough are kept."""
        self.last_error = error.name
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(error)
            self.tracebacks.append(traceback)
        else:
            self.errors_left_out += 1


@dataclass(frozen=True)
class Circle:
    """The boundaries of a run.

    Attributes:
        limits: Its limits: time is kept here, memory and disk by the watchdog, the rest by the kernel.
        exchange: Where the claims go.
        memory_folders: Paths of the folders in memory inside the sandbox; none without one.
        processors: Number of processors that the run was promised.
        group: Its control group, if the system allows one.
    """

    limits: Limits
    exchange: Path
    memory_folders: tuple[str, ...] = ()
    processors: float = 1.0
    group: RunGroup | None = None


def run_cells(
    cells: Sequence[CodeCell], manager: OwnKernelManager, circle: Circle, *, environment: dict[str, str]
) -> RunRecord:
    """Run every cell, then let the probe write its last claims, and kill the kernel.

    Args:
        cells: In file order; each runs whether or not an earlier one raised.
        manager: A kernel manager that has not started yet.
        circle: Limits and places.
        environment: Environment variables of the program that is started (not of the kernel inside a sandbox).
    """
    return asyncio.run(_run(cells, manager, circle, environment))


async def _run(
    cells: Sequence[CodeCell], manager: OwnKernelManager, circle: Circle, environment: dict[str, str]
) -> RunRecord:
    limits = circle.limits
    kernel = KernelConversation(manager, output_limit_bytes=limits.output_mib * MIB)
    progress = _Progress()
    log = manager.folder / "kernel.log"
    try:
        with log.open("wb") as output:
            await kernel.start(environment=environment, log=output)
    except OSError as error:
        return _unavailable(_startup_complaint(log, error), len(cells), progress)
    tree = ProcessTree(manager.provisioner.process)
    progress.pid, progress.idle_seconds = tree.pid, limits.idle_seconds
    watched = Watched(tree.pid, (circle.exchange, manager.folder), circle.memory_folders, circle.processors)
    try:
        with Watchdog(watched, limits, tree.end) as watchdog:
            kernel.clock = watchdog.clock
            try:
                await kernel.connect()
                tree.look()
                await _agree(kernel, progress)
                hints = asyncio.create_task(report_progress(cells, lambda: progress.cells_run, circle.exchange))
                await _run_all(kernel, cells, limits, progress)
                hints.cancel()
            except (RuntimeError, ZMQError) as error:
                if watchdog.verdict is StoppedBy.NOTHING:
                    return _unavailable(_startup_complaint(log, error), len(cells), progress)
            record = replace(
                _record(cells, progress, kernel, watchdog, await _exit_status(manager), circle.group),
                processor_seconds=tree.processor_seconds(),
            )
    finally:
        await kernel.close()
        tree.end()
        await manager.cleanup_resources()
    return record


async def _agree(kernel: KernelConversation, progress: _Progress) -> None:
    """Set, in a kernel that has run no cell yet, how the last claims are requested."""
    name = f"finish_{secrets.token_hex(12)}"
    try:
        await kernel.run_source(_AGREE.format(name=name), seconds=EXPORT_SECONDS)
    except CellTimeoutError as error:
        raise RuntimeError("the kernel does not answer") from error
    progress.last_source = _EXPORT.format(name=name)


async def _run_all(kernel: KernelConversation, cells: Sequence[CodeCell], limits: Limits, progress: _Progress) -> None:
    try:
        for cell in cells:
            left = limits.notebook_seconds - kernel.clock()
            limit = StoppedBy.NOTEBOOK_TIME if left < limits.cell_seconds else StoppedBy.CELL_TIME
            if left > 0 and await _run_one(kernel, cell, min(left, limits.cell_seconds), progress):
                continue
            if progress.was_idle:
                limit, progress.was_idle = StoppedBy.IDLE, False
            progress.stopped_by = limit
            if progress.cells_run:
                await kernel.interrupt()
                await kernel.run_source("pass", seconds=INTERRUPT_SECONDS)
            if not limits.skips_slow_cells or limit is StoppedBy.NOTEBOOK_TIME:
                break
            progress.skipped.append(cell.index)
        await kernel.run_source(progress.last_source, seconds=EXPORT_SECONDS)
    except DeadKernelError:
        if progress.stopped_by is StoppedBy.NOTHING:
            progress.stopped_by = StoppedBy.OWN_EXIT
    except CellTimeoutError:  # the kernel swallowed the interrupt; the claims of the last fit remain
        if progress.stopped_by is StoppedBy.NOTHING:
            progress.stopped_by = StoppedBy.CELL_TIME


async def _run_one(kernel: KernelConversation, cell: CodeCell, seconds: float, progress: _Progress) -> bool:
    """Run a cell and note its error; return whether it ended in time."""
    progress.last_cell = cell.index
    progress.cells_run += 1
    try:
        if progress.pid:
            reply = await run_unless_idle(
                kernel, cell.source, seconds=seconds, pid=progress.pid, idle_seconds=progress.idle_seconds
            )
        else:
            reply = await kernel.run_source(cell.source, seconds=seconds)
    except CellTimeoutError as error:
        progress.was_idle = isinstance(error, KernelIdleError)
        return False
    if reply.failed:
        progress.note(_cell_error(cell, reply), printable(reply.traceback, _LONGEST_TRACEBACK))
    return True


def _cell_error(cell: CodeCell, reply: CellReply) -> CellError:
    """Make a kernel's text fit for people: short, printable, and the name on one line."""
    traceback = printable(reply.traceback, _LONGEST_TRACEBACK)
    own_lines = cell.source.split("\n")
    line = next(
        (text.strip() for number, text in _FRAME_LINE.findall(traceback)
         if text.strip() and 0 < int(number) <= len(own_lines) and own_lines[int(number) - 1].strip() == text.strip()),
        "",
    )  # fmt: skip
    return CellError(
        cell_index=cell.index,
        name=" ".join(printable(reply.name, 100).split()) or "Exception",
        text=printable(reply.text),
        line=printable(line, _LONGEST_LINE),
        provided=cell.provided,
        given=cell.given,
    )


def _record(
    cells: Sequence[CodeCell],
    progress: _Progress,
    kernel: KernelConversation,
    watchdog: Watchdog,
    exit_status: int | None,
    group: RunGroup | None,
) -> RunRecord:
    starved = progress.last_error == MemoryError.__name__ or (group is not None and group.ended_for_memory())
    stopped_by, detail = _cause(progress.stopped_by, watchdog.verdict, exit_status, starved=starved)
    return RunRecord(
        status=_status(stopped_by, progress.errors),
        stopped_by=stopped_by,
        cells_total=len(cells),
        cells_run=progress.cells_run,
        errors=_explained(progress, cells),
        last_cell=progress.last_cell,
        wall_seconds=time.monotonic() - progress.started,
        peak_memory_mib=watchdog.peak_memory_mib,
        output_truncated=kernel.truncated,
        detail=detail,
        errors_left_out=progress.errors_left_out,
        skipped=tuple(progress.skipped),
    )


def _explained(progress: _Progress, cells: Sequence[CodeCell]) -> tuple[CellError, ...]:
    """Return the errors with what the cells show; a text made to be slow delays only its own notebook there."""
    if not progress.errors:
        return ()
    return within_limits(with_circumstances, tuple(progress.errors), tuple(progress.tracebacks), tuple(cells))


def _status(stopped_by: StoppedBy, errors: Sequence[CellError]) -> RunStatus:
    if stopped_by in (StoppedBy.CELL_TIME, StoppedBy.NOTEBOOK_TIME, StoppedBy.IDLE):
        return RunStatus.TIMED_OUT
    if stopped_by is StoppedBy.SANDBOX:
        return RunStatus.UNAVAILABLE
    if stopped_by is not StoppedBy.NOTHING:
        return RunStatus.KILLED
    return RunStatus.RAISED if errors else RunStatus.COMPLETED


def _cause(
    seen: StoppedBy, verdict: StoppedBy, exit_status: int | None, *, starved: bool = False
) -> tuple[StoppedBy, Message | None]:
    """Decide what ended the run: our watchdog, a signal, or the notebook itself.

    Memory that grows faster than the watchdog samples hits a hard limit: the cell, `starved`, ends with a MemoryError
    and the kernel, also without memory, may end after it; or Linux ends a process of its control group.
    """
    if verdict is StoppedBy.SANDBOX:
        return verdict, message(
            "This machine ran out of memory or disk while the notebook ran, and nobody can say whether the notebook "
            "did that. Free some, or grade fewer notebooks at the same time, and grade it again."
        )
    if verdict is not StoppedBy.NOTHING:
        return verdict, None
    if seen is not StoppedBy.OWN_EXIT:
        return seen, None
    if starved and exit_status != 0:
        return StoppedBy.MEMORY, None
    if exit_status is None or exit_status < 0 or exit_status > 128:  # bubblewrap reports a signal as 128 + number
        return StoppedBy.SIGNAL, message("The kernel was ended by a signal (status {status}).", status=str(exit_status))
    return StoppedBy.OWN_EXIT, message("The kernel ended itself with exit status {status}.", status=exit_status)


def _unavailable(reason: Message, cells_total: int, progress: _Progress) -> RunRecord:
    return RunRecord(
        RunStatus.UNAVAILABLE,
        StoppedBy.SANDBOX,
        cells_total=cells_total,
        wall_seconds=time.monotonic() - progress.started,
        detail=reason,
    )


def _startup_complaint(log: Path, error: Exception) -> Message:
    said = printable(log.read_text(encoding="utf-8", errors="replace"), 20_000).strip() if log.exists() else ""
    return message("The kernel did not start in the sandbox: {text}", text=ending(said, 600) or str(error))


async def _exit_status(manager: OwnKernelManager) -> int | None:
    """Return the exit status of a kernel that ended by itself; None while it runs."""
    provisioner = manager.provisioner
    if provisioner is None or provisioner.process is None:
        return None
    status: int | None = provisioner.process.poll()
    return status
