"""Several training steps in one execution, with the same numbers as single steps.

Keras can join steps (`steps_per_execution`), but only in whole executions: if the data repeat, it trains more steps
than asked for, and the model shows the setting to the notebook. Here the number of steps in an execution is a tensor,
chosen by their duration and never larger than the remaining number; the model's attributes stay as the notebook set
them.

`patch_trainer` gives Keras an iterator that returns `Steps` (several batches of one iterator) instead of single
batches, and a `train_function` that accepts them. Both behave as usual if no steps are to be joined.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Protocol

MOST_STEPS = 1024
FIRST_STEPS = 8
SECONDS_AN_EXECUTION = 0.25
"""Target duration of an execution: a shorter one adds overhead, a much longer one delays an interrupt."""

_DRAWS_IN_ORDER = frozenset({
    "Multinomial", "ParameterizedTruncatedNormal", "RandomGamma", "RandomPoisson", "RandomPoissonV2", "RandomShuffle",
    "RandomStandardNormal", "RandomUniform", "RandomUniformInt", "TruncatedNormal",
})  # fmt: skip
"""Operations with a random generator for each position in a graph: another graph draws other numbers."""

_LEAVES_THE_GRAPH = frozenset({"EagerPyFunc", "PyFunc", "PyFuncStateless"})


class Steps:
    """Several batches of an iterator, trained or evaluated in one execution.

    Args:
        batches: Keras's iterator of a `tf.data` data set.
        count: Number of batches.
    """

    def __init__(self, batches: Any, count: int) -> None:
        self.batches = batches
        self.count = count

    def __next__(self) -> Any:
        """Return one batch, for callers that build a model with it."""
        return next(self.batches)


class Pace:
    """Chooses the number of steps for an execution of about a quarter of a second.

    Args:
        most: Most steps at once; 1 if a callback needs every step.
    """

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.most = most
        self._next = min(FIRST_STEPS, most)
        self._traced = False

    def next_count(self, left: int) -> int:
        """Return how many steps to do at once."""
        return min(left, self._next)

    def done(self, count: int, seconds: float) -> None:
        """Choose the next number; the first execution includes the tracing and is ignored."""
        if not self._traced:
            self._traced = True
            return
        wanted = int(SECONDS_AN_EXECUTION * count / max(seconds, 1e-6))
        self._next = max(1, min(self.most, 4 * self._next, wanted))


class FitPace(Pace):
    """The course of one call of `fit`.

    Attributes:
        validation: The course of its validation.
    """

    def __init__(self, most: int = MOST_STEPS) -> None:
        super().__init__(most)
        self.validation = Pace(most)

    def validated(self, evaluate: Callable[[], Any]) -> Any:
        """Return the numbers of a validation."""
        return evaluate()

    def reported_logs(self, numbers: Any) -> Any:
        """Return the numbers of an epoch, or of a validation within it, for the notebook."""
        return numbers


class FitPaces(Protocol):
    """The calls of `fit` and `evaluate` in progress."""

    def take(self) -> Pace | None:
        """Return, once, the course of the `fit` or `evaluate` that is about to create its iterator; else None."""
        ...

    def of(self, model: Any) -> FitPace | None:
        """Return the course of a model in training, None for any other model."""
        ...


def patch_trainer(module: ModuleType, courses: FitPaces) -> None:
    """Let `fit` and the validation within it do several steps at once.

    Args:
        module: `keras.src.backend.tensorflow.trainer`.
        courses: The course of each call of `fit`.
    """
    trainer = module.TensorFlowTrainer
    make, evaluate, numbers = trainer._make_function, trainer.evaluate, trainer._get_metrics_result_or_logs

    class JoiningIterator(module.TFEpochIterator):  # type: ignore[name-defined]
        """Keras's iterator over the batches of an epoch, which returns some of them together."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.course = courses.take()

        def _enumerate_iterator(self) -> Iterator[tuple[int, int, Any]]:
            single = super()._enumerate_iterator()
            return single if self.course is None else _joined(single, self, self.course)

    @functools.wraps(make)
    def make_function(model: Any, step: Any) -> Any:
        return JoiningFunction(model, step, make(model, step))

    @functools.wraps(evaluate)
    def evaluate_faster(model: Any, *args: Any, **kwargs: Any) -> Any:
        course = courses.of(model) if kwargs.get("_use_cached_eval_dataset") else None
        if course is None:
            return evaluate(model, *args, **kwargs)
        if isinstance(model.test_function, JoiningFunction | None):
            model._eval_epoch_iterator.course = course.validation
        return course.validated(lambda: evaluate(model, *args, **kwargs))

    @functools.wraps(numbers)
    def numbers_of_epoch(model: Any, logs: Any) -> Any:
        course = courses.of(model)
        found = numbers(model, logs)
        return found if course is None else course.reported_logs(found)

    module.TFEpochIterator = JoiningIterator  # type: ignore[attr-defined]
    trainer._make_function, trainer.evaluate = make_function, evaluate_faster
    trainer._get_metrics_result_or_logs = numbers_of_epoch


