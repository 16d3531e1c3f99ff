"""Every way of training is seen, whatever it is fed with; and what is held for it stays bounded."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, Sequential, layers

from grader.domain.evidence import Evidence
from grader.extraction.claims import collect
from grader.probe import fits, hooks
from grader.probe.created_models import CreatedModels
from grader.probe.export import Exporter
from grader.probe.fit_record import FitRecord
from grader.probe.fits import FitTracker, exported_records
from grader.probe.training_data import describe_input

IMAGES = np.linspace(0, 1, 24, dtype=np.float32).reshape(8, 3)


@pytest.fixture
def tracker() -> Iterator[FitTracker]:
    """Keras as a kernel patches it, and as it was again afterwards."""
    from keras.src.backend.tensorflow import trainer
    from keras.src.models import model
    from keras.src.optimizers import base_optimizer
    from keras.src.trainers.data_adapters import generator_data_adapter, py_dataset_adapter

    patched = [
        (model.Model, "__new__"), (trainer.TensorFlowTrainer, "fit"), (trainer.TensorFlowTrainer, "train_on_batch"),
        (base_optimizer.BaseOptimizer, "apply"), (generator_data_adapter.GeneratorDataAdapter, "__init__"),
        (py_dataset_adapter.PyDatasetAdapter, "_standardize_batch"),
    ]  # fmt: skip
    before = [vars(owner)[name] for owner, name in patched]
    watching = FitTracker(made=CreatedModels())
    assert watching.made is not None
    watching.made.watch(model)
    hooks._patch_trainer(trainer, tracker=watching)
    hooks._patch_optimizer(base_optimizer, tracker=watching)
    hooks._patch_generators(generator_data_adapter, tracker=watching)
    hooks._patch_sequences(py_dataset_adapter, tracker=watching)
    yield watching
    for (owner, name), old in zip(patched, before, strict=True):
        setattr(owner, name, old)


def tiny(units: int = 3) -> Any:
    model = Sequential([layers.Dense(2), layers.Dense(units)])
    model.compile("sgd", "mse", run_eagerly=True)
    return model


def exported(namespace: dict[str, Any], tracker: FitTracker, folder: Path) -> Evidence:
    Exporter(namespace, folder / "claims", tracker, []).export()
    return collect(folder, folder / "vetted")


class Batches(keras.utils.PyDataset):
    """Two batches by index; how often each was asked for is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def __len__(self) -> int:
        """Count the batches."""
        return 2

    def __getitem__(self, index: int) -> Any:
        """Return one of them."""
        self.asked.append(index)
        return IMAGES[4 * index : 4 * index + 4], IMAGES[4 * index : 4 * index + 4]


def pipeline() -> Any:
    return tf.data.Dataset.from_tensor_slices((IMAGES, IMAGES))


def spoken(record: FitRecord) -> tuple[Any, ...]:
    return record.samples, record.batch_size, record.input_shape, record.input_minimum, record.same_target


# What it is fed with


@pytest.mark.parametrize(
    ("make", "reported"),
    [
        (lambda: pipeline().shuffle(8).batch(4).prefetch(1), (8, 4, (3,), 0.0, True)),
        (lambda: tf.data.Dataset.zip((pipeline(), pipeline())).batch(4), (0, 0, None, None, None)),
        (lambda: pipeline().map(lambda x, y: (2 * x, y)).batch(4, drop_remainder=True), (8, 4, (3,), None, None)),
        (
            lambda: tf.data.Dataset.zip(
                tuple(tf.data.Dataset.from_tensor_slices(part) for part in (IMAGES, IMAGES[::-1].copy()))
            ).batch(2),
            (8, 2, (3,), 0.0, False),
        ),
    ],
    ids=["slices", "pairs of pairs", "mapped", "zipped"],
)
def test_a_pipeline_is_described_without_being_iterated(
    make: Any, reported: tuple[Any, ...], tracker: FitTracker
) -> None:
    """Iterating would empty a one-shot source or move the seed of a shuffle; numbers behind a map are unknown."""
    dataset = make()
    record = FitRecord("model")
    describe_input(record, dataset, None)
    assert spoken(record) == reported
    assert tracker.records == []


def test_a_generator_is_not_read_by_us(tracker: FitTracker) -> None:
    """Keras takes its first batches and hands them on; the training gets every one of them once."""
    given: list[int] = []

    def batches() -> Iterator[Any]:
        for index in range(100):
            given.append(index)
            yield IMAGES[:4] + index, IMAGES[:4] + index

    watched, untouched = batches(), len(given)
    model = tiny()
    model.fit(watched, steps_per_epoch=2, epochs=1, verbose=0)
    (record,) = tracker.records
    assert (untouched, record.input_shape, record.batch_size, record.input_minimum) == (0, (3,), 4, 0.0)
    assert (record.samples, record.epochs, record.completed, record.same_target) == (0, 1, True, True)
    assert given == list(range(len(given)))


