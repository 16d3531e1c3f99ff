"""Progress of grading on standard error: a table in a terminal, else plain lines, or JSON lines."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from grader.cli.events import HandInGraded, done_event, done_sentence, duration, remark_event, step_event, step_sentence
from grader.domain.messages import Message, message
from grader.domain.progress import CellBegun, EpochSeen, StageBegun, Step
from grader.domain.submission import Submission
from grader.locale import Translator

SECONDS_BETWEEN_LINES = 20.0
"""Without a terminal, seconds between two lines on cells and epochs of a hand-in; stages are always shown."""

_BAR_WIDTH = 30
_LAST_LINES = 5
"""Number of latest results shown below the table."""


class View(Protocol):
    """Shows progress; its methods may be called from several threads."""

    def say(self, sentence: Message) -> None:
        """Show progress of the whole class."""
        ...

    def remark(self, sentence: Message) -> None:
        """Show a remark for the user."""
        ...

    def step(self, submission: Submission, step: Step) -> None:
        """Show a progress event of a hand-in."""
        ...

    def done(self, done: HandInGraded) -> None:
        """Show a result."""
        ...


@dataclass
class JsonLines:
    """One JSON object per line (`docs/progress.en.md`)."""

    console: Console
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, sentence: Message) -> None:
        """Write nothing: this is only for people."""

    def remark(self, sentence: Message) -> None:
        """Write a remark, in English like every text for programs."""
        self._write(remark_event(Translator("en").text(sentence)))

    def step(self, submission: Submission, step: Step) -> None:
        """Write a step."""
        self._write(step_event(submission, step))

    def done(self, done: HandInGraded) -> None:
        """Write a result."""
        self._write(done_event(done))

    def _write(self, event: dict[str, object]) -> None:
        line = json.dumps(event, ensure_ascii=True, separators=(",", ":"))
        with self._lock:
            self.console.file.write(f"{line}\n")
            self.console.file.flush()


@dataclass
class PlainLines:
    """A line per stage and result, for log files and pipes; occasionally the progress of a long training."""

    console: Console
    translator: Translator
    alone: bool = False
    _last_shown: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, sentence: Message) -> None:
        """Write nothing: these stages may end before anything runs, so a log file does not get them."""

    def remark(self, sentence: Message) -> None:
        """Write a remark."""
        self.console.print(Text(self.translator.text(sentence), style="yellow"), soft_wrap=True)

    def step(self, submission: Submission, step: Step) -> None:
        """Write a step if it is a stage, or if nothing was written for some time."""
        with self._lock:
            last = self._last_shown.get(submission.sha256, float("-inf"))
            due = time.monotonic() - last >= SECONDS_BETWEEN_LINES
            if isinstance(step, StageBegun) or due:
                self._last_shown[submission.sha256] = time.monotonic()
                who = "" if self.alone else f"{submission.student}: "
                self._line(who + self.translator.text(step_sentence(step)))

    def done(self, done: HandInGraded) -> None:
        """Write a result; for a student's own notebook the full report follows."""
        if not self.alone:
            graded = done.progress.graded
            self._line(f"{done.number}/{done.total} {graded.student}: {self.translator.text(done_sentence(done))}")

    def _line(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=True)


@dataclass
class _Row:
    """One hand-in that is being graded."""

    student: str
    began: float
    stage: str = ""
    cell: str = ""
    epoch: str = ""

    def take(self, step: Step, translator: Translator) -> None:
        """Update the row by a step; a new stage or cell has no epoch yet."""
        text = translator.text(step_sentence(step))
        match step:
            case StageBegun():
                self.stage, self.cell, self.epoch = text, "", ""
            case CellBegun():
                self.cell, self.epoch = text, ""
            case EpochSeen():
                self.epoch = text


@dataclass
class LiveTable:
    """One row per running hand-in, with the progress bar of the class below: for a terminal."""

    translator: Translator
    total: int
    alone: bool = False
    _rows: dict[str, _Row] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)
    _said: str = ""
    _last: list[str] = field(default_factory=list)
    _number: int = 0
    _ends: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _remarks: list[str] = field(default_factory=list)

    def say(self, sentence: Message) -> None:
        """Show progress of the whole class until the first hand-in is begun."""
        self._said = self.translator.text(sentence)

    def remark(self, sentence: Message) -> None:
        """Show a remark above the table."""
        with self._lock:
            self._remarks.append(self.translator.text(sentence))

    def step(self, submission: Submission, step: Step) -> None:
        """Show a step in the row of the hand-in."""
        with self._lock:
            row = self._rows.setdefault(submission.sha256, _Row(submission.student, time.monotonic()))
            row.take(step, self.translator)

    def done(self, done: HandInGraded) -> None:
        """Advance the bar, and show the result below it."""
        graded = done.progress.graded
        with self._lock:
            self._rows.pop(graded.sha256, None)
            self._number = done.number
            left = done.progress.seconds_left
            self._ends = None if left is None else time.monotonic() + left
            self._last = [*self._last, f"{graded.student}: {self.translator.text(done_sentence(done))}"][-_LAST_LINES:]

    def __rich__(self) -> RenderableType:
        """Draw the current state."""
        with self._lock:
            remarks: list[RenderableType] = [Text(one, style="yellow") for one in self._remarks]
            rows = list(self._rows.values())
            if not rows and not self._number:
                return Group(*remarks, Spinner("dots", Text(self._said)))
            shown: list[RenderableType] = [*remarks, _running(rows, alone=self.alone)]
            if not self.alone:
                shown += [self._bar(), *(Text(line, style="dim") for line in self._last)]
        return Group(*shown)

    def _bar(self) -> RenderableType:
        grid = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [
            Text(f"{self._number}/{self.total}"),
            ProgressBar(self.total, self._number, width=_BAR_WIDTH),
            Text(_clock(time.monotonic() - self._began)),
        ]
        if self._ends is not None and self._number < self.total:
            left = message("about {time} left", time=duration(max(0.0, self._ends - time.monotonic())))
            cells.append(Text(self.translator.text(left)))
        grid.add_row(*cells)
        return grid


def live(table: LiveTable, console: Console) -> Live:
    """Return a context that shows a table on the screen and removes it at the end."""
    return Live(table, console=console, refresh_per_second=4, transient=True)


def _running(rows: Sequence[_Row], *, alone: bool) -> Table:
    table = Table.grid(padding=(0, 2))
    for row in rows:
        name = [] if alone else [Text(row.student, style="bold", overflow="ellipsis", no_wrap=True)]
        what = [one for one in (row.cell, row.epoch) if one] or [row.stage]
        table.add_row(*name, Text(_clock(time.monotonic() - row.began)), Text(" · ".join(what), overflow="ellipsis"))
    return table


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
