"""What goes on while a hand-in is graded, for people who wait: hints, never part of a grade.

Whoever runs a hand-in says who listens (`listening`); the stages say what they begin (`announce`) and need not know
whether anybody does. Epochs and losses are the kernel's word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What is done with a hand-in.

    RUNNING: its cells are run.
    RUNNING_WHOLE: they are run once more, with trainings as they were written.
    AUDITING: they are run on a secret view of the data.
    MEASURING: its models are rebuilt and measured.
    """

    RUNNING = "running"
    RUNNING_WHOLE = "running-whole"
    AUDITING = "auditing"
    MEASURING = "measuring"


@dataclass(frozen=True, slots=True)
class StageBegun:
    """A stage has begun.

    Attributes:
        stage: Which.
        count: Code cells that are run, or models that are measured.
        most_seconds: What it may take; 0 where nobody says.
    """

    stage: Stage
    count: int = 0
    most_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CellBegun:
    """A cell is being run.

    Attributes:
        number: Which code cell, from 1.
        total: Code cells of the notebook.
        line: The beginning of its first line of code.
    """

    number: int
    total: int
    line: str


@dataclass(frozen=True, slots=True)
class EpochSeen:
    """A training has come to an epoch.

    Attributes:
        epoch: Which, from 1.
        epochs: That were asked for.
        loss: Of the last epoch that ended; None in the first.
    """

    epoch: int
    epochs: int
    loss: float | None = None


Step = StageBegun | CellBegun | EpochSeen
Listener = Callable[[Step], None]


def silent(_step: Step) -> None:
    """Listen to nothing."""


_listener: ContextVar[Listener] = ContextVar("listener", default=silent)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a listener hear what this thread, and every task that it starts, announces."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def announce(step: Step) -> None:
    """Say what has begun."""
    _listener.get()(step)
