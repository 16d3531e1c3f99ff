"""Several steps in one execution: the same numbers, bit by bit, and nothing for a notebook to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from fast_trainings import WIDTH, both, fast_keras, images
from keras import layers

from grader.probe.joined_steps import MOST_STEPS, Pace

X = images()


def sequential() -> Any:
    model = keras.Sequential([
        keras.Input((WIDTH,)), layers.GaussianNoise(0.1), layers.Dense(4, "relu"), layers.Dropout(0.2),
        layers.BatchNormalization(), layers.Dense(WIDTH),
    ])  # fmt: skip
    model.compile("nadam", "mse", metrics=["mae"])
    return model


def functional() -> Any:
    image = keras.Input((WIDTH,))
    encoder = keras.Model(image, layers.Dense(3, activity_regularizer="l1")(image))
    code = keras.Input((3,))
    decoder = keras.Model(code, layers.Dense(WIDTH, "sigmoid")(code))
    model = keras.Model(image, decoder(encoder(image)))
    model.compile("adam", "binary_crossentropy")
    return model


class OwnSteps(keras.Model):
    """A subclass with layers made in `build`, a loss of its own and a `train_step` of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = keras.Sequential([layers.Dense(3, "relu"), layers.Dense(WIDTH)])
        self.seen_loss = keras.metrics.Mean(name="own")

    def call(self, x: Any) -> Any:
        self.add_loss(0.01 * keras.ops.mean(keras.ops.square(x)))
        return self.inner(x)

    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            loss = keras.ops.mean(keras.ops.square(y - self(x, training=True))) + sum(self.losses)
        self.optimizer.apply_gradients(
            zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights, strict=True)
        )
        self.seen_loss.update_state(loss)
        return {"own": self.seen_loss.result(), "last": loss}


def own_steps() -> Any:
    model = OwnSteps()
    model.compile("adam")
    return model


class Drawing(layers.Layer):
    """Noise by TensorFlow's own generator, whose numbers depend on the graph."""

    def call(self, x: Any, training: bool = False) -> Any:
        return x + tf.random.normal(tf.shape(x)) if training else x


def drawing() -> Any:
    model = keras.Sequential([keras.Input((WIDTH,)), Drawing(), layers.Dense(WIDTH)])
    model.compile("sgd", "mse")
    return model


def endless() -> Iterator[Any]:
    while True:
        yield X[:8], X[:8]


class Raises(keras.callbacks.Callback):
    """Ends a training in its third epoch."""

    def __init__(self, error: type[BaseException]) -> None:
        super().__init__()
        self._error = error

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            raise self._error


class Tells(keras.callbacks.Callback):
    """Records what it receives after each epoch."""

    def __init__(self, reported: list[Any]) -> None:
        super().__init__()
        self._events = reported

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._events.append(("begin", epoch, logs, self.model.steps_per_execution))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._events.append(("end", epoch, logs, int(self.model.optimizer.iterations)))

    def on_test_end(self, logs: Any = None) -> None:
        self._events.append(("test", logs))


def _dataset(*, batches: int = 26) -> Any:
    return tf.data.Dataset.from_tensor_slices((X, X)).shuffle(50).batch(4).take(batches)


JOINED: dict[str, tuple[Callable[[], Any], Callable[[Any, list[Any]], Any]]] = {
    "a Sequential with noise, dropout and batch statistics": (
        sequential,
        lambda m, reported: m.fit(
            X, X, epochs=4, batch_size=4, verbose=0, validation_data=(X[:50], X[:50]), callbacks=[Tells(reported)]
        ),
    ),
    "functional models with a penalty, weights of samples and a split": (
        functional,
        lambda m, _: m.fit(
            X, X, epochs=4, batch_size=4, verbose=0, sample_weight=X[:, 0], validation_split=0.2, validation_freq=2
        ),
    ),
    "a step, a metric and a loss of one's own, from the third epoch on": (
        own_steps,
        lambda m, _: m.fit(X, X, epochs=6, initial_epoch=2, batch_size=4, verbose=0),
    ),
    "a pipeline whose batches are no multiple of anything": (
        sequential,
        lambda m, _: m.fit(_dataset(batches=23), epochs=4, verbose=0),
    ),
    "an endless pipeline in steps that do not divide": (
        functional,
        lambda m, _: m.fit(_dataset().repeat(), epochs=3, steps_per_epoch=37, verbose=0),
    ),
    "a step that is compiled for the processor": (
        lambda: _compiled(functional()),
        lambda m, _: m.fit(X, X, epochs=3, batch_size=4, verbose=0),
    ),
    "an early stop": (
        sequential,
        lambda m, reported: m.fit(
            X, X, epochs=40, batch_size=4, verbose=0,
            callbacks=[keras.callbacks.EarlyStopping("loss", min_delta=1, patience=3), Tells(reported)],
        ),
    ),
    "an error in the middle": (
        functional,
        lambda m, _: m.fit(X, X, epochs=4, batch_size=4, verbose=0, callbacks=[Raises(ValueError)]),
    ),
    "an interrupt in the middle": (
        functional,
        lambda m, _: m.fit(X, X, epochs=4, batch_size=4, verbose=0, callbacks=[Raises(KeyboardInterrupt)]),
    ),
    "several calls, compiled anew in between": (
        sequential,
        lambda m, _: [
            m.fit(X, X, epochs=3, batch_size=4, verbose=0),
            m.fit(X, X, epochs=3, batch_size=4, verbose=0),
            m.compile("adam", "mae"),
            m.fit(X, X, epochs=3, batch_size=4, verbose=0),
        ],
    ),
}  # fmt: skip

