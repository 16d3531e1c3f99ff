"""Opens zones K and M for a notebook without a known assignment: with every data set of the course."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from grader.authoring.assignment_catalogue import facts_ids, load_facts
from grader.domain.acceleration import Acceleration
from grader.domain.datasets import DataSize, image_sets
from grader.domain.submission import Notebook
from grader.inspection.inspecting import InspectionContext
from grader.sandbox.backends.backend import KernelOptions
from grader.session import CARDS, SessionOptions
from grader.zones import files_of, open_zones

PATIENCE: Final = (40.0, 120.0)
"""Processor seconds for one call of `fit`, and for all of a notebook's, before trainings are ended: 20 seconds and a
minute on two processors."""


@contextmanager
def open_inspection(
    options: SessionOptions, *, compat: bool | None = None, notebook: Notebook | None = None
) -> Iterator[InspectionContext]:
    """Open both zones.

    Args:
        options: Sandbox and data.
        compat: As in `InspectionContext`.
        notebook: The notebook to inspect: card transactions, which take seconds to simulate and write, are provided
            only if it mentions a table; None to provide them.

    Raises:
        SandboxUnavailableError: No sandbox works here and `none` was not asked for, or notebooks would see hidden data.
        MeasuringFailedError: The measuring process does not start.
    """
    wanted = (*image_sets(), *((CARDS,) if notebook is None or _reads_tables(notebook) else ()))
    with open_zones(options.zones()) as zones:
        published = zones.publish_those_here(wanted)  # a notebook that needs a missing one reports it itself
        sizes = {found.size for name, found in published.items() if name != CARDS}  # that table may be simulated
        size = DataSize.SAMPLE if DataSize.SAMPLE in sizes else DataSize.FULL
        kernels = KernelOptions(
            files_of(published),
            options.threads_a_notebook(),
            PATIENCE,
            Acceleration() if options.accelerate else None,  # an early end changes the numbers
            options.work_folder,
            size,
        )
        facts = {name: load_facts(name) for name in facts_ids()}
        yield InspectionContext(zones.sandbox(kernels), zones.measurer, facts, compat=compat, data=size)


def _reads_tables(notebook: Notebook) -> bool:
    return any(word in cell.source for cell in notebook.cells for word in ("csv", CARDS))
