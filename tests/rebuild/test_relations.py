"""Models of another size than the data's are found by what they are to each other, whatever they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from keras import Input, Model, Sequential, layers
from round_trip import send
from stacked_styles import decoder_model, encoder_model

from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.probe.fit_record import FitRecord
from grader.rebuild import whole_submission
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.whole_submission import measure

pytestmark = pytest.mark.usefixtures("alone")

TASK = MeasuringTask("stacked", "hidden", tuple((role.value, role.value) for role in Role))
ENCODER, DECODER, WHOLE = Role.ENCODER, Role.DECODER, Role.AUTOENCODER


@pytest.fixture(autouse=True)
def one_jacobian(monkeypatch: pytest.MonkeyPatch) -> None:
    """One input instead of four."""
    monkeypatch.setattr(whole_submission, "JACOBIAN_IMAGES", 1)


def found(namespace: dict[str, Any], folder: Path, trained: tuple[Any, ...] = ()) -> Measurements:
    evidence = send(namespace, folder, [FitRecord(model) for model in trained])
    return measure(evidence, TASK, DataChoice("sample"))


def names(measured: Measurements) -> dict[Role, str]:
    return {role: model.name for role, model in measured.models.items() if model.made}


def encoder(size: tuple[int, ...] = (28, 28), code: int = 30) -> Any:
    return Sequential([Input(size), layers.Flatten(), layers.Dense(100, "relu"), layers.Dense(code, "relu")])


def decoder(size: tuple[int, ...] = (28, 28), code: int = 30) -> Any:
    numbers = size[0] * size[-1]
    return Sequential([Input((code,)), layers.Dense(100, "relu"), layers.Dense(numbers), layers.Reshape(size)])


SIZES = {
    "a decoder of 32x32": ((28, 28), (32, 32)),
    "an encoder of 32x32": ((32, 32), (28, 28)),
    "both of 32x32": ((32, 32), (32, 32)),
    "half an image": ((28, 28), (28, 14)),
}


@pytest.mark.parametrize("english", [True, False])
@pytest.mark.parametrize("case", SIZES)
def test_a_wrong_size_hides_no_model(case: str, english: bool, tmp_path: Path) -> None:
    """All three are in their roles, with the sizes that they have; the code and the composition are measured."""
    first, second = encoder(SIZES[case][0]), decoder(SIZES[case][1])
    called = ("encoder", "decoder", "autoencoder") if english else ("codificador", "deco", "modelo")
    measured = found(dict(zip(called, (first, second, Sequential([first, second])), strict=True)), tmp_path)
    assert names(measured) == dict(zip((ENCODER, DECODER, WHOLE), called, strict=True))
    whole = measured.models[WHOLE].architecture
    assert (whole.input_shape, whole.output_shape, measured.another_size) == (*SIZES[case], True)
    assert (measured.value(Quantity.CODE_SIZE), measured.value(Quantity.COMPOSITION_GAP)) == (30, 0)
    assert (measured.value(Quantity.RECONSTRUCTION_MSE), measured.problems) == (None, ())


def test_two_halves_that_were_never_joined_are_both_there(tmp_path: Path) -> None:
    """Each has its own form, and there is no autoencoder."""
    measured = found({"encoder": encoder_model(), "decoder": decoder_model()}, tmp_path)
    assert names(measured) == {ENCODER: "encoder", DECODER: "decoder"}
    assert (measured.values, measured.candidates, measured.another_size) == ({}, 0, False)


@pytest.mark.parametrize("role", [ENCODER, DECODER])
def test_one_half_alone_is_there(role: Role, tmp_path: Path) -> None:
    """The rest of the notebook is unfinished."""
    half = encoder_model() if role is ENCODER else decoder_model()
    assert names(found({role.value: half}, tmp_path)) == {role: role.value}


def test_a_decoder_of_the_wrong_size_is_known_by_the_code_it_takes(tmp_path: Path) -> None:
    """Nobody put the two together, and no name says which is which."""
    measured = found({"a": decoder((32, 32)), "b": encoder()}, tmp_path)
    assert names(measured) == {ENCODER: "b", DECODER: "a"}


def test_an_encoder_of_the_wrong_size_is_known_by_the_code_it_gives(tmp_path: Path) -> None:
    """The same from the other side."""
    measured = found({"a": decoder(), "b": encoder((32, 32))}, tmp_path)
    assert names(measured) == {ENCODER: "b", DECODER: "a"}


def test_a_decoder_that_takes_another_code_is_a_decoder(tmp_path: Path) -> None:
    """It gives an image; that it cannot read the encoder's code is what the checks say."""
    measured = found({"encoder": encoder(), "decoder": decoder(code=32)}, tmp_path)
    assert names(measured) == {ENCODER: "encoder", DECODER: "decoder"}


def test_an_autoencoder_that_ends_one_layer_too_early_is_one(tmp_path: Path) -> None:
    """Its name or its training says so, and it widens again after the code."""
    short = Sequential([Input((784,)), layers.Dense(100), layers.Dense(30), layers.Dense(100)])
    assert names(found({"autoencoder": short}, tmp_path / "named")) == {WHOLE: "autoencoder"}
    measured = found({"modelo": short}, tmp_path / "trained", (short,))
    assert names(measured) == {WHOLE: "modelo"}
    assert (measured.value(Quantity.CODE_SIZE), measured.models[WHOLE].architecture.output_shape) == (30, (100,))


def test_halves_of_an_autoencoder_that_ends_too_early_are_its_own(tmp_path: Path) -> None:
    """The decoder lacks its last layer, and so does the whole."""
    first, second = encoder(), Sequential([Input((30,)), layers.Dense(100, "relu")])
    measured = found({"encoder": first, "decoder": second, "autoencoder": Sequential([first, second])}, tmp_path)
    assert names(measured) == {ENCODER: "encoder", DECODER: "decoder", WHOLE: "autoencoder"}


def test_a_classifier_on_an_encoder_is_no_autoencoder(tmp_path: Path) -> None:
    """It ends at its narrowest, trained or not; the encoder stays what it is."""
    first, head = encoder(), Sequential([Input((30,)), layers.Dense(10, "softmax")])
    classifier = Sequential([first, head])
    measured = found({"encoder": first, "head": head, "clasificador": classifier}, tmp_path, (classifier,))
    assert names(measured) == {ENCODER: "encoder"}


def test_a_wide_code_makes_no_autoencoder_of_an_encoder(tmp_path: Path) -> None:
    """100, then 300: it widens, and is called what it is."""
    wide = Sequential([Input((784,)), layers.Dense(100), layers.Dense(300)])
    assert names(found({"encoder": wide}, tmp_path)) == {ENCODER: "encoder"}


def test_a_half_of_the_wrong_size_beside_a_right_autoencoder_is_seen(tmp_path: Path) -> None:
    """The autoencoder is measured as ever; the decoder under its name is judged for what it is."""
    tensor = image = Input((28, 28))
    for layer in (*encoder_model().layers, *decoder_model().layers):
        tensor = layer(tensor)
    whole = Model(image, tensor)
    measured = found({"autoencoder": whole, "decoder": decoder((32, 32))}, tmp_path)
    assert (names(measured), measured.another_size) == ({WHOLE: "autoencoder", DECODER: "decoder"}, False)
    assert not measured.models[DECODER].shared_with_autoencoder
    assert measured.value(Quantity.RECONSTRUCTION_MSE) is not None
