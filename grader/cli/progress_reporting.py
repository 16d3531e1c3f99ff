"""Shows what goes on while something takes long, and writes it into the log of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from grader.cli.events import Done
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
    """Tells a view, and a log where there is one, what goes on.

    Attributes:
        view: For whoever waits.
        total: Hand-ins.
        log: Of the run; None where nobody keeps one, as for a student's own check.
        note: For the dashboard, which runs in another process; None where there is no class.
    """

    view: View
    total: int
    log: RunLog | None = None
    note: BatchNote | None = None
    _number: int = field(default=0, init=False)

    def say(self, sentence: Message) -> None:
        """Say what is about no hand-in: a stage of the whole."""
        self.view.say(sentence)
        if self.log is not None:
            self.log.say(sentence)

    def remark(self, sentence: Message) -> None:
        """Say what the user should know."""
        self.view.remark(sentence)
        if self.log is not None:
            self.log.say(sentence)

    def step(self, submission: Submission, step: Step) -> None:
        """Say what goes on with a hand-in; called from whatever thread."""
        self.view.step(submission, step)
        if self.log is not None:
            self.log.step(submission, step)

    def done(self, progress: Progress) -> None:
        """Say that one is graded."""
        self._number += 1
        done = Done(progress, self._number, self.total)
        self.view.done(done)
        if self.note is not None:
            self.note.finished(progress.graded.student, reused=progress.reused)
        if self.log is not None:
            self.log.done(done)


@contextmanager
def watching(
    total: int, translator: Translator, *, as_json: bool = False, alone: bool = False, log: RunLog | None = None
) -> Iterator[ProgressReporter]:
    """Show what goes on: a live table in a terminal, else lines.

    Args:
        total: Hand-ins.
        translator: The language.
        as_json: Write events for a program.
        alone: It is one notebook of one's own: no names, no bar.
        log: Of the run.
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
    """Show that something goes on, where a person watches; a log file has no use for that."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(translator.text(what)):
        yield
