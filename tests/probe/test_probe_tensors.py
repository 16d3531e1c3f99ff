"""Tensors that a notebook keeps under a name are reported beside its models, each with the way that leads to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest
from keras import Input, Model, layers

from grader.domain.evidence import Evidence
from grader.extraction.claims import collect
from grader.probe.created_models import CreatedModels
from grader.probe.export import Exporter
from grader.probe.fits import FitTracker
from grader.probe.tensors import MAX_TENSORS

pytestmark = pytest.mark.usefixtures("alone")


def exported(namespace: dict[str, Any], folder: Path) -> Evidence:
    Exporter(namespace, folder / "claims", FitTracker(made=CreatedModels()), []).export()
    return collect(folder, folder / "vetted")


def graph() -> dict[str, Any]:
    image = Input((6,))
    encoded = layers.Dense(2, name="c")(image)
    decoded = layers.Dense(6, name="d")(encoded)
    return {"image": image, "encoded": encoded, "decoded": decoded, "autoencoder": Model(image, decoded)}


def test_an_encoder_that_is_only_a_tensor_is_told(tmp_path: Path) -> None:
    """13 of 80 real notebooks; its layers are those of the model that was trained, inputs are none."""
    evidence = exported(graph(), tmp_path)
    (whole,) = evidence.models
    assert {tensor.names: len(tensor.nodes) for tensor in evidence.tensors} == {("decoded",): 2, ("encoded",): 1}
    encoded = next(tensor for tensor in evidence.tensors if tensor.names == ("encoded",))
    assert encoded.nodes[0].operation == whole.nodes[0].operation
    assert set(encoded.variables) < set(whole.variables)
    assert encoded.inputs[0].shape == (None, 6)


def test_tensors_that_are_no_way_from_one_input_are_left_out(tmp_path: Path) -> None:
    """Of two inputs, or through a layer that nobody can trace."""

    class Own(layers.Layer):
        def call(self, x: Any) -> Any:
            if isinstance(x, keras.KerasTensor) and type(self).traced:
                raise RuntimeError("only once")
            type(self).traced = True
            return x * 2

        traced = False

    first, second = Input((3,)), Input((3,))
    both, own = layers.Add()([first, second]), Own()(first)
    namespace = {"first": first, "both": both, "own": own, "model": Model(first, layers.Dense(2)(first))}
    assert exported(namespace, tmp_path).tensors == ()


def test_a_handful_of_tensors_is_enough_and_none_makes_a_model(tmp_path: Path) -> None:
    """The newest names; looking adds no model to the kernel."""
    x = Input((3,))
    namespace: dict[str, Any] = {"x": x, "model": Model(x, layers.Dense(2)(x))}
    for index in range(MAX_TENSORS + 5):
        x = layers.Activation("relu")(x)
        namespace[f"x{index}"] = x
    made = CreatedModels()
    exporter = Exporter(namespace, tmp_path / "claims", FitTracker(made=made), [])
    exporter.export()
    reported = collect(tmp_path, tmp_path / "vetted").tensors
    assert [tensor.names[0] for tensor in reported] == [f"x{index}" for index in range(20, 4, -1)]
    assert made.living() == []
