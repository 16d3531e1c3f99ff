"""Which view is fit for a notebook: the reference's own, or a gentler one where its layers look at neighbours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers
from round_trip import send

from grader.domain.evidence import Evidence
from grader.domain.ports import MeasuringTask, SecretView
from grader.rebuild import whole_submission
from grader.rebuild.quantities.audited_training import view_kind
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import load_samples
from reference import views
from reference.contract import IDS, load
from reference.views import View

pytestmark = pytest.mark.usefixtures("alone")


def dense() -> Any:
    return keras.Sequential([
        keras.Input((28, 28)), layers.Flatten(), layers.Dropout(0.1), layers.Dense(30, activation="selu"),
        layers.BatchNormalization(), layers.Dense(784, activation="sigmoid"), layers.Reshape((28, 28)),
    ])  # fmt: skip


def convolutional() -> Any:
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(8, 3, padding="same", strides=2), layers.Flatten(), layers.Dense(784),
    ])  # fmt: skip


def recurrent() -> Any:
    return keras.Sequential([
        keras.Input((28, 28)), layers.Bidirectional(layers.LSTM(30)), layers.RepeatVector(28),
        layers.TimeDistributed(layers.Dense(28)),
    ])  # fmt: skip


def recurrent_convolutional() -> Any:
    return keras.Sequential([keras.Input((28, 28)), layers.Conv1D(8, 3), layers.LSTM(30), layers.Dense(784)])


def turned_at_random() -> Any:
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.RandomRotation(0.1), layers.Flatten(), layers.Dense(784)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (dense, views.PIXELS),
        (convolutional, views.QUADRANTS),
        (recurrent, views.COLUMNS),
        (recurrent_convolutional, views.QUADRANTS),
        (turned_at_random, views.QUADRANTS),
    ],
)
def test_a_free_choice_of_layers_never_makes_the_view_harder(
    build: Callable[[], Any], kind: str, tmp_path: Path
) -> None:
    """Where a dense network was asked for, one that looks at neighbours gets a view that keeps them."""
    assert view_kind(load("stacked"), send({"model": build()}, tmp_path)) == kind


def test_another_model_of_the_notebook_does_not_choose_the_view(tmp_path: Path) -> None:
    """A few gentle views can be learnt elsewhere, and whoever did that would add a convolution that does nothing."""
    evidence = send({"autoencoder": dense(), "other": convolutional()}, tmp_path)
    assert view_kind(load("stacked"), evidence, "autoencoder") == views.PIXELS
    assert view_kind(load("stacked"), evidence, "other") == views.QUADRANTS
    assert view_kind(load("stacked"), evidence, "unknown") == view_kind(load("stacked"), evidence) == views.QUADRANTS
    inner = dense()
    outer = keras.Sequential([keras.Input((28, 28, 1)), layers.RandomRotation(0.1), layers.Reshape((28, 28)), inner])
    evidence = send({"autoencoder": inner, "training": outer}, tmp_path / "shared")
    assert view_kind(load("stacked"), evidence, "autoencoder") == views.QUADRANTS  # it is trained as a part of that


@pytest.mark.parametrize("reference", IDS)
def test_every_reference_gets_its_own_view(reference: str, tmp_path: Path) -> None:
    """As the one table says, for the layers of the reference itself."""
    source = load(reference)
    made = source.build()
    evidence = send(made._asdict(), tmp_path) if hasattr(made, "_asdict") else Evidence()
    assert view_kind(source, evidence) == views.OF_REFERENCE.get(reference, views.NO_VIEW)


def test_a_foreign_model_fails_on_the_view_where_it_is_measured(tmp_path: Path) -> None:
    """Identity passes everywhere, since it is specific to no data; the mean of the plain images fails on the view."""
    mean = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(784), layers.Reshape((28, 28))])
    plain = load_samples("mnist", "hidden", DataChoice("sample")).train[:].mean(axis=0).ravel()
    mean.layers[1].set_weights([mean.layers[1].get_weights()[0] * 0, plain])
    evidence = send({"autoencoder": mean}, tmp_path)
    view = SecretView(views.PIXELS, 11)
    task = MeasuringTask("simple-dense", "hidden", (("autoencoder", "autoencoder"),), view=view)
    here = whole_submission.measure(
        evidence, MeasuringTask("simple-dense", "hidden", task.contract_names), DataChoice("sample")
    )
    there = whole_submission.measure(evidence, task, DataChoice("sample", view=View(view.kind, view.seed)))
    numbers = [
        (found.values["reconstruction_mse"].value, found.values["mean_image_mse"].value) for found in (here, there)
    ]
    assert numbers[0][0] == pytest.approx(numbers[0][1], rel=1e-3)
    assert numbers[1][1] == pytest.approx(numbers[0][1], rel=1e-3)
    assert numbers[1][0] > 1.5 * numbers[1][1]
    assert here.fingerprint == there.fingerprint != ()
