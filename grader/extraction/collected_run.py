"""Runs a notebook and takes its output over the border, for grades, audits and inspections alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.domain.evidence import Evidence
from grader.domain.folders import private_folder
from grader.domain.ports import Sandbox
from grader.domain.run import Limits, RunRecord
from grader.domain.submission import Notebook
from grader.extraction.claims import collect
from grader.reading.reading_client import within_limits


@dataclass(frozen=True, slots=True)
class CollectedRun:
    """A notebook that has run; its output is in a folder that is deleted at the end.

    Attributes:
        run: What we observed.
        folder: Where it left its claims, and where the vetted ones are stored.
    """

    run: RunRecord
    folder: Path

    def evidence(self) -> Evidence:
        """Take the claims over the border.

        Raises:
            RejectedClaimsError: They are malformed.
        """
        return within_limits(collect, self.folder / "exchange", self.folder / "vetted")


@contextmanager
def collected_run(notebook: Notebook, sandbox: Sandbox, limits: Limits) -> Iterator[CollectedRun]:
    """Run a notebook.

    Args:
        notebook: The notebook to run.
        sandbox: Where it runs.
        limits: Its limits.
    """
    with private_folder() as folder:
        run = sandbox.run(notebook, limits, folder / "exchange")
        yield CollectedRun(run, folder)