def test_a_sequence_of_batches_is_looked_at_as_keras_fetches_it(tracker: FitTracker) -> None:
    """Its random numbers, if it draws any, are the same as without us."""
    data = Batches()
    tiny().fit(data, epochs=1, verbose=0, shuffle=False)
    (record,) = tracker.records
    assert spoken(record) == (8, 4, (3,), 0.0, True)
    assert sorted(set(data.asked)) == [0, 1]


def test_arrays_by_name_are_described_as_well(tracker: FitTracker) -> None:
    """`fit(x=…, y=…)`."""
    tiny().fit(x=IMAGES, y=IMAGES[::-1], batch_size=2, epochs=1, verbose=0)
    assert spoken(tracker.records[0]) == (8, 2, (3,), 0.0, False)


# Ways of training


def test_batches_by_hand_are_one_training(tracker: FitTracker, tmp_path: Path) -> None:
    """A loop of `train_on_batch` over thousands of batches does not make thousands of records."""
    model, other = tiny(), tiny(4)
    for _ in range(3):
        model.train_on_batch(IMAGES[:4], IMAGES[:4])
    other.train_on_batch(IMAGES, np.zeros((8, 4), np.float32))
    claims = exported({"model": model, "other": other}, tracker, tmp_path).fits
    assert [(fit.how, fit.samples, fit.batch_size, fit.completed) for fit in claims] == [
        ("batches", 12, 4, True), ("batches", 8, 8, True),
    ]  # fmt: skip


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "tf.function"])
def test_a_loop_with_a_gradient_tape_is_a_training(graph: bool, tracker: FitTracker, tmp_path: Path) -> None:
    """Three of 80 real notebooks; what the optimizer changes belongs to the models that hold it."""
    encoder, decoder = Sequential([Input((3,)), layers.Dense(2)]), Sequential([Input((2,)), layers.Dense(3)])
    optimizer = keras.optimizers.Adam()

    def step(images: Any) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((decoder(encoder(images, training=True), training=True) - images) ** 2)
        variables = encoder.trainable_variables + decoder.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    run = tf.function(step) if graph else step
    for _ in range(2):
        run(IMAGES)
    assert int(optimizer.iterations) == 2
    evidence = exported({"encoder": encoder, "decoder": decoder}, tracker, tmp_path)
    names = {claim.model: claim.names[0] for claim in evidence.models if claim.names}
    assert [(names[fit.model], fit.how, fit.completed) for fit in evidence.fits] == [
        ("encoder", "loop", True), ("decoder", "loop", True),
    ]  # fmt: skip


def test_a_loop_that_trains_one_model_names_that_one(tracker: FitTracker) -> None:
    """The smallest that holds all that is changed, not a larger one that contains it."""
    part = Sequential([Input((3,)), layers.Dense(2)])
    whole = Sequential([part, layers.Dense(3)])
    keras.optimizers.SGD().apply([np.ones((3, 2)), np.ones(2)], part.trainable_variables)
    assert [record.model for record in tracker.records] == [part]
    keras.optimizers.SGD().apply([np.zeros(v.shape) for v in whole.trainable_variables], whole.trainable_variables)
    assert tracker.records[-1].model is whole


