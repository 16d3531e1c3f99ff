"""Evaluations and predictions that cost less: the same numbers before an early end, and the same form after one."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from fast_trainings import WIDTH, fast_keras, images
from test_acceptance import BATCH, TERMS, X, model

from grader.probe import shorter_calls

MANY = images(samples=700)


def _made() -> Any:
    keras.utils.set_random_seed(3)
    made = keras.Sequential([keras.Input((WIDTH,)), keras.layers.Dropout(0.2), keras.layers.Dense(WIDTH, "sigmoid")])
    made.compile("adam", "mse", metrics=["mae"])
    return made


def _asked(made: Any, **asked: Any) -> Any:
    return made.evaluate(MANY, MANY, **{"batch_size": 2, "verbose": 0} | asked)


def test_a_long_evaluation_gives_the_same_numbers_in_fewer_executions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit by bit, as a list and as a dictionary; batches that are short, and those that a callback looks at, as well."""
    wanted = [_asked(_made()), _asked(_made(), return_dict=True), _asked(_made(), batch_size=None)]
    executions: list[int] = []
    with fast_keras() as tracker:
        assert tracker.fast is not None
        offer = tracker.fast.offer
        monkeypatch.setattr(tracker.fast, "offer", lambda pace: (executions.append(pace is not None), offer(pace)))
        found = [_asked(_made()), _asked(_made(), return_dict=True), _asked(_made(), batch_size=None)]
        steps: list[int] = []
        counting = keras.callbacks.LambdaCallback()
        counting.on_test_batch_end = lambda batch, logs=None: steps.append(batch)
        _asked(_made(), callbacks=[counting])
    assert found == wanted
    assert executions == [True, False, True, False, False, False, False, False]
    assert len(steps) == len(MANY) / 2


def test_after_an_early_end_fewer_rows_are_evaluated_and_answers_keep_their_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cell that prints a loss or draws a picture finds what it would have found, nearly the same."""
    monkeypatch.setattr(shorter_calls, "ROWS", 200)
    made = model(metrics=["mae"])
    with fast_keras(TERMS) as tracker:
        made.fit(X, X, epochs=4, batch_size=BATCH, verbose=0)
        assert tracker.records[0].accepted_after > 0
        found = made.evaluate(X, X, batch_size=50, verbose=0)
        by_name = made.evaluate(X, X, batch_size=50, verbose=0, return_dict=True)
        weighted = made.evaluate(X, X, sample_weight=np.ones(len(X)), verbose=0)
        codes, asked = made.predict(X, verbose=0), made.predict(X, batch_size=8, verbose=0)
    assert [type(one) for one in found] == [float, float]
    assert by_name == dict(zip(("loss", "mae"), found, strict=True))
    whole = [float(np.mean((codes - X) ** 2)), float(np.mean(np.abs(codes - X)))]
    assert found == pytest.approx(whole, rel=0.2)
    assert found != pytest.approx(whole, rel=1e-4)
    assert weighted[0] == pytest.approx(whole[0], rel=1e-4)
    assert codes.shape == X.shape
    assert codes == pytest.approx(asked, abs=1e-5)


def test_a_wrong_call_fails_as_it_always_does() -> None:
    """The error is Keras's own."""
    with fast_keras():
        with pytest.raises(ValueError, match="batches"):
            _made().evaluate(MANY, MANY, batches=3)
        with pytest.raises(ValueError, match="compile"):
            keras.Sequential([keras.Input((WIDTH,)), keras.layers.Dense(WIDTH)]).evaluate(MANY, MANY)
