"""A training that has earned what it can earn ends early, and looks as if it had not; an unusual one never does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from fast_trainings import fast_keras
from keras import layers

from grader.probe.acceptance import EarlyEndTerms
from grader.probe.fit_record import FitRecord

WIDTH, SAMPLES, BATCH, EPOCHS = 6, 1003, 8, 12
STEPS = -(-SAMPLES // BATCH)
TERMS = EarlyEndTerms(
    target=0.05, same_target=True, noisy_layer=False, least_samples=500, most_epochs=60, most_seconds=10_000.0
)
"""Rows of noise have a variance of 1/12 = 0.083, which half of the numbers in the code can bring down to 0.042."""


def rows(samples: int = SAMPLES) -> np.ndarray:
    """Return rows that three numbers describe: six times the same three, in [0, 1]."""
    three = np.random.default_rng(1).random((samples, WIDTH // 2), dtype=np.float32)
    return np.concatenate([three, three], axis=1)


X = rows()


def model(**compiled: Any) -> Any:
    """Return an autoencoder that learns this within an epoch."""
    made = keras.Sequential([keras.Input((WIDTH,)), layers.Dense(4), layers.Dense(WIDTH)])
    made.compile(**{"optimizer": keras.optimizers.Adam(0.002), "loss": "mse"} | compiled)
    return made


def trained(made: Any, terms: EarlyEndTerms = TERMS, x: Any = X, y: Any = X, **asked: Any) -> tuple[Any, FitRecord]:
    """Train and return the history with what the probe noted."""
    with fast_keras(terms) as tracker:
        history = made.fit(x, y, **{"epochs": EPOCHS, "batch_size": BATCH, "verbose": 0} | asked)
    return history, tracker.records[0]


def test_an_accepted_training_looks_as_if_it_had_gone_on() -> None:
    """History, the optimizer's count, callbacks and progress have the length and form that they would have had."""
    reported: list[Any] = []

    class Tells(keras.callbacks.CSVLogger):
        """An ordinary callback that can be heard."""

        def __init__(self) -> None:
            super().__init__("/dev/null")

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            reported.append(("begin", epoch, logs))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            reported.append(("end", epoch, sorted(logs or {})))

        def on_train_end(self, logs: Any = None) -> None:
            reported.append(("over", sorted(logs or {})))

    Tells.__module__ = "keras.src.callbacks.csv_logger"
    Tells.__name__ = "CSVLogger"
    made = model(metrics=["mae"])
    history, record = trained(made, validation_data=(X[:300], X[:300]), callbacks=[Tells()])
    names = ["loss", "mae", "val_loss", "val_mae"]
    assert sorted(history.history) == names
    assert {name: len(numbers) for name, numbers in history.history.items()} == dict.fromkeys(names, EPOCHS)
    assert all(isinstance(number, float) for numbers in history.history.values() for number in numbers)
    assert history.history["val_loss"][-1] == history.history["val_loss"][-2] <= 0.05
    assert history.epoch == list(range(EPOCHS))
    assert int(made.optimizer.iterations) == EPOCHS * STEPS
    assert reported == [
        one for epoch in range(EPOCHS) for one in (("begin", epoch, {}), ("end", epoch, names))
    ] + [("over", names)]  # fmt: skip
    assert 0 < record.accepted_after < EPOCHS * STEPS
    assert (record.epochs, record.completed, record.joined) == (EPOCHS, True, True)
    assert (made.stop_training, made.steps_per_execution) == (False, 1)


@pytest.mark.slow
def test_the_error_at_the_end_is_that_of_the_estimate() -> None:
    """The model is as good as the terms ask, and no better than it had to be."""
    made = model()
    _, record = trained(made)
    error = float(np.mean((made.predict(X, verbose=0) - X) ** 2))
    assert record.accepted_after > 0
    assert 0.005 < error <= TERMS.target


def test_a_second_training_of_an_accepted_model_is_whole() -> None:
    """Who trains until an error is small must not be answered with a training that changes nothing, for ever."""
    made = model()
    with fast_keras(TERMS) as tracker:
        made.fit(X, X, epochs=4, batch_size=BATCH, verbose=0)
        made.fit(X, X, epochs=4, batch_size=BATCH, verbose=0)
    assert [record.accepted_after > 0 for record in tracker.records] == [True, False]


