"""The two ports of the pipeline to the outside world; tests put fakes here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from grader.domain.datasets import Held
from grader.domain.evidence import Evidence, JsonValue
from grader.domain.measurement import Measurements
from grader.domain.run import Limits, RunRecord
from grader.domain.submission import Notebook


class Sandbox(Protocol):
    """Zone K (the student kernel): runs a notebook under limits and leaves its claims in a folder."""

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Run every cell, export the claims into `exchange`, kill the whole process tree.

        Never raises an exception because of student code; a sandbox that cannot start returns
        `RunStatus.UNAVAILABLE`.
        """
        ...


@dataclass(frozen=True, slots=True)
class SecretView:
    """A view of the data that a run is audited on (`reference.views`); zone K never learns which.

    Attributes:
        kind: What is done to the data (`pixels`).
        seed: Seed of the transformation, drawn by the grader.
    """

    kind: str
    seed: int


@dataclass(frozen=True, slots=True)
class MeasuringTask:
    """What zone M (the measuring process) shall measure.

    Attributes:
        reference: Id of the reference, which determines the families and, without `dataset`, the data.
        images: `hidden` for grading, `public` on a student's own machine.
        contract_names: Names the assignment asks for, by role value (`{"encoder": "encoder", …}`).
        dataset: Id of the images to measure on; "" for the reference's own data.
        view: The view of the data on which the notebook was run and is measured; None for the data as they are.
        reference_constants: Of a published reference whose module is not here (`Assignment.reference_constants`).
    """

    reference: str
    images: Held
    contract_names: tuple[tuple[str, str], ...] = ()
    dataset: str = ""
    view: SecretView | None = None
    reference_constants: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GraphSandbox:
    """How to start the second sandbox, which runs one exported graph and holds nothing else of the notebook.

    Attributes:
        command: Program and arguments; it talks over standard input and output (`grader/probe/frozen_graph_main.py`).
        place: The argument that is replaced by the path of the graph.
    """

    command: tuple[str, ...]
    place: str


class AuditMode(StrEnum):
    """Which hand-ins are run a second time, on a secret view of the data.

    SUSPICIOUS: those that look as if nothing had been trained.
    ALL: every one.
    NONE: none, as in a student's own check.
    """

    SUSPICIOUS = "suspicious"
    ALL = "all"
    NONE = "none"


class SecretViews(Protocol):
    """Starts zone K on secret views of the data."""

    def lend(self, kind: str, attempt: int) -> tuple[Sandbox, SecretView]:
        """Yield a sandbox that sees its data through a view of this kind, a different one for each attempt."""
        ...


class Measurer(Protocol):
    """Zone M: rebuilds the models from vetted evidence and measures them."""

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        """Return everything that could be measured.

        Raises:
            MeasuringFailedError: The measuring process crashed, timed out or ran out of memory.
        """
        ...
