"""Models of a notebook besides the three graded ones: input and output sizes, training, shared layers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import Message, message, verbatim
from grader.notebook.exercises.exercise import COMPILE_AND_FIT, LOOK_AT_SCALE, NOTHING, Names, finding
from grader.notebook.namespace import holds, identities, is_model, steps_of

Size = int | None
"""Size of a sample; None if any size is accepted."""


def sized(names: Names, name: str, *, takes: Size, gives: Size, hint: Message) -> Iterator[Finding]:
    """Yield a finding if a variable is no model, or its input or output size is wrong."""
    model = names[name]
    if not is_model(model):
        yield finding(name, message("a Keras model"), verbatim(type(model).__name__), hint=hint)
        return
    for place, wanted in (("input_shape", takes), ("output_shape", gives)):
        shape = getattr(model, place, None)
        numbers = _numbers(shape)
        if wanted is not None and numbers is not None and numbers != wanted:
            expected, actual = message("{count} numbers", count=wanted), message("{count} numbers", count=numbers)
            yield finding(f"{name}.{place}", expected, actual, hint=hint)


def joined(names: Names, whole: str, parts: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a finding if a model is not made of its parts' layers."""
    for part in parts:
        if not holds(names[whole], names[part]):
            expected, actual = message("it uses {model}", model=f"`{part}`"), message("it has layers of its own")
            hint = message("Chain the very models of the notebook, and no new copies.")
            yield finding(whole, expected, actual, why=_TRAINED_TOGETHER, hint=hint)


def separate(names: Names, one: str, other: str, *, why: Message) -> Iterator[Finding]:
    """Yield a finding if two models share weights."""
    if identities(names[one]) & identities(names[other]):
        expected = message("weights of its own")
        actual = message("it shares layers with {model}", model=f"`{other}`")
        yield finding(one, expected, actual, why=why, hint=message("Build it anew."))


def trained(names: Names, name: str, history: str = "") -> Iterator[Finding]:
    """Yield a finding if a model has not learnt: no training step, or a loss that did not decrease."""
    if steps_of(names[name]) == 0:
        hint = COMPILE_AND_FIT
        yield finding(name, message("a trained model"), message("it was not trained yet"), hint=hint)
        return
    kept = names.get(history) if history else getattr(names[name], "history", None)
    recorded = getattr(kept, "history", None) or {}
    losses = np.asarray(recorded.get("loss", ()), dtype=float)
    if len(losses) > 1 and not (np.isfinite(losses).all() and losses[-1] < losses[0]):
        hint = LOOK_AT_SCALE
        fell = verbatim(f"{losses[0]:.4f} → {losses[-1]:.4f}")
        yield finding(history or name, message("a loss that falls"), fell, why=NOTHING, hint=hint)


def same_weights(one: Any, other: Any) -> bool:  # noqa: ANN401 - Keras models
    """Return whether two models have equal weights in the same order."""
    ours, theirs = one.get_weights(), other.get_weights()
    return len(ours) == len(theirs) and all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def _numbers(shape: object) -> int | None:
    lengths = shape[1:] if isinstance(shape, tuple) else ()
    return math.prod(lengths) if lengths and all(isinstance(length, int) for length in lengths) else None


_TRAINED_TOGETHER = message("Only shared layers learn when the whole is trained.")