@pytest.mark.slow
def test_an_early_stop_ends_an_accepted_training_as_well() -> None:
    """Losses that stay the same end a training with early stopping."""
    stopping = keras.callbacks.EarlyStopping("loss", patience=2)
    history, record = trained(model(), callbacks=[stopping])
    assert record.accepted_after > 0
    assert len(history.history["loss"]) < EPOCHS


@pytest.mark.slow
def test_progress_of_the_remaining_epochs_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Each epoch has its two lines."""
    trained(model(), verbose=1)
    printed = capsys.readouterr().out
    assert all(f"Epoch {epoch}/{EPOCHS}" in printed for epoch in range(1, EPOCHS + 1))
    assert printed.count(f"{STEPS}/{STEPS}") >= EPOCHS


def _own_step() -> Any:
    class Own(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            return super().train_step(data)

    made = Own([keras.Input((WIDTH,)), layers.Dense(4), layers.Dense(WIDTH)])
    made.compile(keras.optimizers.Adam(0.002), "mse")
    return made


def _penalised() -> Any:
    made = keras.Sequential([keras.Input((WIDTH,)), layers.Dense(4, activity_regularizer="l2"), layers.Dense(WIDTH)])
    made.compile(keras.optimizers.Adam(0.002), "mse")
    return made


class Own(keras.callbacks.Callback):
    """A callback of the notebook's."""


def _own_loss(target: Any, output: Any) -> Any:
    return keras.ops.mean(keras.ops.square(target - output))


UNUSUAL: dict[str, tuple[Callable[[], Any], dict[str, Any], dict[str, Any]]] = {
    "a step of its own": (_own_step, {}, {}),
    "a penalty": (_penalised, {}, {}),
    "a loss of its own": (lambda: model(loss=_own_loss), {}, {}),
    "a large rate": (lambda: model(optimizer=keras.optimizers.Adam(0.05)), {}, {}),
    "a rate that changes": (
        lambda: model(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.002, 100))), {}, {}
    ),
    "averaged weights": (lambda: model(optimizer=keras.optimizers.Adam(0.002, use_ema=True)), {}, {}),
    "a callback of its own": (model, {}, {"callbacks": [Own()]}),
    "a rate that a callback sets": (
        model, {}, {"callbacks": [keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate)]}
    ),
    "weights of samples": (model, {}, {"sample_weight": np.ones(SAMPLES)}),
    "too few samples": (model, {"least_samples": 2000}, {}),
    "too many epochs": (model, {"most_epochs": 2}, {}),
    "too little time": (model, {"most_seconds": 1e-6}, {}),
    "another target": (model, {}, {"y": X[:, ::-1].copy()}),
    "pixels up to 255": (model, {}, {"x": X * 255, "y": X * 255}),
    "an error that it does not reach": (model, {"target": 1e-9}, {}),
    "an epoch in the middle": (model, {}, {"initial_epoch": 1}),
}  # fmt: skip

_QUICK = frozenset({"a step of its own", "too little time"})


@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=() if what in _QUICK else pytest.mark.slow) for what in UNUSUAL]
)
def test_an_unusual_training_is_whole(what: str) -> None:
    """Whatever could spoil a model late, or makes the estimate doubtful, is trained to its end."""
    make, terms, asked = UNUSUAL[what]
    made = make()
    _, record = trained(made, replace(TERMS, **terms), **{"epochs": 3, "batch_size": 4} | asked)
    assert (record.accepted_after, record.completed) == (0, True)


@pytest.mark.slow
def test_noisy_images_are_judged_by_the_clean_ones() -> None:
    """Where a denoiser is asked for, input and target are two arrays."""
    noisy = np.clip(X + np.random.default_rng(2).normal(0, 0.05, X.shape), 0, 1).astype(np.float32)
    terms = replace(TERMS, same_target=False)
    assert trained(model(), terms, x=noisy)[1].accepted_after > 0
    assert trained(model(), terms, epochs=2)[1].accepted_after == 0
