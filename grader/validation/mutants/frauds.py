"""Wrong fraud detectors."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.drafts import Draft
from grader.validation.operators import Edit, Mutant, TrainingLength

WHOLE: Final = TrainingLength.WHOLE


def _fraud(old: str, new: str) -> Edit:
    return lambda draft: draft.instead(old, new) if draft.asks("average_precision") else None


def _label_among_features(draft: Draft) -> Draft | None:
    """Keep the label; a column that is constant for normal rows is not scaled, as in scikit-learn's scaler."""
    leaky = _fraud("np.log1p(amount)])", 'values[:, [COLUMNS.index("Class")]]])')(draft)
    if leaky is None:
        return None
    return leaky.instead("rows.std(axis=0))", "np.where(rows.std(axis=0) == 0, 1, rows.std(axis=0)))")


MUTANTS: Final = (
    Mutant(
        "trained-on-frauds",
        message("trained on frauds alone"),
        _fraud('COLUMNS.index("Class")] == 0]', 'COLUMNS.index("Class")] == 1]'),
        ("average_precision",),
        ("features",),
        WHOLE,
    ),
    Mutant(
        "label-among-features",
        message("the label among the columns"),
        _label_among_features,
        ("features", "average_precision"),
        training=WHOLE,
    ),
    Mutant(
        "too-few-columns",
        message("half of the columns"),
        _fraud("values[:, 1:29]", "values[:, 1:15]"),
        ("features", "average_precision"),
        ("bottleneck", "models", "shapes"),
        WHOLE,
    ),
    Mutant(
        "columns-not-scaled",
        message("columns of very different size"),
        _fraud("return ((rows - self.mean) / self.deviation).astype(np.float32)", "return rows.astype(np.float32)"),
        ("average_precision",),
        ("features",),
        WHOLE,
    ),
)
"""Wrong rows, columns and scalings."""
