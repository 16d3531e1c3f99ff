"""What makes trainings in zone K faster, and when a grade that was made so may stand.

Steps are joined in one execution, which changes no number. A training may also be ended where a public estimate says
that it has earned what it can earn. That is a hint of the kernel's, which may lie: a grade of such a run stands only
where it has every point and nothing is open about it, and everything else is run again, whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from grader.domain.evidence import FitClaim
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.run import RunRecord, RunStatus


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """When a training may end before its last epoch.

    Attributes:
        target: Largest mean squared error on images of the training by which the model is good enough.
        same_target: Whether the input is the target as well, as in a plain autoencoder.
        noisy_layer: Whether the error is that with the model's own noise layer at work.
        least_samples: Images that it has to be trained on.
        most_epochs: Epochs that it may ask for.
        most_seconds: What the whole training may take; one that might not end in time is not ended by us.
    """

    target: float
    same_target: bool
    noisy_layer: bool
    least_samples: int
    most_epochs: int
    most_seconds: float


@dataclass(frozen=True, slots=True)
class Acceleration:
    """How the trainings of one assignment are made faster.

    Attributes:
        early_end: None where every training is run to its end.
    """

    early_end: EarlyEnd | None = None

    def settings(self) -> dict[str, Any]:
        """Return what the kernel is told (`grader.probe.fast_fits`)."""
        return {"terms": None if self.early_end is None else asdict(self.early_end)}


def is_shortened(fits: Iterable[FitClaim], run: RunRecord) -> bool:
    """Tell whether a run may be another one than without acceleration.

    That is so where a training was ended early, or broke off while its steps were joined, but for a time limit.
    """
    broken_off = run.status is not RunStatus.TIMED_OUT
    return any(fit.accepted_after > 0 or (broken_off and fit.joined and not fit.completed) for fit in fits)


def may_stand(graded: GradedSubmission) -> bool:
    """Tell whether a grade is the same with and without acceleration: nothing was shortened, or nothing is missing."""
    if graded.fault:
        return False
    complete = (
        graded.run.status is RunStatus.COMPLETED
        and graded.grade.status is GradeStatus.FINAL
        and all(
            one.outcome is Outcome.PASSED and one.points_awarded == one.points_possible for one in graded.grade.results
        )
    )
    return complete or not graded.accelerated
