"""Progress events while a hand-in is graded, for people who wait: hints, never part of a grade.

The code that runs a hand-in sets the listener (`listening`). The stages announce what they begin (`announce`) and do
not depend on a listener. Epochs and losses are the kernel's claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A stage of grading a hand-in.

    RUNNING: its cells are run.
    RUNNING_WHOLE: they are run again, with full-length trainings.
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
        count: Number of code cells to run, or of models to measure.
        most_seconds: Its time limit; 0 if there is none.
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
        epoch: Its number, from 1.
        epochs: Number of epochs asked for.
        loss: Loss of the last finished epoch; None in the first.
    """

    epoch: int
    epochs: int
    loss: float | None = None


Step = StageBegun | CellBegun | EpochSeen
Listener = Callable[[Step], None]


def silent(_step: Step) -> None:
    """Ignore all events."""


_listener: ContextVar[Listener] = ContextVar("listener", default=silent)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send a listener everything that this thread, and every task that it starts, announces."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def announce(step: Step) -> None:
    """Send an event to the listener."""
    _listener.get()(step)