def _joined(single: Iterator[tuple[int, int, Any]], epoch: Any, pace: Pace) -> Iterator[tuple[int, int, Any]]:
    """Join steps of an epoch; Keras's own iterator counts them, and is never asked for more than are used."""
    total = epoch.steps_per_epoch or epoch._num_batches
    if not total:  # the number of steps is unknown
        yield from single
        return
    done = 0
    while done < total and (wanted := pace.next_count(total - done)):
        pulled = list(itertools.islice(single, wanted))
        if not pulled:
            return
        began = time.perf_counter()
        yield pulled[0][0], pulled[-1][1], Steps(pulled[-1][2], len(pulled))
        pace.done(len(pulled), time.perf_counter() - began)
        done += len(pulled)
    if done >= total:  # let Keras do its work after an epoch
        yield from single


class JoiningFunction:
    """A `train_function` or `test_function` that does one step like Keras's own, and as many as `Steps` contains.

    Args:
        model: The model to train or test.
        step: `model.train_step` or `model.test_step`.
        single: Keras's own function for one step.
    """

    def __init__(self, model: Any, step: Any, single: Callable[[Any], Any]) -> None:
        self._model, self._step, self._single = model, step, single
        self._many: Callable[[Any, Any], Any] | None = None
        self._tried = False

    def __call__(self, batches: Any) -> Any:
        """Do the steps, and return what the last of them returned."""
        if not isinstance(batches, Steps):
            return self._single(batches)
        many = self._traced(batches)
        if many is not None:
            import tensorflow as tf

            return many(batches.batches, tf.constant(batches.count))
        logs = None
        for _ in range(batches.count):
            logs = self._single(batches.batches)
        return logs

    def _traced(self, batches: Steps) -> Callable[[Any, Any], Any] | None:
        """Return the function of many steps, None if its numbers would differ or it cannot be made."""
        import tensorflow as tf

        if not self._tried:
            self._tried = True
            many = _many_steps(self._model, self._step)
            try:
                traced = many.get_concrete_function(batches.batches, tf.TensorSpec((), tf.int32))
            except Exception:  # a student's step that fails in a loop may work by itself
                return None
            if not _operations(traced.graph) & (_DRAWS_IN_ORDER | _LEAVES_THE_GRAPH):
                self._many = many
        return self._many


def _many_steps(model: Any, step: Any) -> Any:
    """Return a TensorFlow function of an iterator and a number of steps, with the step compiled as Keras does it."""
    import tensorflow as tf

    plain = tf.autograph.experimental.do_not_convert

    def one(data: Any) -> Any:
        return model.distribute_strategy.run(step, args=(data,))

    compiled = tf.function(plain(one), reduce_retracing=True, jit_compile=model.jit_compile)
    next_step = model._autoconvert_optionals(compiled)

    def many(batches: Any, count: Any) -> Any:
        first = next_step(batches.get_next())
        _, logs = tf.while_loop(
            lambda done, _: tf.less(done, count),
            lambda done, _: (done + 1, next_step(batches.get_next())),
            (tf.constant(1), first),
            parallel_iterations=1,
        )
        return logs

    return tf.function(plain(many), reduce_retracing=True)


def _operations(graph: Any) -> set[str]:
    """Return the kinds of all operations of a graph and of the functions that it calls."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
    return {node.op for node in nodes}
