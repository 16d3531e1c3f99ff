"""Time limits based on the reference's training time on this machine, never above those of the assignment.

Without them, an endless loop would occupy a place for as long as the slowest machine of any course might need. Twelve
times the reference's training is far more than a right answer takes: no student waits that long before handing in.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Final

from grader.domain.assignment import Assignment
from grader.domain.datasets import DataSize
from grader.domain.facts import ReferenceFacts
from grader.domain.run import Limits

MULTIPLE: Final = 12.0
LEAST_CELL_SECONDS: Final = 300.0
"""Seconds for every cell, however fast the reference is: for data, pictures and other computations."""

_SEVERAL_TRAININGS: Final = frozenset({"comparison", "stages", "classifier"})
"""Checks whose assignments train more than the facts time; they keep the assignment's own limits."""

_REFERENCE: Final = "reference"


def limits_here(assignment: Assignment, facts: ReferenceFacts, size: DataSize, *, slowness: float) -> Limits:
    """Return the limits of an assignment on this machine.

    Args:
        assignment: Its own limits are the largest.
        facts: How long the reference was trained, and for how many epochs.
        size: Of the data.
        slowness: How many times slower this machine is than the one behind the facts; values below 1 count as 1.
    """
    own, calibrated = assignment.limits, facts.on(size)
    if calibrated is None or _SEVERAL_TRAININGS & {item.check for item in assignment.rubric}:
        return own
    seconds = [run.seconds for run in calibrated.records if run.variation == _REFERENCE and run.seconds > 0]
    if not seconds:
        return own
    asked = facts.recipe.get("epochs", calibrated.epochs)
    epochs = max(1.0, float(asked) / calibrated.epochs) if isinstance(asked, int | float) else 1.0
    wanted = MULTIPLE * statistics.median(seconds) * epochs * max(1.0, slowness)
    cell_seconds = min(own.cell_seconds, max(LEAST_CELL_SECONDS, wanted))
    notebook_seconds = own.notebook_seconds * cell_seconds / own.cell_seconds
    return replace(own, cell_seconds=cell_seconds, notebook_seconds=notebook_seconds)
