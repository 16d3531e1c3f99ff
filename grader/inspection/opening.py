"""Zones K and M opened for a notebook of which no assignment is known: with every data set of the course."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from grader.authoring.catalogue import facts_ids, load_facts
from grader.domain.datasets import image_sets
from grader.domain.folders import private_folder
from grader.domain.ports import Sandbox
from grader.domain.submission import Notebook
from grader.inspection.inspecting import InspectionContext
from grader.rebuild.client import MeasuringProcesses, MissingDataError
from grader.sandbox.backends import BubblewrapSandbox, OpenMachine
from grader.sandbox.behaviour import graph_sandbox
from grader.sandbox.bubblewrap import find_bubblewrap
from grader.sandbox.visible import require_invisible_data
from grader.session import CARDS, SessionOptions

PATIENCE: Final = (40.0, 120.0)
"""Seconds of processors that one call of `fit`, and all of a notebook's, may take before trainings are ended: on two
processors 20 seconds and a minute."""


@contextmanager
def open_inspection(
    options: SessionOptions, *, compat: bool | None = None, notebook: Notebook | None = None
) -> Iterator[InspectionContext]:
    """Open both zones.

    Args:
        options: Sandbox and data.
        compat: As in `InspectionContext`.
        notebook: What will be inspected: card transactions, which take seconds to simulate and to write, are laid out
            only where it speaks of a table; None to lay them out.

    Raises:
        SandboxUnavailableError: No sandbox works here and none was not asked for, or a notebook would see hidden data.
        MeasuringFailedError: The measuring process does not start.
    """
    program = None if options.sandbox == "none" else find_bubblewrap()
    if program is not None:
        require_invisible_data(options.data_folder)
    graphs = None if program is None else graph_sandbox(program)
    measurer = MeasuringProcesses(options.data_size, options.data_folder, graph_sandbox=graphs)
    with measurer, private_folder() as folder:
        datasets: dict[str, Path] = {}
        sizes: set[str] = set()
        for name in (*image_sets(), *((CARDS,) if notebook is None or _reads_tables(notebook) else ())):
            with suppress(MissingDataError):  # a notebook that needs it says so itself
                published = measurer.publish(name, folder)
                datasets |= {} if published.file is None else {name: published.file}
                sizes |= set() if name == CARDS else {published.size}  # a simulator stands in for the real table
        sandbox: Sandbox = OpenMachine(datasets, options.work_folder, patience=PATIENCE)
        if program is not None:
            sandbox = BubblewrapSandbox(program, datasets, patience=PATIENCE)
        facts = {name: load_facts(name) for name in facts_ids()}
        data = "sample" if "sample" in sizes else "full"
        yield InspectionContext(sandbox, measurer, facts, compat=compat, data=data)


def _reads_tables(notebook: Notebook) -> bool:
    return any(word in cell.source for cell in notebook.cells for word in ("csv", CARDS))
