"""What failed in the run of a notebook, or was not possible: one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grader.checks.core.phrases import LONGEST_TEXT
from grader.checks.notebook.cell_order import why_in_wrong_order
from grader.checks.notebook.error_advice import advice
from grader.domain.cell_places import Places, cell_name, cell_title, line_title
from grader.domain.datasets import DataSize
from grader.domain.evidence import Evidence
from grader.domain.inspection import Outline
from grader.domain.messages import Message, message, verbatim
from grader.domain.outdated import OldCode
from grader.domain.run import CellError, RunRecord, RunStatus
from grader.domain.submission import Notebook
from grader.domain.text import shortened
from grader.held_grades import counts_official_images
from grader.inspection.frameworks import Framework, explains_error, frameworks_of, missing_dataset
from grader.pipeline import missing_modules
from grader.report.wording import RUN_ENDS

MOST_ERRORS: Final = 8
"""Most errors that are explained; later ones usually follow from earlier ones."""

_ENDED: Final = (RunStatus.TIMED_OUT, RunStatus.KILLED, RunStatus.UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class PastRun:
    """How a run went.

    Attributes:
        notebook: The code, as its author wrote it.
        old: Its old code.
        run: What we observed.
        evidence: What it left behind.
        data: `sample` or `full`: what its kernel saw.
    """

    notebook: Notebook
    old: OldCode
    run: RunRecord
    evidence: Evidence
    data: DataSize


def diagnosis(past: PastRun, outlines: Sequence[Outline]) -> tuple[Message, ...]:
    """Say what the notebook uses besides Keras, and what failed, the first error first."""
    written_with = frameworks_of(past.notebook)
    written_without_eager = any(one.kind == "graph_mode" for one in written_with)  # no model can be examined then
    return (
        *(one.sentence for one in written_with),
        *_errors(past, written_with),
        *_surroundings(past, written_with),
        *_old_code(past.old, past.notebook.places),
        *(() if outlines or written_without_eager else _without_autoencoder(past.evidence)),
        *(_from_outside(one) for one in outlines if not one.architecture.layers),
    )


def _from_outside(outline: Outline) -> Message:
    return message(
        "`{name}` does something that cannot be built again from known layers: what it computes was exported and "
        "measured in a sandbox of its own, and nobody looked at its layers.",
        name=outline.name,
    )


def _errors(past: PastRun, written_with: Sequence[Framework]) -> Iterator[Message]:
    errors, places = past.run.errors, past.notebook.places
    explained = {one.cell_index for one in past.old.left}
    advised: list[CellError] = []
    for error in errors[:MOST_ERRORS]:
        in_wrong_order = why_in_wrong_order(error, places)
        if in_wrong_order is not None:
            place = cell_title(error.cell_index, places)
            yield message("{place}: {why}", place=place, why=in_wrong_order)
            continue
        not_here = missing_dataset(past.notebook, error)
        if not_here is not None:  # general advice on networks and loading does not help here
            yield message("{place}: {why}", place=cell_title(error.cell_index, places), why=not_here)
            advised.append(error)
            continue
        yield message(
            "{cell}: {error}: {text}",
            cell=cell_title(error.cell_index, places),
            error=verbatim(error.name),
            text=verbatim(_first_line(error)),
        )
        echo = error.name == "NameError" and any(
            one.instead and explains_error([one], errors[0]) for one in written_with
        )
        if echo or error.cell_index in explained or explains_error(written_with, error):
            continue
        if error is errors[0] or error.name not in {errors[0].name, *(one.name for one in advised)}:
            yield advice(error, among=errors, places=places).hint
            advised.append(error)
    more = max(0, len(errors) - MOST_ERRORS) + past.run.errors_left_out
    if more:
        yield message("{count} more cells ended with an error.", count=more)


def _first_line(error: CellError) -> str:
    lines = [line.strip() for line in error.text.splitlines() if line.strip()]
    return shortened(lines[0] if lines else "–", LONGEST_TEXT, has_more=len(lines) > 1)


def _surroundings(past: PastRun, written_with: Sequence[Framework]) -> Iterator[Message]:
    run = past.run
    named = {module for one in written_with for module in one.modules}
    for index in run.skipped:
        yield message(
            "The run of {cell} was interrupted after its share of time, and the cells after it were run all the same: "
            "what the cell trains is measured as it was then.",
            cell=cell_name(index, past.notebook.places),
        )
    if run.status in _ENDED and not run.skipped:
        yield RUN_ENDS[run.status]
    if run.detail is not None:
        yield run.detail
    for name in (one for one in missing_modules(run, past.evidence.requests) if one not in named):
        yield message("This machine lacks the module {module}.", module=name)
    if past.data == DataSize.SAMPLE and run.errors and counts_official_images(past.notebook, run):
        yield message(
            "The notebook was written for the full data set and was run on the embedded sample. Inspect it again "
            "without --data-size sample."
        )


def _old_code(old: OldCode, places: Places) -> Iterator[Message]:
    for one in old.left:
        yield message(
            "{place}: {before}: {why}",
            place=line_title(one.cell_index, one.line, places),
            before=verbatim(one.before),
            why=one.why,
        )
    for slow in old.still_slow:
        yield message(
            "{place}: {name} at its default rate of {rate:g}; old tutorials mean a rate of {old:g}.",
            place=line_title(slow.cell_index, slow.line, places),
            name=slow.name,
            rate=slow.rate,
            old=slow.old_rate,
        )


def _without_autoencoder(evidence: Evidence) -> Iterator[Message]:
    yield message("No autoencoder was found. Models that the notebook left: {count}.", count=len(evidence.models))
    for reason in sorted({claim.problem for claim in evidence.models if claim.problem}):
        yield message("A model cannot be opened: {reason}.", reason=verbatim(reason))
