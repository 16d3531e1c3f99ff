"""The number that nbgrader reads from `grader.check("all")` when it runs the notebook.

nbgrader gives a graded cell all its points unless the cell ends with an error, writes to stderr, or returns text that
is a number: then that number. So the answer's text is the number of points there, while its HTML stays the same.

What the checks in memory can never tell is left out of the reckoning, so that
a solution gets all points of the cell; nbgrader knows no "waits for a person", so what nobody could judge is left out
as well. The points of a course come from `grader grade`: here the student's own process does the counting.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final

from grader.domain.assignment import RubricItem
from grader.domain.grade import CheckResult, Outcome

VARIABLE: Final = "NBGRADER_EXECUTION"
"""Variable that is `autograde` or `validate` in the kernels that nbgrader starts."""


def runs_the_notebook() -> bool:
    """Return whether nbgrader started this process."""
    return VARIABLE in os.environ


def points(items: Iterable[RubricItem], results: Mapping[str, CheckResult], maximum: float) -> float | None:
    """Return the points of the cell: the earned share of the reachable points, times `maximum`.

    Args:
        items: What can be judged in memory; one without a result was not done and earns nothing.
        results: By check.
        maximum: Points of the cell.

    Returns:
        From 0 to `maximum`; None if nothing could be judged.
    """
    counted = [item for item in items if not _open(results.get(item.check))]
    possible = sum(item.points for item in counted)
    if possible <= 0:
        return None
    earned = sum(results[item.check].points_awarded for item in counted if item.check in results)
    return min(maximum * earned / possible, maximum)


# ----------------------------------------------------------------------------------------------------------------------


def _open(result: CheckResult | None) -> bool:
    return result is not None and result.outcome is Outcome.UNGRADABLE
