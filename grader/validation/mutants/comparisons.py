"""Wrong comparisons of networks."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.drafts import Draft
from grader.validation.operators import Mutant

_INVENTED: Final = """def invented(numbers):
    return {name: invented(one) if isinstance(one, dict) else one / 2 for name, one in numbers.items()}


comparison = invented(comparison)"""


def _invented(draft: Draft) -> Draft | None:
    return draft.after_statement("comparison = {", _INVENTED) if draft.asks("comparison") else None


def _one_network(draft: Draft) -> Draft | None:
    return draft.instead('NAMES = ("sgd", "adam", "adadelta")', 'NAMES = ("adam",)') or (
        draft.instead('NAMES = ("mse", "mae", "binary_crossentropy")', 'NAMES = ("mse",)')
    )


MUTANTS: Final = (
    Mutant("numbers-invented", message("a table with numbers of its own"), _invented, ("comparison",)),
    Mutant(
        "one-network", message("a comparison of one network"), _one_network, ("comparison",), ("runs", "reconstruction")
    ),
)
"""Missing or wrong tables and networks."""