AS_EVER: dict[str, tuple[Callable[[], Any], Callable[[Any, list[Any]], Any]]] = {
    "a callback that looks at single steps": (
        functional,
        lambda m, reported: m.fit(
            X, X, epochs=3, batch_size=4, verbose=0,
            callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: reported.append((batch, logs)))],
        ),
    ),
    "a generator": (functional, lambda m, _: m.fit(endless(), steps_per_epoch=30, epochs=3, verbose=0)),
    "steps together by the notebook's own wish": (
        lambda: _together(functional()),
        lambda m, _: m.fit(X, X, epochs=3, batch_size=4, verbose=0),
    ),
    "a training of a few steps": (functional, lambda m, _: m.fit(X, X, verbose=0)),
}  # fmt: skip


_QUICK = frozenset(
    {"a step, a metric and a loss of one's own, from the third epoch on", "a callback that looks at single steps"}
)


def _marked(what: str) -> Any:
    """Leave most of them to the slow suite: each traces the same functions twice."""
    return pytest.param(what, marks=() if what in _QUICK else pytest.mark.slow)


def _together(model: Any) -> Any:
    model.compile("adam", "mse", steps_per_execution=5)
    return model


def _compiled(model: Any) -> Any:
    model.compile("adam", "mse", jit_compile=True)
    return model


@pytest.mark.parametrize("what", [_marked(what) for what in JOINED])
def test_joined_steps_give_the_same_numbers_bit_by_bit(what: str) -> None:
    """History, weights, the optimizer's count, what callbacks receive and the error are those of single steps."""
    plain, fast, joined = both(*JOINED[what])
    assert fast == plain
    assert joined


@pytest.mark.parametrize("what", [_marked(what) for what in AS_EVER])
def test_what_counts_on_single_steps_is_trained_in_single_steps(what: str) -> None:
    """Nothing is joined that a notebook makes, sees or asks for step by step."""
    plain, fast, joined = both(*AS_EVER[what])
    assert fast == plain
    assert not joined


def test_noise_drawn_by_the_graph_is_the_same() -> None:
    """TensorFlow's own generators count by place in a graph, so their steps are done one by one."""
    plain, fast, _ = both(drawing, lambda m, _: m.fit(X, X, epochs=3, batch_size=4, verbose=0))
    assert fast == plain


@pytest.mark.slow
def test_a_model_of_the_notebooks_may_be_used_while_another_is_trained() -> None:
    """A callback that trains, evaluates and asks other models gets the same answers."""
    other = functional()

    class Asks(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            answers.append(self.model.predict(X, verbose=0).tobytes())
            answers.append(other.fit(X, X, batch_size=8, epochs=6, verbose=0).history)
            answers.append(self.model.evaluate(X, X, verbose=0))

    def train(model: Any, reported: list[Any]) -> None:
        nonlocal answers, other
        answers, other = reported, functional()
        model.fit(X, X, epochs=3, batch_size=4, verbose=0, callbacks=[Asks()], validation_data=(X, X))

    answers: list[Any] = []
    plain, fast, joined = both(sequential, train)
    assert fast == plain
    assert joined


@pytest.mark.slow
def test_the_last_line_of_progress_stays_in_form(capsys: pytest.CaptureFixture[str]) -> None:
    """Each epoch says its number, its steps and its losses."""
    with fast_keras():
        functional().fit(X, X, epochs=3, batch_size=4, validation_data=(X, X))
    printed = capsys.readouterr().out
    assert [f"Epoch {epoch}/3" in printed for epoch in (1, 2, 3)] == [True] * 3
    assert printed.count("26/26") >= 3
    assert printed.count("val_loss:") == 3


def test_the_pace_grows_to_a_quarter_of_a_second_and_keeps_within_what_is_left() -> None:
    """The first execution, which holds the tracing, says nothing; a slow step is done alone."""
    pace = Pace()
    assert (pace.next_count(100), pace.next_count(3)) == (8, 3)
    pace.done(8, 5.0)
    assert pace.next_count(100) == 8
    pace.done(8, 0.008)
    assert pace.next_count(100) == 32
    for _ in range(9):
        pace.done(pace.next_count(10**6), 1e-4)
    assert pace.next_count(10**6) == MOST_STEPS
    pace.done(1, 3.0)
    assert pace.next_count(100) == 1


@pytest.mark.slow
def test_what_is_trained_by_hand_is_left_alone() -> None:
    """`train_on_batch` takes one step, in a model that was fitted as well."""
    model = functional()
    with fast_keras():
        model.fit(X, X, epochs=3, batch_size=4, verbose=0)
        before = int(model.optimizer.iterations)
        model.train_on_batch(X[:4], X[:4])
    assert int(model.optimizer.iterations) == before + 1
    assert np.isfinite(model.evaluate(X, X, verbose=0))
