"""Where the attacks are tried: real kernels in each backend, and what each trial left behind.

A *probe* is a cell that raises when the sandbox does not hold; many share one kernel. A *trial* needs a kernel of its
own, because it ends or spoils it. Both are data, so that a new backend is tested by adding it to `BACKENDS`.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from grader.domain.evidence import Evidence
from grader.domain.ports import Sandbox
from grader.domain.run import Limits, RunRecord
from grader.domain.submission import CodeCell, Notebook
from grader.extraction.claims import collect
from grader.sandbox.backends import BubblewrapSandbox, OpenMachine
from grader.sandbox.bubblewrap import SandboxUnavailableError, find_bubblewrap

BUBBLEWRAP, OPEN_MACHINE = "bubblewrap", "open_machine"
BACKENDS = (BUBBLEWRAP, OPEN_MACHINE)

QUICK = Limits(cell_seconds=30, notebook_seconds=60, memory_mib=2048, processes=128, work_mib=64, file_mib=16)
"""Limits under which an attack shows within seconds, wide enough for a kernel on a busy machine."""


@dataclass(frozen=True)
class Probe:
    """A cell that raises where the sandbox leaks.

    Attributes:
        name: Of the behaviour; the id of its test.
        rule: What holds.
        cell: Its source; `FACTS` (a dictionary) tells it what there is on the machine.
        sharp: On an open machine it must raise, which shows that it can; False where that machine would be harmed,
            or may hold the rule by chance.
    """

    name: str
    rule: str
    cell: str
    sharp: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a trial left behind.

    Attributes:
        record: The driver's record.
        exchange: The folder that the kernel could write to.
        seconds: Wall time, kernel start included.
        growth_mib: By how much this process was larger after the run than before.
    """

    record: RunRecord
    exchange: Path
    seconds: float
    growth_mib: float

    def evidence(self) -> Evidence:
        """Take the claims over the border, as the pipeline does."""
        return collect(self.exchange, self.exchange.parent / "vetted")


@dataclass(frozen=True)
class Trial:
    """An attack with a kernel of its own.

    Attributes:
        name: Of the behaviour; the id of its test.
        rule: What holds.
        cells: The notebook.
        holds: Asserts the rule.
        limits: Under which it runs.
        backends: Those that claim the behaviour.
    """

    name: str
    rule: str
    cells: Sequence[str]
    holds: Callable[[Outcome], None]
    limits: Limits = QUICK
    backends: Sequence[str] = (BUBBLEWRAP,)


def make_sandbox(backend: str, datasets: Mapping[str, Path] | None = None) -> Sandbox:
    """Return a backend that works here; skips the test, with the reason, where it does not."""
    if backend == OPEN_MACHINE:
        return OpenMachine(datasets or {}, threads=1)
    try:
        return BubblewrapSandbox(find_bubblewrap(), datasets or {}, threads=1)
    except SandboxUnavailableError as error:
        pytest.skip(f"no sandbox on this machine: {error.reason.msgid.format_map(dict(error.reason.values))}")


def run(sandbox: Sandbox, cells: Sequence[str], folder: Path, limits: Limits = QUICK) -> Outcome:
    """Run cells as the notebook of a student."""
    notebook = Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(cells)))
    exchange = folder / "run" / "exchange"
    exchange.parent.mkdir(parents=True)
    gc.collect()
    before, started = _own_mib(), time.monotonic()
    record = sandbox.run(notebook, limits, exchange)
    return Outcome(record, exchange, time.monotonic() - started, _own_mib() - before)


def _own_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


@dataclass
class Surroundings:
    """What there is on the machine that a kernel must not find; the values are public to the attack.

    Attributes:
        facts: Told to the kernel as `FACTS`.
    """

    facts: dict[str, object] = field(default_factory=dict)

    def first_cell(self) -> str:
        """Return the cell that tells the kernel where to look, and gives it two words."""
        return f"FACTS = {self.facts!r}\n" + _WORDS


_WORDS = '''
import ctypes, os, pathlib, socket, sys

def refused(action, *errors):
    """Raise unless the action does; return its error."""
    try:
        answer = action()
    except (errors or (OSError,)) as error:
        return error
    raise AssertionError(f"it worked: {answer!r}")

def system_call(number_x86_64, number_aarch64, *arguments):
    """Make a system call; raise OSError as the kernel says."""
    library = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": number_x86_64, "aarch64": number_aarch64}[os.uname().machine]
    if (answer := library.syscall(number, *arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return answer
'''


def cases(trials: Sequence[Trial]) -> list[Any]:
    """Return (backend, trial) for every backend that claims a trial, named as the tests shall be."""
    return [
        pytest.param(backend, trial, id=f"{backend}-{trial.name}")
        for trial in trials
        for backend in BACKENDS
        if backend in trial.backends
    ]
