"""Runs the cells of one notebook in a kernel and writes down what happened, as seen from outside."""

from __future__ import annotations

import asyncio
import queue
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import KernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from grader.domain.messages import Message, message
from grader.domain.run import CellError, Limits, RunRecord, RunStatus, StoppedBy
from grader.domain.submission import CodeCell
from grader.sandbox.kernel import CappedNotebookClient, OwnKernelManager, printable
from grader.sandbox.watchdog import MIB, Watchdog

EXPORT_SECONDS = 90.0
INTERRUPT_SECONDS = 15.0
_EXPORT = "__import__('sys').modules['grader_probe'].finish()"
_FRAME_LINE = re.compile(r"^-+> *(\d+) (.*)$", re.MULTILINE)


@dataclass
class _Progress:
    """What is known while the notebook runs."""

    started: float = field(default_factory=time.monotonic)
    cells_run: int = 0
    last_cell: int = -1
    errors: list[CellError] = field(default_factory=list)
    stopped_by: StoppedBy = StoppedBy.NOTHING


def run_cells(
    cells: Sequence[CodeCell], manager: OwnKernelManager, *, limits: Limits, exchange: Path, environment: dict[str, str]
) -> RunRecord:
    """Run every cell, then let the probe write its last claims, and kill the kernel.

    Args:
        cells: In file order; each runs whether or not an earlier one raised.
        manager: A kernel manager that has not started yet.
        limits: Wall time is kept here, memory and disk by the watchdog; the kernel sets the rest itself.
        exchange: Where the claims go.
        environment: Of the program that is started (not of the kernel inside a sandbox).
    """
    return asyncio.run(_run(cells, manager, limits, exchange, environment))


async def _run(
    cells: Sequence[CodeCell], manager: OwnKernelManager, limits: Limits, exchange: Path, environment: dict[str, str]
) -> RunRecord:
    asyncio.get_running_loop().set_exception_handler(_without_closed_channels)
    client = CappedNotebookClient(manager, output_limit_bytes=limits.output_mib * MIB)
    progress = _Progress()
    log = exchange.parent / f"{exchange.name}.log"
    try:
        with log.open("wb") as output:
            await client.async_start_new_kernel(env=environment, stdout=output, stderr=output)
        process = manager.provisioner.process
        with Watchdog(process.pid, exchange, limits, process.kill) as watchdog:
            try:
                await client.connect()
            except RuntimeError as error:
                return _unavailable(_startup_complaint(log, error), len(cells), progress)
            await _run_all(client, cells, limits, progress)
            record = _record(cells, progress, client, watchdog, await _exit_status(manager))
    finally:
        await _kill(client, manager)
        log.unlink(missing_ok=True)
    return record


