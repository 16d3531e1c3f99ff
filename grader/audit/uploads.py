"""Advice for honest notebooks that load their own weights, which are missing when they are graded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from grader.domain.datasets import datasets
from grader.domain.messages import Message, message
from grader.domain.run import CellError, RunRecord

OF_WEIGHTS: Final = (
    ".h5", ".hdf5", ".keras", ".weights", ".ckpt", ".index", ".npz", ".npy", ".pkl", ".pickle", ".joblib", ".pt",
    ".pth", ".tflite", ".pb",
)  # fmt: skip
"""Endings of the names of files that hold networks."""

_AROUND_NAMES: Final = str.maketrans(dict.fromkeys("'\"`,;()[]{}<>=", " "))


def lacking_weights(run: RunRecord, passed_over: Sequence[str]) -> Message | None:
    """Explain how to hand in a notebook that looked for a file of weights; None if it did not.

    Args:
        run: What was observed; the texts of its errors come from the kernel and affect only the wording.
        passed_over: Names of the files that were handed in beside it and are not laid beside it.
    """
    asked = next((name for error in run.errors for name in _files_in(error)), None)
    beside = next((name for name in passed_over if _is_of_weights(name)), None)
    name = asked or beside
    if name is None:
        return None
    return message(
        "The notebook works with weights from a file ({file}), and files of weights are not there when it is graded: "
        "nothing is fetched, and what was trained before is not accepted as training. Hand in the notebook with the "
        "cells that train. It is run from its first cell to its last, trains there, and is judged by that.",
        file=name,
    )


def _files_in(error: CellError) -> Iterator[str]:
    """Yield the files of weights that an error names, without their folders."""
    for word in f"{error.text} {error.line}".translate(_AROUND_NAMES).split():
        if _is_of_weights(word):
            yield word.replace("\\", "/").rpartition("/")[2][:80]


@cache
def _names_of_data() -> frozenset[str]:
    return frozenset(name for known in datasets().values() for name in known.file_names)


def _is_of_weights(name: str) -> bool:
    plain = name.lower().rstrip(".:")
    return plain.endswith(OF_WEIGHTS) and plain.replace("\\", "/").rpartition("/")[2] not in _names_of_data()
