"""Models that are no graph of known calls leave as frozen graphs; nothing about it ever stops an export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.core.framework.graph_pb2 import GraphDef

from grader.probe import frozen_graphs
from grader.probe.export import Exporter
from grader.probe.fit_record import FitRecord
from grader.probe.fits import FitTracker
from grader.probe.frozen_graphs import INPUT, OUTPUT, frozen
from grader.probe.pure_ops import INPUT as ASKED_INPUT
from grader.probe.pure_ops import OUTPUT as ASKED_OUTPUT
from grader.probe.pure_ops import purified

pytestmark = pytest.mark.usefixtures("alone")

NUMBERS = np.random.default_rng(0).random((5, 8), dtype=np.float32)


class Own(keras.Model):
    """A dense layer, dropout and normalisation behind something that is given."""

    def __init__(self, way: Callable[[Any], Any]) -> None:
        super().__init__()
        self.way = way
        self.dense, self.norm, self.drop = layers.Dense(8), layers.BatchNormalization(), layers.Dropout(0.5)

    def call(self, x: Any, training: bool = False) -> Any:
        return self.drop(self.norm(self.dense(self.way(x)), training=training), training=training)


@tf.custom_gradient
def straight_through(x: Any) -> Any:
    return tf.round(x), lambda upstream: upstream


WAYS: dict[str, Callable[[Any], Any]] = {
    "map_fn": lambda x: tf.map_fn(lambda row: row / tf.reduce_max(row), x),
    "scan": lambda x: tf.transpose(tf.scan(lambda before, row: before + row, tf.transpose(x))),
    "while": lambda x: tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * 0.9), (tf.constant(0), x))[1],
    "cond": lambda x: tf.map_fn(lambda row: tf.cond(row[0] > 0.5, lambda: row, lambda: 2 * row), x),
    "vectorized_map": lambda x: tf.vectorized_map(lambda row: row / tf.reduce_max(row), x),
    "signal": lambda x: tf.math.real(tf.signal.fft(tf.cast(x, tf.complex64))),
    "dct": tf.signal.dct,
    "gather": lambda x: tf.gather(x, [3, 1, 2, 0, 7, 6, 5, 4], axis=1),
    "tensordot": lambda x: tf.tensordot(x, tf.ones((8, 8)), 1),
    "custom gradient": straight_through,
    "top_k": lambda x: tf.where(x >= tf.math.top_k(x, 3).values[:, -1:], x, 0.0),
    "print": lambda x: (tf.print(tf.shape(x), output_stream="file:///dev/null"), x * 2)[1],
    "assert": lambda x: (tf.debugging.assert_non_negative(x), x * 2)[1],
}


def answer(content: bytes, numbers: Any) -> Any:
    """Run a graph as the second sandbox does."""
    pure = purified(GraphDef.FromString(content))
    wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(pure, name=""), [])
    return np.asarray(wrapped.prune(f"{INPUT}:0", f"{OUTPUT}:0")(tf.constant(numbers)))


def test_both_sides_mean_the_same_nodes() -> None:
    """Probe and second sandbox share no code at run time."""
    assert (INPUT, OUTPUT) == (ASKED_INPUT, ASKED_OUTPUT)


@pytest.mark.parametrize("way", WAYS, ids=list(WAYS))
def test_a_frozen_graph_does_what_the_model_does_outside_training(way: str) -> None:
    """Whatever raw TensorFlow it is made of, and all of it passes the list of the second sandbox."""
    model = Own(WAYS[way])
    model(NUMBERS)
    model.norm.moving_mean.assign(np.full(8, 0.3))
    graph = GraphDef.FromString(frozen(model, (8,)))
    assert not {node.op for node in graph.node} & {"VarHandleOp", "ReadVariableOp"}
    assert np.allclose(answer(graph.SerializeToString(), NUMBERS), model(NUMBERS, training=False), atol=1e-4)


def test_of_several_outputs_the_first_is_taken() -> None:
    """An encoder that gives mean, log-variance and code gives its mean; what is drawn is left out."""

    class Drawing(keras.Model):
        def call(self, x: Any) -> Any:
            mean = tf.map_fn(lambda row: row[:2], x)
            return [mean, mean - 1, mean + tf.random.normal(tf.shape(mean))]

    assert np.allclose(answer(frozen(Drawing(), (8,)), NUMBERS), NUMBERS[:, :2])


def test_what_a_call_counts_and_keeps_on_the_side_is_left_out() -> None:
    """Losses, metrics, counters and a layer that draws with a seed of its own: none is part of the answer."""

    class Counting(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.seen, self.calls = keras.metrics.Mean(), tf.Variable(0)
            self.seeds = keras.random.SeedGenerator(1)

        def call(self, x: Any) -> Any:
            mean = tf.map_fn(lambda row: row[:2], x)
            self.add_loss(tf.reduce_mean(mean))
            self.seen.update_state(tf.reduce_mean(mean))
            self.calls.assign_add(1)
            return mean, mean + keras.random.normal(tf.shape(mean), seed=self.seeds)

    model = Counting()
    model(NUMBERS)
    before = float(model.seen.result()), int(model.calls), np.asarray(model.seeds.state).tolist()
    assert np.allclose(answer(frozen(model, (8,)), NUMBERS), NUMBERS[:, :2])
    assert (float(model.seen.result()), int(model.calls), np.asarray(model.seeds.state).tolist()) == before


# What is exported


def claims(folder: Path, fits: list[FitRecord], namespace: dict[str, Any], *, write: bool = True) -> dict[str, Any]:
    """Export a namespace; return the claims by first name with `graph` saying whether there is one."""
    exporter = Exporter(namespace, folder / "claims", FitTracker(fits), [])
    exporter.writes_graphs = write
    exporter.export()
    reported = json.loads((folder / "claims" / "claims.json").read_text(encoding="utf-8"))["models"]
    return {
        (one["names"] or [one["model"]])[0]: one
        | {"graph": (folder / "claims/graphs" / f"{one['model']}.pb").is_file()}
        for one in reported
    }


def looped() -> Any:
    model = Own(WAYS["map_fn"])
    model(NUMBERS)
    return model


def test_only_what_cannot_be_flattened_is_exported(tmp_path: Path) -> None:
    """A model of Keras's own layers is rebuilt, and needs no graph; nor is one written where nothing could run it."""
    plain = keras.Sequential([keras.Input((8,)), layers.Dense(2)])
    reported = claims(tmp_path, [], {"looped": looped(), "plain": plain})
    assert {name: (bool(one["problem"]), one["graph"]) for name, one in reported.items()} == {
        "looped": (True, True),
        "plain": (False, False),
    }
    reported = claims(tmp_path / "open", [], {"looped": looped()}, write=False)
    assert not reported["looped"]["graph"]


