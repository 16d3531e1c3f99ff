"""What the source of a notebook shows before it runs: its imports, and code for old versions of its libraries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from grader.checks.core.phrases import brief
from grader.domain.cell_places import Places, line_title
from grader.domain.messages import Message, message
from grader.domain.observation import Observation
from grader.domain.outdated import OldCode, Translation
from grader.domain.submission import Notebook
from grader.domain.text import further_ones
from grader.intake.imported_modules import imported_modules
from grader.reading.failures import ReadingFailedError
from grader.reading.reading_client import within_limits
from grader.translation.old_code import read_old_code

_MOST_TRANSLATIONS: Final = 100


def as_read(seen: Observation, notebook: Notebook, *, translates: bool) -> tuple[Observation, Notebook]:
    """Add what the source alone shows, and return the notebook in the form in which it will run.

    Old code explains errors; it is translated only if the assignment or the user asked for it.

    Raises:
        ReadingStoppedError: The source took too long to read or needed too much memory.
        ReadingFailedError: Our own code failed whose result was to be run.
    """
    notes: tuple[Message, ...] = ()
    try:
        old = within_limits(read_old_code, notebook)
    except ReadingFailedError as failed:
        if translates:
            raise
        old, notes = OldCode(notebook), (_not_searched(failed),)
    if not translates:
        old = old.untranslated(notebook)
    observed = replace(
        seen,
        imports=within_limits(imported_modules, notebook),
        old_code=old.left,
        slow_optimizers=old.still_slow,
        notes=(*notebook.notes, *notes, *_translations(old, notebook.places)),
    )
    return observed, old.notebook


def _not_searched(failed: ReadingFailedError) -> Message:
    """Report our own failure without holding a grade: it only keeps errors from being explained."""
    lines = str(failed).strip().splitlines() or [type(failed).__name__]
    return message(
        "The grader failed to search this notebook for old code ({error}). No point depends on that.",
        error=brief(lines[-1]),
    )


def _translations(old: OldCode, places: Places) -> Iterator[Message]:
    """Say what was translated; for a notebook full of old calls, only as much as people would read."""
    yield from (_translated(one, places) for one in old.applied[:_MOST_TRANSLATIONS])
    if len(old.applied) > _MOST_TRANSLATIONS:
        yield further_ones(count=len(old.applied) - _MOST_TRANSLATIONS)


def _translated(one: Translation, places: Places) -> Message:
    return message(
        "Translated: {place}: {before} → {after}",
        place=line_title(one.cell_index, one.line, places),
        before=one.before,
        after=one.after or "–",
    )
