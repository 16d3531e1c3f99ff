"""A notebook of an attacker: what it tries, and how its run must be recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from grader.domain.run import RunStatus, StoppedBy

COMPLETED, RAISED = RunStatus.COMPLETED, RunStatus.RAISED
KILLED, TIMED_OUT = RunStatus.KILLED, RunStatus.TIMED_OUT


@dataclass(frozen=True)
class Hostile:
    """One hand-in.

    Attributes:
        name: Of the attack; the student's name in the class.
        tries: What it is after.
        cells: The notebook.
        ends: How its run may end.
        stopped_by: What must have ended it; None where it does not matter.
    """

    name: str
    tries: str
    cells: Sequence[str]
    ends: Collection[RunStatus] = (COMPLETED,)
    stopped_by: StoppedBy | None = None
