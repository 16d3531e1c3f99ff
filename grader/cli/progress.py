"""What is shown on standard error while something takes long: the bar of a batch with the time that remains."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from grader.domain.evidence import Evidence
from grader.domain.measurement import Measurements
from grader.domain.messages import Message, message
from grader.domain.ports import Measurer, MeasuringTask, Sandbox
from grader.domain.run import Limits, RunRecord
from grader.domain.submission import Notebook
from grader.locale import Translator


@contextmanager
def progress_bar(total: int, translator: Translator) -> Iterator[Callable[[str], None]]:
    """Show a bar and give a function that moves it on by one, told the name that was finished."""
    columns = (
        TextColumn(translator.text(message("Grading"))),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn(translator.text(message("left:"))),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total)

        def advance(name: str) -> None:
            progress.advance(task)
            if not console.is_terminal:  # a log file gets a line a submission instead of a bar
                console.print(Text(f"{int(progress.tasks[0].completed)}/{total} {name}"))

        yield advance


@contextmanager
def waiting(what: Message, translator: Translator) -> Iterator[None]:
    """Show that something goes on, where a person watches; a log file has no use for that."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(translator.text(what)):
        yield


Announce = Callable[[Message], None]
"""Says what goes on from now on."""


@contextmanager
def stages(first: Message, translator: Translator) -> Iterator[Announce]:
    """Show which stage goes on and for how long: one line that changes in a terminal, a line a stage in a log file.

    The first one may end before anything is run, so a log file does not get it.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda stage: console.print(Text(translator.text(stage)), soft_wrap=True)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(translator.text(first))
        yield lambda stage: progress.update(task, description=translator.text(stage))


@dataclass(frozen=True, slots=True)
class AnnouncedSandbox:
    """A sandbox that says when it runs a notebook.

    Attributes:
        sandbox: What runs it.
        announce: Where to say so.
    """

    sandbox: Sandbox
    announce: Announce

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Run the notebook."""
        stage = message(
            "Running the notebook: {count} code cells, {minutes:.0f} minutes at most",
            count=len(notebook.cells),
            minutes=limits.notebook_seconds / 60,
        )
        self.announce(stage)
        started = time.monotonic()
        record = self.sandbox.run(notebook, limits, exchange)
        self.announce(message("The notebook ran for {seconds:.0f} s", seconds=time.monotonic() - started))
        return record


@dataclass(frozen=True, slots=True)
class AnnouncedMeasurer:
    """A measurer that says when it measures.

    Attributes:
        measurer: What measures.
        announce: Where to say so.
    """

    measurer: Measurer
    announce: Announce

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        """Measure the models."""
        self.announce(message("Measuring the models: {count}", count=len(evidence.models)))
        return self.measurer.measure(evidence, task)