class OwnStep(Model):
    """A custom `train_step`, as variational autoencoders have it."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, x: Any) -> Any:
        """Answer."""
        return self.dense(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(data, training=True) - data) ** 2)
        self.optimizer.apply_gradients(
            zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights, strict=True)
        )
        return {"loss": loss}


def test_a_custom_train_step_is_one_fit(tracker: FitTracker) -> None:
    """The optimizer's steps inside `fit` are no loop of the notebook's own."""
    model = OwnStep()
    model.compile("sgd", run_eagerly=True)
    model.fit(IMAGES, epochs=1, verbose=0)
    assert [(record.how, record.epochs, record.model) for record in tracker.records] == [("fit", 1, model)]


# Names


def test_the_name_a_model_had_while_it_was_trained_is_told(tracker: FitTracker, tmp_path: Path) -> None:
    """27 of 80 real notebooks give the name to another model afterwards."""
    namespace: dict[str, Any] = {"autoencoder": tiny()}
    exporter = Exporter(namespace, tmp_path / "claims", tracker, [])
    tracker.names_of = exporter.names_of
    namespace["autoencoder"].fit(IMAGES, IMAGES, epochs=1, verbose=0)
    namespace["autoencoder"] = tiny(3)
    exporter.export()
    evidence = collect(tmp_path, tmp_path / "vetted")
    (fit,) = evidence.fits
    assert (fit.names, fit.model) == (("autoencoder",), "m0")
    assert evidence.models[0].names == ()


def test_a_model_trained_in_a_function_is_known_by_its_later_name(tracker: FitTracker, tmp_path: Path) -> None:
    """It had none while it was trained; after the cell it has one."""
    namespace: dict[str, Any] = {}
    exporter = Exporter(namespace, tmp_path / "claims", tracker, [])
    tracker.names_of = exporter.names_of
    model = tiny()
    model.fit(IMAGES, IMAGES, epochs=1, verbose=0)
    namespace["modelo"] = model
    exporter.export_if_changed()
    assert tracker.records[0].names == ("modelo",)


# What is kept


class Fake:
    """Stands for a model with so many numbers."""

    def __init__(self, numbers: int = 1) -> None:
        self.weights = [SimpleNamespace(shape=(numbers,))]


def trained(tracker: FitTracker, *models: Any) -> None:
    fit = tracker.wrap(lambda model, x=None: SimpleNamespace(epoch=[0]))
    for model in models:
        fit(model, IMAGES)


def test_a_hundred_models_in_a_loop_do_not_fill_the_memory() -> None:
    """The first eight and the last forty are kept alive, whatever their name became."""
    tracker = FitTracker()
    for _ in range(100):
        trained(tracker, Fake())
    gc.collect()
    alive = [index for index, record in enumerate(tracker.records) if record.living() is not None]
    assert alive == [*range(8), *range(60, 100)]


def test_a_model_that_the_notebook_keeps_is_told_however_many_follow() -> None:
    """Held weakly, it is as alive as the notebook's own name for it."""
    tracker, kept = FitTracker(), [Fake() for _ in range(60)]
    trained(tracker, *kept)
    assert [record.living() for record in tracker.records] == kept


def test_large_models_are_let_go_of_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is kept holds a bounded count of numbers; the last one always stays."""
    monkeypatch.setattr(fits, "MAX_HELD_NUMBERS", 10)
    tracker = FitTracker()
    for _ in range(4):
        trained(tracker, Fake(4))
    trained(tracker, Fake(50))
    gc.collect()
    assert [record.living() is not None for record in tracker.records] == [False, False, False, False, True]


def test_a_thousand_trainings_of_one_model_do_not_hide_the_first_of_another() -> None:
    """The last training of every model is reported, and then the newest; in their order."""
    first, second = Fake(), Fake()
    records = [FitRecord(first), *(FitRecord(second, epochs=index) for index in range(1, 400))]
    chosen = exported_records(records, 256)
    assert (len(chosen), chosen[0].model, chosen[-1].epochs) == (256, first, 399)
    assert [record.epochs for record in chosen[1:]] == list(range(145, 400))
    tracker = FitTracker()
    trained(tracker, first, *[second] * 1100)
    assert len(tracker.records) <= fits.MAX_RECORDS
    assert tracker.records[0].model is first


def test_models_are_known_in_the_order_in_which_they_were_made(tracker: FitTracker, tmp_path: Path) -> None:
    """Whatever order their names have; one that is gone is not kept for that."""
    first, second = tiny(4), Model(image := Input((3,)), layers.Dense(2)(image))
    tiny(9)
    gc.collect()
    evidence = exported({"b": second, "a": first}, tracker, tmp_path)
    assert {claim.names[0]: claim.created for claim in evidence.models if claim.names} == {"a": 0, "b": 1}
    assert not any(operation.config.get("units") == 9 for operation in evidence.operations.values())


def test_the_losses_of_the_first_and_the_last_epoch_are_kept(tracker: FitTracker) -> None:
    """Of a training that ended; NaN is no number, and whoever has no epochs has no losses."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    model.compile("adam", "mse")
    rows = np.random.default_rng(1).random((64, 4), dtype=np.float32)
    history = model.fit(rows, rows, epochs=3, verbose=0)
    losses = history.history["loss"]
    record = tracker.records[-1]
    assert (record.first_loss, record.last_loss) == (pytest.approx(losses[0]), pytest.approx(losses[-1]))
    model.fit(rows * np.nan, rows, epochs=2, verbose=0)
    assert (tracker.records[-1].first_loss, tracker.records[-1].last_loss) == (None, None)
