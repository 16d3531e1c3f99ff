"""Where the attacks are tried: real kernels in each backend, and what each trial left behind.

A *probe* is a cell that raises when the sandbox does not hold; many share one kernel. A *trial* needs a kernel of its
own, because it ends or spoils it. Both are data, so that a new backend is tested by adding it to `BACKENDS`.
"""

from __future__ import annotations

import atexit
import gc
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
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
from grader.sandbox.backends.bubblewrapped import inner_environment
from grader.sandbox.bubblewrap import SandboxUnavailableError, find_bubblewrap
from grader.sandbox.conformance.conformance_case import QUICK
from grader.sandbox.warm.warm_process import ForkServer

BUBBLEWRAP, OPEN_MACHINE = "bubblewrap", "open_machine"
BACKENDS = (BUBBLEWRAP, OPEN_MACHINE)
WARM = os.environ.get("GRADER_TEST_KERNELS") == "warm"
"""Whether everything is tried on kernels that are forked from a warm process, instead of on cold ones."""


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
        sandbox = BubblewrapSandbox(find_bubblewrap(), datasets or {}, threads=1)
        return replace(sandbox, warm=warm_process(), only_warm=True) if WARM else sandbox
    except SandboxUnavailableError as error:
        pytest.skip(f"no sandbox on this machine: {error.reason.msgid.format_map(dict(error.reason.values))}")


@cache
def warm_process() -> ForkServer:
    """Return a process that forks kernels until the tests end."""
    server = ForkServer(find_bubblewrap(), inner_environment(1))
    atexit.register(server.close)
    return server


def places_of_claims(folders: Sequence[Path], marker: str) -> list[Path]:
    """Return where runs that go on write their claims, as soon as they have made a file there; else nothing.

    Args:
        folders: That the runs were given.
        marker: Name of the file.
    """
    places = [folder / "run" / "exchange" for folder in folders]
    if WARM:  # all in the warm process's folder, until a run has ended
        with warm_process().run_folder() as beside:
            places = [run / "exchange" for run in beside.path.parent.glob("r-*")]
    return [place for place in places if (place / marker).exists()]


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


def cases(trials: Sequence[Trial]) -> list[Any]:
    """Return (backend, trial) for every backend that claims a trial, named as the tests shall be."""
    return [
        pytest.param(backend, trial, id=f"{backend}-{trial.name}")
        for trial in trials
        for backend in BACKENDS
        if backend in trial.backends
    ]
