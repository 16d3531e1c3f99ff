"""How trainings in zone K (the student kernel) are accelerated, and when the grade of an accelerated run is final.

Several steps are joined in one execution, which changes no number. A training may also be ended early, once a public
estimate says that it has earned all it can. That estimate is a hint from the kernel, which may lie. So the grade of a
shortened run is kept only if it has every point and no open question, or if what is missing was lost before the only
training of the notebook began (`grader.checks.shortening.lost_for_good`); any other notebook runs again in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
        target: Largest mean squared error on training images at which the model counts as good enough.
        same_target: Whether the target of the training is its input, as in a plain autoencoder.
        noisy_layer: Whether the error is measured with the model's own noise layer active.
        least_samples: Number of images that the training must have seen before it may be ended.
        most_epochs: Most epochs that it may ask for.
        most_seconds: Time limit of the whole training; a training that might exceed it is never ended early.
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
        early_end: When a training may end early; None if every training runs to its end.
    """

    early_end: EarlyEnd | None = None

    def settings(self) -> dict[str, Any]:
        """Return the settings for the kernel (`grader.probe.fast_fits`)."""
        return {"terms": None if self.early_end is None else asdict(self.early_end)}


def is_shortened(fits: Iterable[FitClaim], run: RunRecord) -> bool:
    """Return whether acceleration may have changed the run.

    True if a training was ended early, or if one failed while its steps were joined (a time limit aside).
    """
    broken_off = run.status is not RunStatus.TIMED_OUT
    return any(fit.accepted_after > 0 or (broken_off and fit.joined and not fit.completed) for fit in fits)


def is_complete(graded: GradedSubmission) -> bool:
    """Return whether the notebook ran to its end without an error, and its grade is final and has every point."""
    return ran_through(graded) and all(
        one.outcome is Outcome.PASSED and one.points_awarded == one.points_possible for one in graded.grade.results
    )


def ran_through(graded: GradedSubmission) -> bool:
    """Return whether the notebook ran to its end without an error, and its grade is final."""
    return not graded.fault and graded.run.status is RunStatus.COMPLETED and graded.grade.status is GradeStatus.FINAL


def has_one_training(fits: Sequence[FitClaim]) -> bool:
    """Return whether the notebook trained one model, once: no later cell chose among models by how well they learnt."""
    return len(fits) == 1 and fits[0].how == "fit"