def _without_closed_channels(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report forgotten errors as usual, but not that nbclient still listened to a kernel when we killed it."""
    if not isinstance(context.get("exception"), queue.Empty):
        loop.default_exception_handler(context)


async def _run_all(
    client: CappedNotebookClient, cells: Sequence[CodeCell], limits: Limits, progress: _Progress
) -> None:
    try:
        for cell in cells:
            left = limits.notebook_seconds - (time.monotonic() - progress.started)
            if left <= 0:
                progress.stopped_by = StoppedBy.NOTEBOOK_TIME
                break
            await _run_one(client, cell, min(left, limits.cell_seconds), progress)
            if progress.stopped_by is not StoppedBy.NOTHING:
                if left < limits.cell_seconds:
                    progress.stopped_by = StoppedBy.NOTEBOOK_TIME
                break
        await client.run_source(_EXPORT, seconds=EXPORT_SECONDS)
    except DeadKernelError:
        progress.stopped_by = StoppedBy.OWN_EXIT
    except CellTimeoutError:  # the kernel swallowed the interrupt; the claims of the last fit stand
        if progress.stopped_by is StoppedBy.NOTHING:
            progress.stopped_by = StoppedBy.CELL_TIME


async def _run_one(client: CappedNotebookClient, cell: CodeCell, seconds: float, progress: _Progress) -> None:
    progress.last_cell = cell.index
    progress.cells_run += 1
    try:
        reply = await client.run_source(cell.source, seconds=seconds)
    except CellTimeoutError:
        progress.stopped_by = StoppedBy.CELL_TIME
        await client.km.interrupt_kernel()
        await client.run_source("pass", seconds=INTERRUPT_SECONDS)
        return
    if reply.get("status") == "error":
        progress.errors.append(_cell_error(cell, reply))


def _cell_error(cell: CodeCell, reply: dict[str, Any]) -> CellError:
    """Read an error reply; every part of it is student-made text."""
    traceback = printable("\n".join(str(part) for part in reply.get("traceback") or ()), 20_000)
    own_lines = cell.source.split("\n")
    line = next(
        (text.strip() for number, text in _FRAME_LINE.findall(traceback)
         if text.strip() and 0 < int(number) <= len(own_lines) and own_lines[int(number) - 1].strip() == text.strip()),
        "",
    )  # fmt: skip
    return CellError(
        cell_index=cell.index,
        name=printable(str(reply.get("ename", "")), 100),
        text=printable(str(reply.get("evalue", ""))),
        line=line[:300],
        provided=cell.provided,
    )


def _record(
    cells: Sequence[CodeCell],
    progress: _Progress,
    client: CappedNotebookClient,
    watchdog: Watchdog,
    exit_status: int | None,
) -> RunRecord:
    stopped_by, detail = _cause(progress.stopped_by, watchdog.verdict, exit_status)
    return RunRecord(
        status=_status(stopped_by, progress.errors),
        stopped_by=stopped_by,
        cells_total=len(cells),
        cells_run=progress.cells_run,
        errors=tuple(progress.errors),
        last_cell=progress.last_cell,
        wall_seconds=time.monotonic() - progress.started,
        peak_memory_mib=watchdog.peak_memory_mib,
        output_truncated=client.truncated,
        detail=detail,
    )


def _status(stopped_by: StoppedBy, errors: Sequence[CellError]) -> RunStatus:
    if stopped_by in (StoppedBy.CELL_TIME, StoppedBy.NOTEBOOK_TIME):
        return RunStatus.TIMED_OUT
    if stopped_by is not StoppedBy.NOTHING:
        return RunStatus.KILLED
    return RunStatus.RAISED if errors else RunStatus.COMPLETED


def _cause(seen: StoppedBy, verdict: StoppedBy, exit_status: int | None) -> tuple[StoppedBy, Message | None]:
    """Decide what ended the run: our watchdog, a signal, or the notebook itself."""
    if verdict is not StoppedBy.NOTHING:
        return verdict, None
    if seen is not StoppedBy.OWN_EXIT:
        return seen, None
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
    said = printable(log.read_text(encoding="utf-8", errors="replace"), 20_000).strip()[-600:]
    return message("The kernel did not start in the sandbox: {text}", text=said or str(error))


async def _exit_status(manager: KernelManager) -> int | None:
    """Return the exit status of a kernel that ended by itself; None while it lives."""
    provisioner = manager.provisioner
    if provisioner is None or provisioner.process is None:
        return None
    status: int | None = provisioner.process.poll()
    return status


async def _kill(client: CappedNotebookClient, manager: OwnKernelManager) -> None:
    """End the whole process tree; the sandbox's process namespace dies with its first process."""
    if client.kc is not None:
        client.kc.stop_channels()
    process = manager.provisioner.process if manager.provisioner else None
    if process is not None:
        for child in _descendants(process.pid):
            child.kill()
        process.kill()
        process.wait()
    await manager.cleanup_resources()


def _descendants(pid: int) -> list[psutil.Process]:
    """List what a kernel without a sandbox has started; inside one they die with their namespace."""
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []
