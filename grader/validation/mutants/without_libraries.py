"""Wrong networks in NumPy."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import message
from grader.validation.operators import NO_OUTPUT_ACTIVATION, Edit, Mutant, TrainingLength

WHOLE: Final = TrainingLength.WHOLE


def _scratch(old: str, new: str) -> Edit:
    return lambda draft: draft.instead(old, new) if draft.asks("arrays") else None


MUTANTS: Final = (
    Mutant(
        "scratch-without-relu",
        message("no activation on the code"),
        _scratch("result = np.maximum(values, 0)", "result = values"),
        ("layers",),
        ("runs", "reconstruction"),
    ),
    Mutant(
        "scratch-without-sigmoid",
        NO_OUTPUT_ACTIVATION,
        _scratch("images = sigmoid(codes @ w2 + b2)", "images = codes @ w2 + b2"),
        ("layers",),
        ("runs", "reconstruction"),
    ),
    Mutant(
        "scratch-code",
        message("a code of as many numbers as pixels"),
        _scratch("CODE_SIZE = 32", "CODE_SIZE = 784"),
        ("code_size",),
        ("reconstruction", "runs"),
    ),
    Mutant(
        "scratch-no-step",
        message("a descent that changes nothing"),
        _scratch("array[...] = array + moving", "array[...] = array"),
        ("reconstruction",),
        ("runs",),
    ),
    Mutant(
        "scratch-uphill",
        message("gradients with the wrong sign"),
        _scratch("d_a2 = (output - images) / images.size", "d_a2 = (images - output) / images.size"),
        ("reconstruction",),
        ("runs", "layers", "arrays", "code_size"),
        WHOLE,
    ),
    Mutant(
        "forbidden-import",
        message("a library that the assignment does without"),
        lambda draft: draft.prepared("from sklearn.decomposition import PCA") if draft.assignment.imports else None,
        ("imports",),
        ("runs",),
    ),
)
"""Activations, codes, steps and imports that the lesson does not allow."""
