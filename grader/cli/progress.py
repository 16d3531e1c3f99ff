"""What is shown on standard error while something takes long: the bar of a batch with the time that remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from grader.domain.messages import Message, message
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
