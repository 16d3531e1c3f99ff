"""Code for old versions: calls in a notebook that Keras 3, NumPy or pandas no longer accept."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grader.domain.messages import Message
from grader.domain.submission import Notebook


@dataclass(frozen=True, slots=True)
class Translation:
    """One piece of old code and its current form.

    Attributes:
        cell_index: The cell, counted as in `CodeCell.index`.
        line: Line of the cell, from 1.
        before: The piece as the notebook has it, on one line.
        after: The equivalent today, or "" if no replacement is certain to mean the same.
        why: What the current version says about it and what to write instead, one sentence.
        applied: Whether the code that is run has `after` in its place.
        signs: Lower-case texts, any of which an error caused by it contains; empty if it raises no error.
        far: Whether the error may come from another cell, as a wrong loss fails only in the cell that trains.
        training: Whether it raises no error but trains the model differently from what its author meant.
    """

    cell_index: int
    line: int
    before: str
    after: str
    why: Message
    applied: bool = False
    signs: tuple[str, ...] = ()
    far: bool = False
    training: bool = False


@dataclass(frozen=True, slots=True)
class SlowOptimizer:
    """An optimizer whose default rate is much smaller today than in old tutorials.

    Attributes:
        cell_index: The cell, counted as in `CodeCell.index`.
        line: Line of the cell, from 1.
        name: Class of the optimizer.
        rate: Its default rate today.
        old_rate: The default rate in papers and old tutorials.
    """

    cell_index: int
    line: int
    name: str
    rate: float
    old_rate: float


@dataclass(frozen=True, slots=True)
class OldCode:
    """The result of searching a notebook for old code.

    Attributes:
        notebook: The notebook with every possible translation; cells without old code are the same objects.
        found: Every piece of old code, by cell and line.
        slow: Optimizers of the original whose rate is too small for training to progress.
    """

    notebook: Notebook
    found: tuple[Translation, ...] = ()
    slow: tuple[SlowOptimizer, ...] = ()

    @property
    def applied(self) -> tuple[Translation, ...]:
        """The translations made in `notebook`."""
        return tuple(one for one in self.found if one.applied)

    @property
    def left(self) -> tuple[Translation, ...]:
        """The old code that `notebook` still contains."""
        return tuple(one for one in self.found if not one.applied)

    @property
    def still_slow(self) -> tuple[SlowOptimizer, ...]:
        """The optimizers of `slow` that still have their default rate in `notebook`."""
        rated = [one for one in self.applied if one.before.startswith("optimizer=")]
        return tuple(
            slow
            for slow in self.slow
            if not any(one.cell_index == slow.cell_index and slow.name.lower() in one.before.lower() for one in rated)
        )

    def untranslated(self, notebook: Notebook) -> OldCode:
        """Return the same result for the original notebook, in which nothing is translated."""
        return OldCode(notebook, tuple(replace(one, applied=False) for one in self.found), self.slow)
