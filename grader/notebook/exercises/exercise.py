"""One step of a notebook, judged by the results of the student's function for inputs with known results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from grader.domain.grade import CheckResult, Finding, Outcome
from grader.domain.messages import Message, MessageValue, message, verbatim

WHY_PIXELS: Final = message("A pixel lies between 0 and 1.")


COMPILE_AND_FIT: Final = message("Compile it and call its `fit`.")


LOOK_AT_SCALE: Final = message("Look at the scale of the data, at the target, and at the rate of the optimizer.")


Names = Mapping[str, Any]
"""The notebook's variables; their content is the student's and can be anything."""

Judge = Callable[[Names], Iterator[Finding]]

NOTHING: Final = verbatim("")
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Exercise:
    """A step.

    Attributes:
        name: What it is asked for, and the name of its cell.
        title: What is checked.
        needs: Names that the notebook must have by then.
        judge: Yields a finding for everything that is wrong.
    """

    name: str
    title: Message
    needs: tuple[str, ...]
    judge: Judge


def judged(exercise: Exercise, names: Names) -> tuple[CheckResult | None, tuple[Message, ...]]:
    """Judge a step; if it is not done yet, return no result and a sentence that says so.

    Args:
        exercise: The step.
        names: The notebook's variables. Functions are called with arrays of ours, so that nothing of the notebook's
            changes.
    """
    missing = [name for name in exercise.needs if name not in names]
    if missing:
        return None, (message("Not there yet: {names}. Run the cell that makes it.", names=", ".join(missing)),)
    try:
        with _generators_put_back(names):
            findings = tuple(exercise.judge(names))
    except NotImplementedError:
        return None, (message("{name}: not written yet.", name=exercise.name),)
    except Exception as error:  # noqa: BLE001 - a student's function may raise anything, and that is what is wrong with it
        findings = (_raised(exercise, error),)
    outcome = Outcome.FAILED if findings else Outcome.PASSED
    said = message("Something is not right yet.") if findings else message("It gives the answers that are known.")
    return CheckResult(exercise.name, outcome, 0.0, 0.0, said, findings), ()


@contextmanager
def _generators_put_back(names: Names) -> Iterator[None]:
    """Restore the notebook's random generators: a check must not change later results."""
    generators = [thing for thing in list(names.values()) if isinstance(thing, np.random.Generator)]
    states = [one.bit_generator.state for one in generators]
    try:
        yield
    finally:
        for one, state in zip(generators, states, strict=True):
            one.bit_generator.state = state


def differing(where: str, given: object, wanted: np.ndarray, *, why: Message, hint: Message) -> Iterator[Finding]:
    """Yield a finding if an array differs from the known one: another shape, or other numbers."""
    array = given if isinstance(given, np.ndarray | float | int | np.number) else None
    if array is None:
        yield finding(where, message("an array of numbers"), verbatim(type(given).__name__), why=why, hint=hint)
        return
    shape = np.shape(array)
    if shape != wanted.shape:
        expected = message("the shape {shape}", shape=str(wanted.shape))
        yield finding(where, expected, message("the shape {shape}", shape=str(shape)), why=why, hint=hint)
        return
    off = ~np.isclose(np.asarray(array, dtype=float), wanted, rtol=1e-4, atol=1e-6)
    if off.any():
        place = tuple(int(number) for number in np.argwhere(off)[0]) if shape else ()
        ours, theirs = float(wanted[place]), float(np.asarray(array)[place])
        at = message("{number:.6g} at {place}", number=ours, place=str(place)) if place else verbatim(f"{ours:.6g}")
        yield finding(where, at, verbatim(f"{theirs:.6g}"), why=why, hint=hint)


def finding(where: str, expected: Message, actual: Message, *, why: Message = NOTHING, hint: Message) -> Finding:
    """Build a finding about a function or a variable, with the notebook's name for it."""
    return Finding(verbatim(f"`{where}`"), expected, actual, why, hint)


def _raised(exercise: Exercise, error: Exception) -> Finding:
    text = f"{type(error).__name__}: {error}"[:_LONGEST]
    return finding(
        exercise.name,
        message("an answer"),
        verbatim(text),
        why=message("It was called with small arrays of the right shapes."),
        hint=message("Call it yourself in a new cell, with two or three rows, and print the shapes on the way."),
    )


def one_an_epoch(*, count: MessageValue) -> Message:
    """State the number of losses of a training."""
    return message("{count} numbers, one an epoch", count=count)
