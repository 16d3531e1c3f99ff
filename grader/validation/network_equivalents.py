"""Right answers of other sizes and with other preparations, if an assignment leaves them free."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.drafts import Draft
from grader.validation.mutants.structure import CODE_SIZE
from grader.validation.operators import Edit, Equivalent, TrainingLength

WHOLE: Final = TrainingLength.WHOLE


def _anomalies(old: str, new: str) -> Edit:
    return lambda draft: draft.instead(old, new) if draft.asks("average_precision") else None


def _detector(widths: tuple[int, ...], activation: str, *, code: int | None = None) -> Edit:
    """Give the fraud detector (64 and 32 units with elu in the solution) other layers on both sides."""

    def edit(draft: Draft) -> Draft | None:
        if not draft.asks("average_precision"):
            return None
        written = ['layers.Dense(64, activation="elu"),', 'layers.Dense(32, activation="elu"),']
        layers = [f'layers.Dense({units}, activation="{activation}"),' for units in widths]
        found: Draft | None = draft
        for old, new in zip(written, (*layers, ""), strict=False):
            found = None if found is None else found.instead(old, new)
        found = (
            None
            if found is None
            else found.instead('CODE_SIZE, activation="elu"', f'CODE_SIZE, activation="{activation}"')
        )
        if found is None or code is None:
            return found
        return found.instead("CODE_SIZE = 10", f"CODE_SIZE = {code}")

    return edit


def _code_of(size: int) -> Edit:
    """Give the code another size, if it is free and the facts hold results for that size."""

    def edit(draft: Draft) -> Draft | None:
        if not any(found.by_code_size for _, found in draft.facts.all_calibrated()):
            return None
        constant = next((found for cell in draft.code_cells if (found := CODE_SIZE.search(cell.source))), None)
        return None if constant is None else draft.instead(constant[0], f"CODE_SIZE = {size}")

    return edit


NETWORKS: Final = (
    Equivalent("code-of-2", message("a code of two numbers"), _code_of(2), WHOLE),
    Equivalent("code-of-7", message("a code of seven numbers"), _code_of(7), WHOLE),
    Equivalent("code-of-20", message("a code of twenty numbers"), _code_of(20), WHOLE),
    Equivalent("network-20-10-tanh", message("a narrow network with tanh"), _detector((20,), "tanh"), WHOLE),
    Equivalent("network-16-8-relu", message("a narrow network with relu"), _detector((16,), "relu", code=8), WHOLE),
    Equivalent("network-24-16-14-selu", message("a network with selu"), _detector((24, 16), "selu", code=14), WHOLE),
    Equivalent(
        "scaled-by-range",
        message("columns between 0 and 1"),
        _anomalies("Scaling(rows.mean(axis=0), rows.std(axis=0))", "Scaling(rows.min(axis=0), np.ptp(rows, axis=0))"),
        WHOLE,
    ),
    Equivalent(
        "plain-amount",
        message("the amount without its logarithm"),
        _anomalies("np.log1p(amount)", "amount"),
        WHOLE,
    ),
    Equivalent("time-kept", message("Time among the columns"), _anomalies("values[:, 1:29]", "values[:, :29]"), WHOLE),
)
"""Other code sizes; other layers and preparations of a fraud detector, if the assignment leaves them free."""