def test_three_at_most_names_that_are_asked_for_first_then_what_was_fitted(tmp_path: Path) -> None:
    """A notebook full of trials does not crowd out its answer."""
    models = {f"trial{i}": looped() for i in range(4)} | {
        "fitted": looped(),
        "encoder": looped(),
        "autoencoder": looped(),
    }
    reported = claims(tmp_path, [FitRecord(models["fitted"], completed=True, input_shape=(8,))], models)
    assert {name for name, one in reported.items() if one["graph"]} == {"fitted", "encoder", "autoencoder"}


def raising(x: Any) -> Any:
    raise RuntimeError("broken by its author")


def test_what_cannot_be_exported_says_so_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `call` that raises, an input that nobody knows, a graph that is too large: the others are exported."""
    reported = claims(tmp_path, [], {"broken": Own(raising), "never_called": Own(WAYS["map_fn"]), "looped": looped()})
    assert reported["looped"]["graph"]
    assert not reported["broken"]["graph"]
    assert "nor can it be exported" in reported["never_called"]["problem"]
    monkeypatch.setattr(frozen_graphs, "MAX_GRAPH_BYTES", 10)
    reported = claims(tmp_path / "small", [], {"looped": looped()})
    assert "more than 10" in reported["looped"]["problem"]
    assert not reported["looped"]["graph"]
