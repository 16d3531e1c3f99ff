"""Restores a student's process after a check: random numbers, layers, automatic names.

Keras keeps names, seeds and settings per thread, so that a separate thread neither sees the student's nor changes them.
What all threads share is restored.
"""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any, Final, TypeVar

import numpy as np

Result = TypeVar("Result")

_CONNECTIONS: Final = ("_inbound_nodes", "_outbound_nodes")
"""Lists in which each layer keeps its symbolic calls; tracing a model of the student's own class adds to them."""


def apart(work: Callable[[], Result], models: Iterable[object]) -> Result:
    """Do some work in a separate thread and restore what it changed in this process.

    Args:
        work: What to do; whatever it raises is raised here.
        models: The student's Keras models, whose layers may be called symbolically.
    """
    with _put_back(models), _one_linear_algebra_thread(), ThreadPoolExecutor(1, "grader-check") as executor:
        return executor.submit(work).result()


def _one_linear_algebra_thread() -> AbstractContextManager[object]:
    """Limit NumPy's linear algebra to one thread, if possible: several would compete for the cores of a busy machine.

    `threadpoolctl` comes with scikit-learn; without it nothing is lost but time.
    """
    controller = _linear_algebra(frozenset(_BRING_THEIR_OWN & sys.modules.keys()))
    if controller is None:
        return nullcontext()
    limited: AbstractContextManager[object] = controller.limit(limits=1, user_api="blas")
    return limited


_BRING_THEIR_OWN: Final = frozenset({"numpy", "scipy", "sklearn", "tensorflow", "torch"})


@cache
def _linear_algebra(loaded: frozenset[str]) -> Any:  # noqa: ANN401, ARG001 - `loaded` is what the answer depends on
    """Return what sets the number of threads of this process's libraries, searched once because it takes a while."""
    try:
        return importlib.import_module("threadpoolctl").ThreadpoolController()
    except ImportError:
        return None


@contextmanager
def _put_back(models: Iterable[object]) -> Iterator[None]:
    connections = [(nodes, list(nodes)) for model in models for nodes in _connections(model)]
    random_state, array_state = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(random_state)
        np.random.set_state(array_state)
        for nodes, kept in connections:
            nodes[:] = kept


def _connections(model: object) -> Iterator[list[object]]:
    for layer in (model, *_layers(model)):
        for name in _CONNECTIONS:
            nodes = getattr(layer, name, None)
            if isinstance(nodes, list):
                yield nodes


def _layers(model: object) -> Iterable[object]:
    """Return every layer inside a model, at any depth."""
    listed: Callable[[], Iterable[object]] | None = getattr(model, "_flatten_layers", None)
    return () if listed is None else list(listed())
