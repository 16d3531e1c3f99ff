"""What grading observed of one hand-in before any point is given.

It is stored so that nothing runs again when points, thresholds, scale or due date change.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.domain.audit import AuditRecord
from grader.domain.cell_places import Places
from grader.domain.datasets import DataSize
from grader.domain.evidence import FitClaim
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Measurements
from grader.domain.messages import Message
from grader.domain.outdated import SlowOptimizer, Translation
from grader.domain.run import RunRecord, RunStatus, StoppedBy
from grader.domain.submission import ImportedModule

NOT_RUN = RunRecord(RunStatus.UNAVAILABLE, StoppedBy.NOTHING)
"""The record of a notebook that was never run."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything on which points may depend; it does not depend on rubric, thresholds, scale or due date.

    Attributes:
        data: `sample` or `full`: what the kernel saw.
        written_for: The data for which the notebook was written, according to the person or command that graded it.
        run: What we observed of the run.
        measurements: What zone M (the measuring process) found.
        fits: Trainings that the kernel claims. They earn no points: they can only send a grade to a person.
        requests: What the notebook asked for and did not get (`pip install -q umap-learn`).
        missing_modules: Top-level modules that it may need and the machine that ran it lacks.
        imports: What its code imports, read from the source.
        old_code: Calls that current versions no longer accept, as they were run.
        slow_optimizers: Optimizers whose default rate is smaller today than in old tutorials.
        places: Where the cells named in any of these are, for people.
        notes: What was changed or noticed on the way (an old format upgraded, code translated), for the report.
        counts_official_images: Whether its code or an error contains a size of the full data set (`X_train[:55000]`).
        shortened: Whether trainings were ended early (`grader.domain.acceleration`): it then counts only for a full
            grade.
        audit: What a second run on a secret view of the data showed; None if there was none.
        problem: Why there is nothing to judge: the file is not a notebook, or its output was refused. None otherwise.
        fault: Traceback of our own failure, or "". Such an observation is never reused.
        wall_seconds: From intake to measurements.
    """

    data: DataSize = DataSize.FULL
    written_for: DataSize = DataSize.FULL
    run: RunRecord = NOT_RUN
    measurements: Measurements = field(default_factory=Measurements)
    fits: tuple[FitClaim, ...] = ()
    requests: tuple[str, ...] = ()
    missing_modules: tuple[str, ...] = ()
    imports: tuple[ImportedModule, ...] = ()
    old_code: tuple[Translation, ...] = ()
    slow_optimizers: tuple[SlowOptimizer, ...] = ()
    places: Places = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    counts_official_images: bool = False
    shortened: bool = False
    audit: AuditRecord | None = None
    problem: Message | None = None
    fault: str = ""
    wall_seconds: float = 0.0

    def is_short(self, facts: ReferenceFacts) -> bool:
        """Return whether the kernel saw only a sample although the notebook expects the full data."""
        return facts.has_sample and (self.data, self.written_for) == (DataSize.SAMPLE, DataSize.FULL)
