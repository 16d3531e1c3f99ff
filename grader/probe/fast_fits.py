"""Speeds up calls of `fit`, unnoticed by the notebook: several steps per execution, and an early end.

Calls of `evaluate` and `predict` become cheaper as well (`shorter_calls.py`).

Only ordinary trainings are accelerated; everything else runs exactly as in Keras. Joined steps require Keras's own
training loop (`train_step` may be the notebook's) and callbacks that do not observe single steps.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from . import patience
from .acceptance import AcceptingPace, EarlyEndTerms
from .fit_record import FitRecord
from .joined_steps import MOST_STEPS, FitPace, JoiningFunction, Pace, patch_trainer
from .shorter_calls import patch_calls

_HOOKS_OF_STEPS = (
    "on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end", "on_test_batch_begin",
    "on_test_batch_end",
)  # fmt: skip
_ONLY_SHOWS = frozenset({"ProgbarLogger", "History"})
_STEPS_BEFORE_IT_PAYS = 60
"""Shorter trainings end before a second function has been traced."""


class FastFits:
    """The calls of `fit` in progress.

    Args:
        terms: When a training may end before its last epoch; None if none may.
    """

    def __init__(self, terms: EarlyEndTerms | None = None) -> None:
        self._terms = terms
        self._going_on: list[tuple[Any, FitPace]] = []
        self._waiting: Pace | None = None
        self._accepted_once: list[Any] = []
        self._trainer: ModuleType | None = None

    @classmethod
    def asked(cls, settings: Mapping[str, Any]) -> FastFits:
        """Return the acceleration that the grader's settings ask for (`grader.domain.acceleration`)."""
        terms = settings.get("terms")
        return cls(None if terms is None else EarlyEndTerms(**terms))

    def patch(self, module: ModuleType) -> None:
        """Patch the trainer.

        Args:
            module: `keras.src.backend.tensorflow.trainer`.
        """
        patch_trainer(module, self)
        patch_calls(module.TensorFlowTrainer, self)
        self._trainer = module

    @property
    def ended_early(self) -> bool:
        """Whether a training was ended early."""
        return bool(self._accepted_once)

    def joins(self, model: Any) -> bool:
        """Return whether steps of a model may be joined: nothing about its loop is the notebook's own."""
        try:
            return self._trainer is not None and self._has_ordinary_loop(model)
        except Exception:  # a model that was never compiled: `evaluate` itself reports that
            return False

    def offer(self, pace: Pace | None) -> None:
        """Give the next iterator its pace, or take an unused one back."""
        self._waiting = pace

    def take(self) -> Pace | None:
        """Return, once, the course of the `fit` or `evaluate` that is about to create its iterator; else None."""
        course, self._waiting = self._waiting, None
        return course

    def of(self, model: Any) -> FitPace | None:
        """Return the course of a model in training, None for any other model."""
        return next((course for one, course in self._going_on if one is model), None)

    def around(self, fit: Callable[..., Any], record: FitRecord) -> Callable[..., Any]:
        """Return a `fit` that needs fewer executions, and fewer epochs if the terms allow it."""

        @functools.wraps(fit)
        def fast_fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            course = self._course(fit, model, args, kwargs, record)
            if course is None:
                return fit(model, *args, **kwargs)
            record.joined = True
            with self._during(model, course):
                history = fit(model, *args, **kwargs)
            if isinstance(course, AcceptingPace) and course.ended_early:
                record.accepted_after = course.steps_done
                self._accepted_once.append(model)
            return history

        return fast_fit

    @contextmanager
    def _during(self, model: Any, course: FitPace) -> Iterator[None]:
        self._going_on.append((model, course))
        self._waiting = course
        try:
            yield
        finally:
            self._waiting = None
            self._going_on.pop()

    def _course(
        self, fit: Callable[..., Any], model: Any, args: Sequence[Any], kwargs: Mapping[str, Any], record: FitRecord
    ) -> FitPace | None:
        """Return the course of this call of `fit`, None if it runs unchanged."""
        try:
            bound = inspect.signature(fit).bind(model, *args, **kwargs)
            bound.apply_defaults()
            return self._chosen(model, bound.arguments, record)
        except Exception:  # for invalid arguments, `fit` itself reports the error
            return None

    def _chosen(self, model: Any, asked: Mapping[str, Any], record: FitRecord) -> FitPace | None:
        if self._trainer is None or not self._has_ordinary_loop(model) or not _has_known_length(asked):
            return None
        watching = [one for one in _callbacks(asked) if _looks_at_steps(one)]
        terms = self._terms if not any(model is known for known in self._accepted_once) else None
        if terms is not None and len(watching) == len([one for one in watching if _is_keras(one)]):
            course = AcceptingPace.of(terms, model, asked, record, most=1 if watching else MOST_STEPS)
            if course is not None:
                return course
        steps = _steps_asked(asked, record)
        return FitPace() if not watching and (steps is None or steps >= _STEPS_BEFORE_IT_PAYS) else None

    def _has_ordinary_loop(self, model: Any) -> bool:
        import tensorflow as tf

        trainer = self._trainer.TensorFlowTrainer  # type: ignore[union-attr]
        return (
            self.of(model) is None
            and model.steps_per_execution == 1
            and not model.run_eagerly
            and not tf.config.functions_run_eagerly()
            and not tf.distribute.has_strategy()
            and model._distribute_strategy is None
            and all(
                getattr(type(model), name) is getattr(trainer, name)
                for name in ("make_train_function", "make_test_function", "_make_function", "_symbolic_build")
                if hasattr(trainer, name)
            )
            and not {"train_function", "make_train_function", "fit"} & {*_own_functions(model)}
        )


