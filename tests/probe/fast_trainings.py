"""Trains the same tiny model twice, as Keras does it and by `FastFits`, and returns what a notebook can see of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import keras.src.backend.tensorflow.trainer as trainer_module
import numpy as np

from grader.probe.acceptance import EarlyEndTerms
from grader.probe.fast_fits import FastFits
from grader.probe.fits import FitTracker

SAMPLES, WIDTH = 103, 6


@dataclass
class Seen:
    """What is to be seen of a training: all of it must be equal, bit by bit."""

    history: dict[str, list[float]] = field(default_factory=dict)
    epochs: list[int] = field(default_factory=list)
    weights: list[bytes] = field(default_factory=list)
    iterations: int = 0
    steps_per_execution: int = 0
    error: str = ""
    reported: list[Any] = field(default_factory=list)


def images(seed: int = 0, samples: int = SAMPLES) -> np.ndarray:
    """Return rows of numbers in [0, 1]."""
    return np.random.default_rng(seed).random((samples, WIDTH), dtype=np.float32)


@contextmanager
def fast_keras(terms: EarlyEndTerms | None = None) -> Iterator[FitTracker]:
    """Patch Keras as a student's kernel has it, and put it back."""
    trainer = trainer_module.TensorFlowTrainer
    names = ("fit", "evaluate", "predict", "_make_function", "_get_metrics_result_or_logs")
    kept = {name: trainer.__dict__.get(name) for name in names}
    iterator = trainer_module.TFEpochIterator
    tracker = FitTracker(fast=FastFits(terms))
    assert tracker.fast is not None
    try:
        tracker.fast.patch(trainer_module)
        trainer.fit = tracker.wrap(trainer.fit)
        yield tracker
    finally:
        trainer_module.TFEpochIterator = iterator
        for name, function in kept.items():
            if function is None:
                delattr(trainer, name)
            else:
                setattr(trainer, name, function)


def seen(make: Callable[[], Any], train: Callable[[Any, list[Any]], Any]) -> Seen:
    """Make a model, train it, and return what is to be seen of it afterwards."""
    keras.utils.set_random_seed(7)
    model, found = make(), Seen()
    try:
        train(model, found.reported)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - as a notebook's next cell finds it
        found.error = type(error).__name__
    if getattr(model, "history", None) is not None:
        found.history, found.epochs = model.history.history, model.history.epoch
    found.weights = [np.asarray(variable).tobytes() for variable in model.variables]
    found.iterations = int(model.optimizer.iterations)
    found.steps_per_execution = model.steps_per_execution
    return found


def both(make: Callable[[], Any], train: Callable[[Any, list[Any]], Any]) -> tuple[Seen, Seen, bool]:
    """Train as Keras does and faster; return what was seen of each, and whether steps were really joined."""
    plain = seen(make, train)
    with fast_keras() as tracker:
        fast = seen(make, train)
    return plain, fast, any(record.joined for record in tracker.records)
