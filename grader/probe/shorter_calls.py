"""Cheaper calls of `evaluate` and `predict`: several steps per execution, and less work after an early end.

Joined steps give the same numbers. After a training was ended early the numbers of later cells are not those of a whole
training anyway, so `evaluate` takes some of the rows, spread evenly, and `predict` takes larger batches; what they
return has the same form. The grader reads neither, and runs the whole notebook again if a point is missing.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol

from .acceptance import spread_evenly
from .joined_steps import JoiningFunction, Pace

ROWS = 2000
BATCH = 256
STEPS_BEFORE_IT_PAYS = 300
"""Shorter evaluations end before a second function has been traced."""

_USUAL_BATCH = 32


class Fits(Protocol):
    """What is known of the trainings of a notebook."""

    @property
    def ended_early(self) -> bool:
        """Whether a training was ended early."""
        ...

    def joins(self, model: Any) -> bool:
        """Return whether steps of a model may be joined."""
        ...

    def offer(self, pace: Pace | None) -> None:
        """Give the next iterator its pace, or take an unused one back."""
        ...


def patch_calls(trainer: Any, fits: Fits) -> None:
    """Make `evaluate` and `predict` of a trainer cheaper.

    Args:
        trainer: Keras's `TensorFlowTrainer`.
        fits: What is known of the trainings.
    """
    evaluate, predict = trainer.evaluate, trainer.predict

    @functools.wraps(evaluate)
    def evaluate_less(model: Any, *args: Any, **kwargs: Any) -> Any:
        if "_use_cached_eval_dataset" in kwargs:  # a validation within `fit`
            return evaluate(model, *args, **kwargs)
        asked = _bound(evaluate, model, args, kwargs)
        if asked is None:
            return evaluate(model, *args, **kwargs)
        if fits.ended_early:
            asked |= _some_rows(asked)
        pace = Pace() if _pays(asked) and fits.joins(model) and _joins_tests(model) else None
        fits.offer(pace)
        try:
            return evaluate(model, **asked)
        finally:
            fits.offer(None)

    @functools.wraps(predict)
    def predict_faster(model: Any, *args: Any, **kwargs: Any) -> Any:
        asked = _bound(predict, model, args, kwargs) if fits.ended_early else None
        if asked is None or asked["batch_size"] is not None or asked["callbacks"] or not _is_array(asked["x"]):
            return predict(model, *args, **kwargs)
        return predict(model, **asked | {"batch_size": BATCH})

    trainer.evaluate, trainer.predict = evaluate_less, predict_faster


def _bound(function: Callable[..., Any], model: Any, args: Any, kwargs: Any) -> dict[str, Any] | None:
    """Return the arguments after the model, by name; None if they are invalid: the function itself reports that."""
    try:
        bound = inspect.signature(function).bind(model, *args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    asked = dict(bound.arguments)
    asked.pop("self")
    return None if asked.pop("kwargs", None) else asked


def _some_rows(asked: dict[str, Any]) -> dict[str, Any]:
    """Return inputs and targets with some of their rows, nothing if the call is unusual."""
    x, y = asked["x"], asked["y"]
    usual = _is_array(x) and (y is None or (_is_array(y) and len(y) == len(x))) and len(x) > ROWS
    if not usual or any(asked[name] is not None for name in ("sample_weight", "steps", "callbacks")):
        return {}
    places = spread_evenly(len(x), ROWS)
    return {"x": x[places], "y": None if y is None else x[places] if y is x else y[places]}


def _pays(asked: dict[str, Any]) -> bool:
    """Return whether an evaluation without callbacks takes many steps."""
    length = getattr(asked["x"], "shape", None)
    if not length or length[0] is None or asked["steps"] is not None or asked["callbacks"]:
        return False
    return int(length[0]) >= STEPS_BEFORE_IT_PAYS * (asked["batch_size"] or _USUAL_BATCH)


def _joins_tests(model: Any) -> bool:
    """Return whether the function that tests a step is ours."""
    own = {"make_test_function", "evaluate"} & {*vars(model)}
    return isinstance(model.test_function, JoiningFunction | None) and not own


def _is_array(value: Any) -> bool:
    import numpy as np

    return type(value) is np.ndarray and value.ndim > 1
