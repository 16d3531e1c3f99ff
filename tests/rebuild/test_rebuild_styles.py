"""However `stacked` is written, zone M rebuilds the same model with the same canonical form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Model, Sequential, layers
from round_trip import IMAGES, anonymous, answers, receive, round_trip, send, shake, summary
from stacked_styles import STYLES, decoder_model, encoder_model

from grader.domain.architecture import Architecture
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.own_models import architecture_of
from reference import stacked

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture(scope="module")
def course() -> dict[str, Architecture]:
    """Canonical forms of the reference's three models."""
    models = stacked.build()
    return {name: anonymous(architecture_of(getattr(models, name))) for name in models._fields}


@pytest.mark.parametrize("style", STYLES)
def test_every_way_of_writing_stacked_is_one_model(style: str, course: dict[str, Architecture], tmp_path: Path) -> None:
    """Same predictions to 1e-5, same kinds, attributes, shapes, edges and parameters as the reference."""
    namespace = STYLES[style]()
    shake(*namespace.values())
    evidence = send(namespace, tmp_path)
    for name, model in namespace.items():
        rebuilt, arrays = receive(evidence, name)
        inputs = IMAGES if name != "decoder" else IMAGES[:, 0, :][:, [*range(28), 0, 1]]
        np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), rtol=0, atol=1e-5)
        assert anonymous(canonical(rebuilt, arrays)) == course[name]
        assert rebuilt.parameters == model.count_params()


def small(*inner: Any) -> Any:
    """A small model of flat inputs."""
    return Sequential([Input((8,)), layers.Dense(6, activation="relu"), *inner, layers.Dense(8)])


def test_flat_images_need_no_flatten(tmp_path: Path) -> None:
    """Images reshaped outside the model: the same layers without the first and the last."""
    inner = [*encoder_model().layers[1:], *decoder_model().layers[:2]]
    model = Sequential([layers.Dense(100, activation="relu", input_dim=784), *inner[1:]])
    shake(model)
    rebuilt, architecture = round_trip(model, tmp_path)
    flat_images = IMAGES.reshape(5, 784)
    np.testing.assert_allclose(answers(rebuilt.model, flat_images), answers(model, flat_images), atol=1e-5)
    assert summary(architecture) == [
        ("Dense", (100,), 78_500), ("Dense", (30,), 3_030), ("Dense", (100,), 3_100), ("Dense", (784,), 79_184),
    ]  # fmt: skip
    assert (architecture.input_shape, architecture.output_shape, architecture.parameters) == ((784,), (784,), 163_814)


@pytest.mark.parametrize(
    ("layer", "attributes"),
    [
        (lambda: layers.Dropout(0.5), {"rate": 0.5}),
        (lambda: layers.GaussianNoise(0.2), {"stddev": 0.2}),
        (lambda: layers.GaussianDropout(0.25), {"rate": 0.25}),
        (lambda: layers.ActivityRegularization(l1=1e-4), {"l1": 1e-4, "l2": 0.0}),
    ],
    ids=["Dropout", "GaussianNoise", "GaussianDropout", "ActivityRegularization"],
)
def test_layers_that_rest_outside_training_stay_in_the_form_and_out_of_the_way(
    layer: Any, attributes: dict[str, float], tmp_path: Path
) -> None:
    """Noise is reported with its rate, changes no prediction and is no active layer."""
    model = small(layer())
    shake(model)
    rebuilt, architecture = round_trip(model, tmp_path)
    inputs = IMAGES[0, :4, :8]
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), atol=1e-5)
    assert dict(architecture.layers[1].attributes) == attributes
    assert [step.kind for step in architecture.active_layers] == ["Dense", "Dense"]


@pytest.mark.parametrize(
    ("policy", "tolerance"), [("float16", 2e-2), ("mixed_float16", 2e-2), ("bfloat16", 1e-1), ("float64", 1e-5)]
)
def test_weights_of_any_width_come_back(policy: str, tolerance: float, tmp_path: Path) -> None:
    """Half and double precision are rebuilt in single precision; what differs is what half precision drops."""
    model = Sequential([Input((8,)), layers.Dense(6, activation="relu", dtype=policy), layers.Dense(8, dtype=policy)])
    shake(model)
    rebuilt, _ = round_trip(model, tmp_path)
    inputs = IMAGES[0, :4, :8]
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), rtol=0, atol=tolerance)


