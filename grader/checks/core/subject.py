"""The input of a check: what we observed and measured, and what a right model does.

Evidence and claims are left out on purpose: a check that cannot see what the notebook said cannot award points for it.
The one exception is `missing_modules`, which never earns a point: it turns a lost point into a question for a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.domain.assignment import ImportPolicy
from grader.domain.cell_places import Places
from grader.domain.code_sizes import calibrated_for
from grader.domain.facts import CalibratedData, ReferenceFacts
from grader.domain.measurement import MeasuredModel, Measurements, Role
from grader.domain.outdated import SlowOptimizer, Translation
from grader.domain.run import RunRecord
from grader.domain.submission import ImportedModule


@dataclass(frozen=True, slots=True)
class Subject:
    """One submission as the checks see it.

    Attributes:
        run: What we observed of the run.
        measurements: What the measuring process (zone M) found.
        facts: What a right model does.
        missing_modules: Top-level modules that the notebook imported and our machine lacks.
        imports: What its code imports, read from the source; empty if the assignment has no policy.
        import_policy: What it may import; None for everything.
        old_code: Calls that current versions no longer accept, as they were run; read from the source, for
            explanations.
        slow_optimizers: Optimizers whose default rate is smaller than in old tutorials.
        places: Where the notebook's code cells are, for people.
    """

    run: RunRecord
    measurements: Measurements
    facts: ReferenceFacts
    missing_modules: tuple[str, ...] = ()
    imports: tuple[ImportedModule, ...] = ()
    import_policy: ImportPolicy | None = None
    old_code: tuple[Translation, ...] = ()
    slow_optimizers: tuple[SlowOptimizer, ...] = ()
    places: Places = field(default_factory=dict)

    @property
    def calibrated(self) -> CalibratedData | None:
        """The results of the reference on the measured data, with a code of the same size; None if there are none."""
        return calibrated_for(self.facts, self.measurements)

    def model(self, role: Role) -> MeasuredModel | None:
        """Return the notebook's own model in this role, None if there is none (zone M may have cut one out)."""
        found = self.measurements.models.get(role)
        return found if found is not None and found.made else None
