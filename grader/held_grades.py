"""Reasons for a person to look at a grade although every check was decided."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from grader.checks.core.causes import CauseKind, cause_of
from grader.domain.cell_places import cell_name
from grader.domain.datasets import DataSize, image_sets
from grader.domain.measurement import Role
from grader.domain.messages import Message, message
from grader.domain.observation import Observation
from grader.domain.run import CellError, RunRecord, StoppedBy
from grader.domain.submission import Notebook, Submission

_HELD_OUT: Final = (5_000, 10_000)
"""Training images without the usual validation part: `X_train[:55000]` requires all of them."""


def reasons_to_look(submission: Submission, seen: Observation) -> tuple[Message, ...]:
    """Say why a person must look although every check could be decided."""
    run, measurements = seen.run, seen.measurements
    reasons = [] if submission.conflict is None else [submission.conflict]
    if Role.AUTOENCODER not in measurements.models and (crash := _crash(run)):
        reasons.append(
            message(
                "No autoencoder could be measured, because the notebook stopped with {error} in {cell}. Whether that "
                "is the student's mistake or this machine's, a person decides before it costs points.",
                error=crash.name,
                cell=cell_name(crash.cell_index, seen.places),
            )
        )
    if Role.AUTOENCODER not in measurements.models and run.stopped_by is StoppedBy.OWN_EXIT:
        reasons.append(
            message(
                "No model could be measured, because a cell ended the notebook's own process, as Colab's way of "
                "restarting the runtime does. A person decides before it becomes a zero."
            )
        )
    if seen.data == DataSize.SAMPLE and seen.counts_official_images:
        reasons.append(
            message(
                "The notebook was written for the full data set and was run on the embedded sample. Grade it again "
                "without --data-size sample."
            )
        )
    return tuple(reasons)


def counts_official_images(notebook: Notebook, run: RunRecord) -> bool:
    """Return whether the code or its errors hold a number of the full set: `X_train[:55000]` fails a cell later."""
    texts = [error.text for error in run.errors] + [cell.source for cell in notebook.cells]
    return any(_official_counts().search(text) for text in texts)


@cache
def _official_counts() -> re.Pattern[str]:
    """Match the numbers that only a notebook on the full images contains."""
    counts = {count for known in image_sets().values() for count in known.official_counts}
    counts |= {known.training[DataSize.FULL] - few for known in image_sets().values() for few in _HELD_OUT}
    written = (f"{count // 1000}_?{count % 1000:03}" if count < 1_000_000 else str(count) for count in sorted(counts))
    return re.compile(rf"\b({'|'.join(written)})\b")


def _crash(run: RunRecord) -> CellError | None:
    """Return the first error of a run that does not follow from an uncompleted cell."""
    causes = (cause_of(error, run.errors) for error in run.errors)
    return next((cause.error for cause in causes if cause.kind is not CauseKind.UNFINISHED), None)
