"""Notebooks that stop before their end."""

from __future__ import annotations

import re
from typing import Final

from grader.domain.messages import message
from grader.validation.drafts import Draft
from grader.validation.operators import LEARNT, Edit, Mutant


def _at_the_end(source: str) -> Edit:
    return lambda draft: draft.added(source)


def _after_training(source: str) -> Edit:
    return lambda draft: (
        draft.after_statement("autoencoder.fit(", source) or draft.after_statement("EPOCHS + 1", source)
    )


def _rest_unfinished(draft: Draft) -> Draft | None:
    """Stop after the two halves: the cell that joins them still raises, which causes errors in the cells below."""
    cell = next((one for one in draft.code_cells if re.search(r"^autoencoder = ", one.source, re.MULTILINE)), None)
    halves = [re.compile(rf"^{name} = ", re.MULTILINE) for name in ("encoder", "decoder")]
    before = "\n".join(one.source for one in draft.code_cells if one is not cell)
    if cell is None or draft.asks("comparison") or draft.asks("stages") or draft.asks("pretrained"):
        return None
    if not all(half.search(before) and not half.search(cell.source) for half in halves):
        return None
    return draft.with_source(cell.cell_id, 'raise NotImplementedError("Complete this cell")')


MUTANTS: Final = (
    Mutant(
        "rest-unfinished",
        message("a right encoder and decoder, and nothing after them"),
        _rest_unfinished,
        ("models", "composition"),
        (
            "runs",
            "bottleneck",
            "noise_layer",
            *LEARNT,
        ),
    ),
    Mutant(
        "error-at-the-end",
        message("a last cell that fails"),
        _at_the_end("raise ValueError('the plot does not work')"),
        ("runs",),
        always=True,
    ),
    Mutant(
        "own-exit",
        message("os._exit in the middle"),
        _after_training("import os\n\nos._exit(0)"),
        ("runs",),
        (
            "comparison",
            "classifier",
            "pretrained",
            "accuracy",
            "reconstruction",
            "stages",
            "models",
            "composition",
            "bottleneck",
            "code_size",
            "shapes",
            "layers",
            "arrays",
            "imports",  # counts where there are arrays
        ),
        always=True,
    ),
)
"""Notebooks that raise, end themselves, or are half done."""
