"""The two places where the pipeline meets the outside world; tests put fakes here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
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
class MeasuringTask:
    """What zone M shall measure.

    Attributes:
        reference: Id of the reference, which names the families, and the data where `dataset` does not.
        images: `hidden` for grading, `public` on a student's own machine.
        contract_names: Names the assignment asks for, by role value (`{"encoder": "encoder", …}`).
        dataset: Id of the images to measure on; "" for the reference's own data.
    """

    reference: str
    images: str
    contract_names: tuple[tuple[str, str], ...] = ()
    dataset: str = ""


@dataclass(frozen=True, slots=True)
class GraphSandbox:
    """How a second sandbox is started that runs one exported graph and holds nothing else of the notebook's.

    Attributes:
        command: Program and arguments; it talks over standard input and output (`grader/probe/graph_main.py`).
        place: The argument that stands for the file of the graph.
    """

    command: tuple[str, ...]
    place: str


class Measurer(Protocol):
    """Zone M: rebuilds the models from vetted evidence and measures them."""

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        """Return everything that could be measured.

        Raises:
            MeasuringFailedError: The measuring process broke, timed out or ran out of memory.
        """
        ...