def _own_functions(model: Any) -> Iterator[str]:
    """Yield the notebook's functions that replace the model's own."""
    if not isinstance(model.train_function, JoiningFunction | None):
        yield "train_function"
    yield from (name for name in ("make_train_function", "fit") if name in vars(model))


def _has_known_length(asked: Mapping[str, Any]) -> bool:
    """Return whether Keras knows the number of batches, and no code of the notebook makes them one by one."""
    x = asked["x"]
    if hasattr(x, "element_spec"):
        return hasattr(x, "cardinality") and (int(x.cardinality()) > 0 or asked["steps_per_epoch"] is not None)
    return getattr(x, "shape", None) is not None or (
        isinstance(x, list | tuple) and bool(x) and all(getattr(one, "shape", None) is not None for one in x)
    )


def _callbacks(asked: Mapping[str, Any]) -> list[Any]:
    import keras

    given = asked["callbacks"]
    if isinstance(given, keras.callbacks.CallbackList):
        return list(given.callbacks)
    return list(keras.tree.flatten(given)) if given else []


def _looks_at_steps(callback: Any) -> bool:
    """Return whether a callback does anything at single steps."""
    kind = type(callback).__name__
    if type(callback).__module__ == patience.__name__:  # it only checks the clock there, so a few more steps do no harm
        return False
    if _is_keras(callback) and (kind in _ONLY_SHOWS or getattr(callback, "save_freq", None) == "epoch"):
        return False
    hooks = (getattr(callback, name, None) for name in _HOOKS_OF_STEPS)
    return not all(getattr(hook, "_is_default", False) for hook in hooks)


def _is_keras(callback: Any) -> bool:
    return type(callback).__module__.startswith("keras.src.")


def _steps_asked(asked: Mapping[str, Any], record: FitRecord) -> int | None:
    """Return how many steps a training takes, None if unknown."""
    epochs = max(0, asked["epochs"] - asked["initial_epoch"])
    if asked["steps_per_epoch"] is not None:
        return epochs * int(asked["steps_per_epoch"])
    batch = record.batch_size or 32
    return -(-record.samples // batch) * epochs if record.samples else None
