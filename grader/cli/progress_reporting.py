"""Shows the progress of a long operation, and writes it into the log of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from grader.cli.events import HandInGraded
from grader.cli.progress_views import JsonLines, LiveTable, PlainLines, View, live
from grader.cli.run_log import RunLog
from grader.domain.messages import Message
from grader.domain.progress import Step
from grader.domain.submission import Submission
from grader.locale import Translator
from grader.review.batch_status import BatchNote
from grader.scale import Progress


@dataclass
class ProgressReporter:
    """Passes progress to a view and, if there is one, to a log.

    Attributes:
        view: For the person who waits.
        total: Number of hand-ins.
        log: Log of the run; None without one, as for a student's own check.
        note: For the dashboard, which runs in another process; None if there is no class.
    """

    view: View
    total: int
    log: RunLog | None = None
    note: BatchNote | None = None
    _number: int = field(default=0, init=False)

    def say(self, sentence: Message) -> None:
        """Report progress of the whole class."""
        self.view.say(sentence)
        if self.log is not None:
            self.log.say(sentence)

    def remark(self, sentence: Message) -> None:
        """Report a remark for the user."""
        self.view.remark(sentence)
        if self.log is not None:
            self.log.say(sentence)

    def step(self, submission: Submission, step: Step) -> None:
        """Report a progress event of a hand-in; called from any thread."""
        self.view.step(submission, step)
        if self.log is not None:
            self.log.step(submission, step)

    def done(self, progress: Progress) -> None:
        """Report that a hand-in is graded."""
        self._number += 1
        done = HandInGraded(progress, self._number, self.total)
        self.view.done(done)
        if self.note is not None:
            self.note.finished(progress.graded.student, progress.seconds_left)
        if self.log is not None:
            self.log.done(done)


@contextmanager
def watching(
    total: int, translator: Translator, *, as_json: bool = False, alone: bool = False, log: RunLog | None = None
) -> Iterator[ProgressReporter]:
    """Show progress: a live table in a terminal, else lines.

    Args:
        total: Hand-ins.
        translator: The language.
        as_json: Write events for a program.
        alone: Whether it is a student's own notebook: no names, no bar.
        log: Log of the run.
    """
    console = Console(stderr=True)
    if as_json:
        yield ProgressReporter(JsonLines(console), total, log)
    elif not console.is_terminal:
        yield ProgressReporter(PlainLines(console, translator, alone), total, log)
    else:
        table = LiveTable(translator, total, alone)
        with live(table, console):
            yield ProgressReporter(table, total, log)


@contextmanager
def waiting(what: Message, translator: Translator) -> Iterator[None]:
    """Show activity in a terminal; a log file does not need it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(translator.text(what)):
        yield
