"""Code for versions gone by: what a notebook calls that Keras 3, NumPy or pandas no longer take."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grader.domain.messages import Message
from grader.domain.submission import Notebook


@dataclass(frozen=True, slots=True)
class Translation:
    """One piece of old code, and what stands for it today.

    Attributes:
        cell_index: The cell, counted as in `CodeCell.index`.
        line: Line of the cell, from 1.
        before: The piece as the notebook has it, on one line.
        after: What says the same today, or "" where nothing we could write is sure to mean the same.
        why: What the current version says of it and what to write instead, one sentence.
        applied: The code that is run has `after` in its place.
        signs: What an error that comes of it says, lower case: any of these; empty where it raises no error.
        far: The error may come from another cell, as that of a loss comes from the cell that trains with it.
        training: It raises no error, and the model is trained otherwise than its author meant.
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
    """An optimizer at a default rate that is much smaller today than in old tutorials.

    Attributes:
        cell_index: The cell, counted as in `CodeCell.index`.
        line: Line of the cell, from 1.
        name: Class of the optimizer.
        rate: Its default rate today.
        old_rate: The rate that papers and old tutorials mean.
    """

    cell_index: int
    line: int
    name: str
    rate: float
    old_rate: float


@dataclass(frozen=True, slots=True)
class OldCode:
    """What reading a notebook for old code found.

    Attributes:
        notebook: The notebook with everything translated that can be; cells without old code are the same objects.
        found: Every piece of old code, by cell and line.
        slow: Optimizers at a rate with which training goes nowhere, as it stands in the original.
    """

    notebook: Notebook
    found: tuple[Translation, ...] = ()
    slow: tuple[SlowOptimizer, ...] = ()

    @property
    def applied(self) -> tuple[Translation, ...]:
        """What `notebook` has translated."""
        return tuple(one for one in self.found if one.applied)

    @property
    def left(self) -> tuple[Translation, ...]:
        """What `notebook` still has."""
        return tuple(one for one in self.found if not one.applied)

    @property
    def still_slow(self) -> tuple[SlowOptimizer, ...]:
        """The optimizers of `slow` that `notebook` still has at their default rate."""
        rated = [one for one in self.applied if one.before.startswith("optimizer=")]
        return tuple(
            slow
            for slow in self.slow
            if not any(one.cell_index == slow.cell_index and slow.name.lower() in one.before.lower() for one in rated)
        )

    def untranslated(self, notebook: Notebook) -> OldCode:
        """Return the same about the notebook that it was read from, in which nothing is translated."""
        return OldCode(notebook, tuple(replace(one, applied=False) for one in self.found), self.slow)
