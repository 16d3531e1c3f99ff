"""What grading found out about one hand-in before any point was given.

It is stored, so that a change of points, thresholds, scale or due date runs nothing again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.domain.audit import AuditRecord
from grader.domain.cell_places import Places
from grader.domain.evidence import FitClaim
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Measurements
from grader.domain.messages import Message
from grader.domain.outdated import SlowOptimizer, Translation
from grader.domain.run import RunRecord, RunStatus, StoppedBy
from grader.domain.submission import ImportedModule

NOT_RUN = RunRecord(RunStatus.UNAVAILABLE, StoppedBy.NOTHING)
"""The record of a notebook that no sandbox was asked to run."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything that points may rest on, and nothing that depends on rubric, thresholds, scale or due date.

    Attributes:
        data: `sample` or `full`: what the kernel saw.
        written_for: The data for which the notebook was written, as whoever graded it said.
        run: What we observed of the run.
        measurements: What zone M found.
        fits: Trainings that the kernel claims. They earn no point: they may only send a grade to a person.
        requests: What the notebook asked for and did not get (`pip install -q umap-learn`).
        missing_modules: Top-level modules that it may rely on and the machine that ran it does not have.
        imports: What its code imports, read from the source.
        old_code: Calls that current versions no longer take, as they were run.
        slow_optimizers: Optimizers at a default rate that is smaller than in old tutorials.
        places: Where the cells stand that any of these names, for people.
        notes: What was changed or noticed on the way (an old format upgraded, code translated), for the report.
        counts_official_images: The code or its errors hold a number of the full data set (`X_train[:55000]`).
        shortened: Trainings were ended early (`grader.domain.acceleration`), so that it stands only for a full grade.
        audit: What a second run on a secret view of the data showed; None where there was none.
        problem: Why there is nothing to judge: the file is no notebook, or what it left was refused. None otherwise.
        fault: Traceback of our own failure, or "". Such an observation is never reused.
        wall_seconds: From intake to measurements.
    """

    data: str = "full"
    written_for: str = "full"
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
        """Tell whether the kernel saw a sample of data of which the notebook counts on the whole."""
        return facts.has_sample and (self.data, self.written_for) == ("sample", "full")
