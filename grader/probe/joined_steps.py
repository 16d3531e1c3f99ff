"""Several training steps in one execution, with the numbers that single steps give.

Keras can do so itself (`steps_per_execution`), but counts in whole executions: it trains more steps than asked for
where the data repeat, and the model tells everybody. Here the number of steps of an execution is a tensor, chosen by
how long they take and never more than are left; the model's own attributes stay as the notebook set them.

`patch_trainer` gives Keras an iterator that hands out `Steps` (so many batches of one iterator) instead of single
batches, and a `train_function` that understands them. Both do what they always do where nobody asked for more.
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
"""Executions are made about so long: much less costs, much more makes an interrupt wait."""

_DRAWS_IN_ORDER = frozenset({
    "Multinomial", "ParameterizedTruncatedNormal", "RandomGamma", "RandomPoisson", "RandomPoissonV2", "RandomShuffle",
    "RandomStandardNormal", "RandomUniform", "RandomUniformInt", "TruncatedNormal",
})  # fmt: skip
"""Operations with a generator of their own for each place in a graph: another graph draws other numbers."""

_LEAVES_THE_GRAPH = frozenset({"EagerPyFunc", "PyFunc", "PyFuncStateless"})


class Steps:
    """So many batches of an iterator, trained or evaluated in one execution.

    Args:
        batches: Keras's iterator of a `tf.data` data set.
        count: How many.
    """

    def __init__(self, batches: Any, count: int) -> None:
        self.batches = batches
        self.count = count

    def __next__(self) -> Any:
        """Return one batch, for who builds a model by it."""
        return next(self.batches)


class Pace:
    """Chooses how many steps make an execution of about a quarter of a second.

    Args:
        most: Never more at once; 1 where a callback wants to see every step.
    """

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.most = most
        self._next = min(FIRST_STEPS, most)
        self._traced = False

    def next_count(self, left: int) -> int:
        """Return how many steps shall be done at once."""
        return min(left, self._next)

    def done(self, count: int, seconds: float) -> None:
        """Choose the next number; the first execution, which holds the tracing, tells nothing."""
        if not self._traced:
            self._traced = True
            return
        wanted = int(SECONDS_AN_EXECUTION * count / max(seconds, 1e-6))
        self._next = max(1, min(self.most, 4 * self._next, wanted))


class FitPace(Pace):
    """How one call of `fit` goes on.

    Attributes:
        validation: How its validation goes on.
    """

    def __init__(self, most: int = MOST_STEPS) -> None:
        super().__init__(most)
        self.validation = Pace(most)

    def validated(self, evaluate: Callable[[], Any]) -> Any:
        """Return the numbers of a validation."""
        return evaluate()

    def reported_logs(self, numbers: Any) -> Any:
        """Return the numbers of an epoch, or of a validation within it, as the notebook gets them."""
        return numbers


class FitPaces(Protocol):
    """Which calls of `fit` are going on."""

    def take(self) -> FitPace | None:
        """Return the course of the `fit` that is about to make its iterator, once; else None."""
        ...

    def of(self, model: Any) -> FitPace | None:
        """Return the course of a model that is being trained, None for any other."""
        ...


def patch_trainer(module: ModuleType, courses: FitPaces) -> None:
    """Let `fit` and the validation within it do several steps at once.

    Args:
        module: `keras.src.backend.tensorflow.trainer`.
        courses: How each call of `fit` goes on.
    """
    trainer = module.TensorFlowTrainer
    make, evaluate, numbers = trainer._make_function, trainer.evaluate, trainer._get_metrics_result_or_logs

    class JoiningIterator(module.TFEpochIterator):  # type: ignore[name-defined]
        """Keras's iterator over the batches of an epoch, some of which it hands out together."""

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
    """Put steps of an epoch together; Keras's own iterator keeps count, and is never asked for more than is used."""
    total = epoch.steps_per_epoch or epoch._num_batches
    if not total:  # nobody knows how many there are
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
    if done >= total:  # let Keras do what it does after an epoch
        yield from single


class JoiningFunction:
    """A `train_function` or `test_function` that does one step like Keras's own, and as many as `Steps` says.

    Args:
        model: Whose step it is.
        step: `model.train_step` or `model.test_step`.
        single: What Keras made of it.
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
        """Return the function of many steps, None where it would not give the same numbers or cannot be made."""
        import tensorflow as tf

        if not self._tried:
            self._tried = True
            many = _many_steps(self._model, self._step)
            try:
                traced = many.get_concrete_function(batches.batches, tf.TensorSpec((), tf.int32))
            except Exception:  # what a student's step cannot do in a loop it may well do by itself
                return None
            if not _operations(traced.graph) & (_DRAWS_IN_ORDER | _LEAVES_THE_GRAPH):
                self._many = many
        return self._many


def _many_steps(model: Any, step: Any) -> Any:
    """Return a TensorFlow function of an iterator and a number of steps, the step itself compiled as Keras does."""
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
