"""The two places where the pipeline meets the outside world; tests put fakes here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from grader.domain.evidence import Evidence
from grader.domain.measurement import Measurements
from grader.domain.run import Limits, RunRecord
from grader.domain.submission import Notebook


class Sandbox(Protocol):
    """Zone K: runs a notebook under limits and leaves its claims in a folder."""

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Run every cell, export the claims into `exchange`, kill the whole process tree.

        Never raises for anything that student code does; a sandbox that cannot start gives
        `RunStatus.UNAVAILABLE`.
        """
        ...


@dataclass(frozen=True, slots=True)
class SecretView:
    """A view of the data that a run is audited on (`reference.views`); zone K never learns which.

    Attributes:
        kind: What is done to the data (`pixels`).
        seed: Of how it is done; drawn by the grader.
    """

    kind: str
    seed: int


@dataclass(frozen=True, slots=True)
class MeasuringTask:
    """What zone M shall measure.

    Attributes:
        reference: Id of the reference, which names the families, and the data where `dataset` does not.
        images: `hidden` for grading, `public` on a student's own machine.
        contract_names: Names the assignment asks for, by role value (`{"encoder": "encoder", …}`).
        dataset: Id of the images to measure on; "" for the reference's own data.
        view: The view of the data that the notebook was run on and is measured on; None for the data as they are.
    """

    reference: str
    images: str
    contract_names: tuple[tuple[str, str], ...] = ()
    dataset: str = ""
    view: SecretView | None = None


@dataclass(frozen=True, slots=True)
class GraphSandbox:
    """How a second sandbox is started that runs one exported graph and holds nothing else of the notebook's.

    Attributes:
        command: Program and arguments; it talks over standard input and output (`grader/probe/frozen_graph_main.py`).
        place: The argument that stands for the file of the graph.
    """

    command: tuple[str, ...]
    place: str


class AuditMode(StrEnum):
    """Which hand-ins are run a second time on a secret view of the data.

    SUSPICIOUS: those at which something looks as if nothing had been trained.
    ALL: every one.
    NONE: none, as in a student's own check.
    """

    SUSPICIOUS = "suspicious"
    ALL = "all"
    NONE = "none"


class SecretViews(Protocol):
    """Lends zone K on secret views of the data."""

    def lend(self, kind: str, attempt: int) -> tuple[Sandbox, SecretView]:
        """Return a sandbox whose data are seen through a view of this kind, another one for each attempt."""
        ...


class Measurer(Protocol):
    """Zone M: rebuilds the models from vetted evidence and measures them."""

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        """Return everything that could be measured.

        Raises:
            MeasuringFailedError: The measuring process broke, timed out or ran out of memory.
        """
        ...
