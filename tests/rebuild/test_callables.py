"""A half counts where a layer, a list of layers, a method or an object does the job and can be called by itself."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, Sequential, layers
from round_trip import send
from stacked_styles import decoder_model, encoder_model

from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.probe.export import Exporter
from grader.probe.fits import FitTracker
from grader.rebuild import whole_submission
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.whole_submission import measure

pytestmark = pytest.mark.usefixtures("alone")

ENCODER, DECODER, WHOLE = Role.ENCODER, Role.DECODER, Role.AUTOENCODER
NAMES = tuple((role.value, role.value) for role in Role)
ROWS = np.random.default_rng(3).random((4, 784), dtype=np.float32)
IMAGES = ROWS.reshape(4, 28, 28)


@pytest.fixture(autouse=True)
def one_jacobian(monkeypatch: pytest.MonkeyPatch) -> None:
    """One image instead of four."""
    monkeypatch.setattr(whole_submission, "JACOBIAN_IMAGES", 1)


def found(namespace: dict[str, Any], folder: Path, reference: str = "simple-dense") -> Measurements:
    return measure(send(namespace, folder), MeasuringTask(reference, "hidden", NAMES), DataChoice("sample"))


def names(measured: Measurements) -> dict[Role, str]:
    return {role: model.name for role, model in measured.models.items() if model.made}


class OwnDense(layers.Layer):
    """A Dense layer as an exercise has it."""

    def __init__(self, units: int, activation: str) -> None:
        super().__init__()
        self.units, self.activation = units, keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units))
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return the activation of x·W + b."""
        return self.activation(tf.matmul(inputs, self.kernel) + self.bias)


def subclass(dense: Callable[[int, str], Any], *, decoder_first: bool) -> Any:
    """A model that holds its two layers in this order."""

    class Autoencoder(Model):
        def __init__(self) -> None:
            super().__init__()
            if decoder_first:
                self.decoder = dense(784, "sigmoid")
            self.encoder = dense(32, "relu")
            if not decoder_first:
                self.decoder = dense(784, "sigmoid")

        def call(self, inputs: Any) -> Any:
            """Return the reconstruction."""
            return self.decoder(self.encoder(inputs))

    model = Autoencoder()
    model(ROWS)
    return model


@pytest.mark.parametrize("decoder_first", [True, False])
@pytest.mark.parametrize("dense", [OwnDense, layers.Dense])
def test_layers_of_a_subclass_are_its_halves_in_any_order(dense: Any, decoder_first: bool, tmp_path: Path) -> None:
    """Own ones by `tf.matmul`, or Keras's; the one that is made first is not the first one to be called."""
    measured = found({"autoencoder": subclass(dense, decoder_first=decoder_first)}, tmp_path)
    assert names(measured) == {ENCODER: "autoencoder.encoder", DECODER: "autoencoder.decoder", WHOLE: "autoencoder"}
    assert all(model.shared_with_autoencoder for model in measured.models.values())
    assert measured.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-5)
    assert (measured.value(Quantity.CODE_SIZE), measured.problems) == (32, ())


def test_a_global_layer_is_a_half_and_a_tensor_is_none(tmp_path: Path) -> None:
    """`encoder = Dense(32)` can be called with images; `encoded = Dense(32)(x)` cannot."""
    encoder, decoder, image = layers.Dense(32, "relu"), layers.Dense(784), Input((784,))
    model = Model(image, decoder(encoder(image)))
    assert set(names(found({"encoder": encoder, "decoder": decoder, "m": model}, tmp_path / "layers"))) == set(Role)
    code = layers.Dense(32, "relu")(image)
    model = Model(image, layers.Dense(784)(code))
    assert names(found({"encoder": code, "m": model}, tmp_path / "tensor")) == {WHOLE: "m"}