def test_a_model_called_twice_is_written_down_twice(tmp_path: Path) -> None:
    """enc(x) + enc(enc(x)): each call has its own tensors, and the weights count once."""
    source = Input((8,))
    inner = Model(source, layers.Dense(8, activation="tanh")(source))
    source = Input((8,))
    once = inner(source)
    model = Model(source, layers.Add()([once, inner(once)]))
    shake(model)
    rebuilt, architecture = round_trip(model, tmp_path)
    inputs = IMAGES[0, :4, :8]
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), atol=1e-5)
    assert [(layer.kind, layer.inputs, layer.parameters) for layer in architecture.layers] == [
        ("Dense", (-1,), 72), ("Dense", (0,), 0), ("Add", (0, 1), 0),
    ]  # fmt: skip


def test_a_layer_shared_by_two_models_is_one_layer(tmp_path: Path) -> None:
    """Encoder and autoencoder that share a layer say so by its id; a separate copy has another."""
    encoder = Sequential([Input((8,)), layers.Dense(3)])
    copy = Sequential([Input((8,)), layers.Dense(3)])
    evidence = send({"whole": Sequential([encoder, layers.Dense(8)]), "encoder": encoder, "copy": copy}, tmp_path)
    first = {}
    for name in ("whole", "encoder", "copy"):
        rebuilt, arrays = receive(evidence, name)
        first[name] = canonical(rebuilt, arrays).layers[0].operation
    assert first["whole"] == first["encoder"] != first["copy"]


class Halved(Sequential):
    """A Sequential that does something else than its layers."""

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return super().call(inputs, training=training) * 0.5


class Pretender(Model):
    """A right graph for those who only look at it, and the identity for those who call it."""

    def __init__(self) -> None:
        image = Input((8,))
        super().__init__(image, layers.Dense(8)(image))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return inputs


def test_a_call_of_ones_own_counts_more_than_the_graph_behind_it(tmp_path: Path) -> None:
    """What is measured is what the notebook's model computes."""
    halved, pretender = Halved([Input((8,)), layers.Dense(4)]), Pretender()
    shake(halved, pretender)
    inputs = IMAGES[0, :4, :8]
    rebuilt, architecture = round_trip(halved, tmp_path / "halved")
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(halved, inputs), atol=1e-5)
    assert [layer.kind for layer in architecture.layers] == ["Dense", "Multiply"]
    rebuilt, architecture = round_trip(pretender, tmp_path / "pretender")
    np.testing.assert_array_equal(answers(rebuilt.model, inputs), inputs)
    assert (architecture.layers, architecture.output, architecture.parameters) == ((), -1, 0)


def test_an_activation_is_joined_only_where_nobody_else_reads_the_layer(tmp_path: Path) -> None:
    """X = dense(...), then both relu(x) and x: the Dense stays linear, even behind an Identity."""
    source = Input((8,))
    linear = layers.Dense(8)(source)
    model = Model(source, layers.Add()([layers.ReLU()(layers.Identity()(linear)), linear]))
    shake(model)
    rebuilt, architecture = round_trip(model, tmp_path)
    assert [(layer.kind, layer.activation, layer.inputs) for layer in architecture.layers] == [
        ("Dense", "linear", (-1,)), ("Activation", "relu", (0,)), ("Add", "linear", (1, 0)),
    ]  # fmt: skip
    inputs = IMAGES[0, :4, :8]
    np.testing.assert_allclose(answers(rebuilt.model, inputs), answers(model, inputs), atol=1e-5)


def test_only_what_the_first_output_needs_belongs_to_a_model(tmp_path: Path) -> None:
    """An encoder that also returns a second head is judged by its first output."""
    source = Input((8,))
    model = Model(source, [layers.Dense(3, name="code")(source), layers.Dense(5, name="other")(source)])
    rebuilt, architecture = round_trip(model, tmp_path)
    assert summary(architecture) == [("Dense", (3,), 27)]
    assert rebuilt.output_shape == (3,)
    assert rebuilt.parameters == 27


def test_canonical_forms_do_not_depend_on_keras_names() -> None:
    """Names are for messages only."""
    first = keras.Sequential([Input((8,)), layers.Dense(3, name="código")], name="codificador")
    second = keras.Sequential([Input((8,)), layers.Dense(3, name="..x")], name="Dense")
    assert anonymous(architecture_of(first)) == anonymous(architecture_of(second))
