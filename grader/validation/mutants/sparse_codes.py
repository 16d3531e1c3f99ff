"""Wrong sparse codes."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.concrete_syntax import with_keyword
from grader.validation.drafts import Draft
from grader.validation.operators import Edit, Mutant, TrainingLength, instead

WHOLE: Final = TrainingLength.WHOLE


_PENALTY: Final = "layers.ActivityRegularization(l1=penalty),"


def _on_the_weights(draft: Draft) -> Draft | None:
    edited = draft.instead(f"\n            {_PENALTY}", "")
    layer = None if edited is None else edited.code_layer()
    if edited is None or layer is None:
        return None
    return edited.with_layer(
        layer, lambda call: with_keyword(call, "kernel_regularizer", "keras.regularizers.L1(penalty)")
    )


def _rescaled(there: str, back: str) -> Edit:
    """Return an edit that removes the penalty, changes the numbers of the code and undoes that in the decoder."""

    def edit(draft: Draft) -> Draft | None:
        changed = draft.instead(_PENALTY, f"layers.Rescaling({there}),")
        first = None if changed is None else next(iter(changed.weighted(encoder=False)), None)
        if changed is None or first is None:
            return None
        return changed.beside(first, f"layers.Rescaling({back})", before=True)

    return edit


_BY_UNIT: Final = "np.geomspace({}, {}, CODE_SIZE).tolist()"


MUTANTS: Final = (
    Mutant(
        "no-penalty",
        message("no penalty on the code"),
        instead(f"\n            {_PENALTY}", ""),
        ("sparsity",),
        training=WHOLE,
    ),
    Mutant(
        "penalty-tiny",
        message("a penalty of 1e-14"),
        instead("PENALTY = 0.0001", "PENALTY = 1e-14"),
        ("sparsity",),
        training=WHOLE,
    ),
    Mutant(
        "penalty-on-weights",
        message("the penalty on the weights in the place of the code"),
        _on_the_weights,
        ("sparsity",),
        training=WHOLE,
    ),
    Mutant(
        "code-rescaled",
        message("no penalty, and a code multiplied by 0.001, which the decoder undoes"),
        _rescaled("0.001", "1000.0"),
        ("sparsity",),
        ("layers",),
        WHOLE,
    ),
    Mutant(
        "code-rescaled-by-unit",
        message("no penalty, and each unit of the code multiplied by a number of its own"),
        _rescaled(_BY_UNIT.format("1e-4", "1e-2"), _BY_UNIT.format("1e4", "1e2")),
        ("sparsity",),
        ("layers",),
        WHOLE,
    ),
    Mutant(
        "code-turned-round",
        message("no penalty, and a code that is shifted, turned round and made small"),
        _rescaled("-0.01, offset=0.005", "-100.0, offset=0.5"),
        ("sparsity",),
        ("layers",),
        WHOLE,
    ),
    Mutant(
        "penalty-huge",
        message("a penalty so large that nothing is learnt"),
        instead("PENALTY = 0.0001", "PENALTY = 10.0"),
        ("reconstruction",),
        ("sparsity", "bottleneck"),
        WHOLE,
    ),
)
"""Penalties that do nothing, or too much."""