def test_single_layers_of_a_deeper_network_are_no_halves(tmp_path: Path) -> None:
    """The first and the last of four leave the two between them out."""
    steps = {f"capa_{n}": layers.Dense(units) for n, units in enumerate((100, 30, 100, 784))}
    tensor = image = Input((784,))
    for step in steps.values():
        tensor = step(tensor)
    assert names(found({**steps, "autoencoder": Model(image, tensor)}, tmp_path, "stacked")) == {WHOLE: "autoencoder"}


class Lists(Model):
    """Lists of layers, and methods that go through them."""

    def __init__(self) -> None:
        super().__init__()
        self.down = [layers.Dense(784, "sigmoid"), layers.Reshape((28, 28))]
        self.up = [layers.Flatten(), layers.Dense(32, "relu")]

    def encode(self, inputs: Any) -> Any:
        """Return codes."""
        for layer in self.up:
            inputs = layer(inputs)
        return inputs

    def decode(self, codes: Any) -> Any:
        """Return images."""
        for layer in self.down:
            codes = layer(codes)
        return codes

    def call(self, inputs: Any) -> Any:
        """Return the reconstruction."""
        return self.decode(self.encode(inputs))


def test_methods_that_encode_and_decode_are_halves(tmp_path: Path) -> None:
    """As in the tutorials that call `vae.encode(x)`."""
    model = Lists()
    model(IMAGES)
    assert names(found({"vae": model}, tmp_path)) == {ENCODER: "vae.encode", DECODER: "vae.decode", WHOLE: "vae"}


class Plain:
    """No Keras class at all."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        self.decoder, self.encoder = decoder, encoder

    def __call__(self, inputs: Any) -> Any:
        """Return the reconstruction."""
        return self.decoder(self.encoder(inputs))


Plain.__module__ = "__main__"


@pytest.mark.parametrize("models", [True, False])
def test_an_object_that_is_called_like_a_model_is_one(models: bool, tmp_path: Path) -> None:
    """Its attributes are models or layers."""
    halves = (encoder_model(), decoder_model()) if models else (layers.Dense(32), layers.Dense(784))
    ae = Plain(*halves)
    ae(IMAGES if models else ROWS)
    measured = found({"ae": ae}, tmp_path)
    assert names(measured) == {ENCODER: "ae.encoder", DECODER: "ae.decoder", WHOLE: "ae"}
    assert measured.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-5)


Trio = namedtuple("Trio", "encoder decoder autoencoder")


def held(kind: str) -> dict[str, Any]:
    """The three models of `stacked` in something that holds them."""
    encoder, decoder = encoder_model(), decoder_model()
    trio = Trio(encoder, decoder, Sequential([encoder, decoder]))
    shelf = type("Shelf", (), {"__module__": "__main__"})()
    shelf.models = trio._asdict()
    return {
        "namedtuple": {"made": trio},
        "dictionary": {"models": trio._asdict()},
        "nested": {"all": {"stacked": trio._asdict()}},
        "object": {"shelf": shelf},
    }[kind]


@pytest.mark.parametrize("kind", ["namedtuple", "dictionary", "nested", "object"])
def test_models_are_found_wherever_a_notebook_keeps_them(kind: str, tmp_path: Path) -> None:
    """A function returned them, or a class built them."""
    measured = found(held(kind), tmp_path, "stacked")
    assert set(names(measured)) == set(Role)
    assert measured.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-5)


def test_looking_at_layers_changes_nothing_in_the_notebook(tmp_path: Path) -> None:
    """The weights, their number, and what a layer says of its first call."""
    model = subclass(layers.Dense, decoder_first=True)
    before = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    Exporter({"autoencoder": model}, tmp_path / "claims", FitTracker([]), []).export()
    assert len(model.weights) == len(before)
    assert all(
        np.array_equal(one, keras.ops.convert_to_numpy(other)) for one, other in zip(before, model.weights, strict=True)
    )
    np.testing.assert_allclose(model(ROWS), model.decoder(model.encoder(ROWS)))
