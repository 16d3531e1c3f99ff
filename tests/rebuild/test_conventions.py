"""Logits and pixels between other bounds: judged as the notebook meant them, and only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, Sequential, layers
from round_trip import send, shake

from grader.domain.counted_layers import counted_layers
from grader.domain.evidence import Evidence, FitClaim
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.locale import Translator
from grader.rebuild import whole_submission
from grader.rebuild.quantities import conventions
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import load_samples

pytestmark = pytest.mark.usefixtures("alone")

NAMES = tuple((role.value, role.value) for role in Role)
EN = Translator("en")


@pytest.fixture(autouse=True)
def one_jacobian(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these models are does not depend on the image."""
    monkeypatch.setattr(whole_submission, "JACOBIAN_IMAGES", 1)


def measured(evidence: Evidence, reference: str = "simple-dense") -> Measurements:
    return whole_submission.measure(evidence, MeasuringTask(reference, "public", NAMES), DataChoice("sample"))


def three(activation: str | None) -> dict[str, Any]:
    """`simple-dense` with another end; every weight drawn anew, the same ones for every end."""
    image, code = Input((784,)), Input((32,))
    encoder = Model(image, layers.Dense(32, "relu")(image))
    decoder = Model(code, layers.Dense(784, activation)(code))
    models = {"encoder": encoder, "decoder": decoder, "autoencoder": Model(image, decoder(encoder(image)))}
    shake(*models.values())
    return models


def compiled(models: dict[str, Any], *, from_logits: bool) -> dict[str, Any]:
    models["autoencoder"].compile("adam", keras.losses.BinaryCrossentropy(from_logits=from_logits))
    return models


def test_logits_are_judged_behind_the_sigmoid_of_their_loss(tmp_path: Path) -> None:
    """The same numbers as with the sigmoid in the last layer, the decoder's as well, and the report says so."""
    logits = measured(send(compiled(three(None), from_logits=True), tmp_path / "logits"))
    plain = measured(send(compiled(three("sigmoid"), from_logits=False), tmp_path / "plain"))
    for name in (Quantity.RECONSTRUCTION_MSE, Quantity.THROUGH_CODE_MSE, Quantity.OUTSIDE_RANGE):
        assert logits.value(name) == pytest.approx(plain.value(name), rel=1e-4)
    assert logits.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-4)
    last = logits.models[Role.AUTOENCODER].architecture.layers[-1]
    assert (last.kind, last.activation) == ("Dense", "sigmoid")
    assert [EN.text(reported).split(",")[0] for reported in logits.conventions] == ["The model outputs logits"]
    assert plain.conventions == ()


@pytest.mark.parametrize(("activation", "from_logits"), [(None, False), ("sigmoid", True)])
def test_no_sigmoid_is_added_unasked_nor_twice(activation: str | None, *, from_logits: bool, tmp_path: Path) -> None:
    """Keras's loss takes a sigmoid off again that is the last thing in the model."""
    found = measured(send(compiled(three(activation), from_logits=from_logits), tmp_path))
    whole = found.models[Role.AUTOENCODER].architecture
    assert [layer.activation for layer in whole.layers] == ["relu", activation or "linear"]
    assert found.conventions == ()


# Pixels


def fitted(model: Any, folder: Path, *fits: tuple[float, float, bool]) -> Evidence:
    evidence = send({"autoencoder": model}, folder)
    (claim,) = [one for one in evidence.models if "autoencoder" in one.names]
    records = tuple(
        FitClaim(claim.model, 1, 8, 8, same_target=same, input_minimum=low, input_maximum=high, completed=True)
        for low, high, same in fits
    )
    return replace(evidence, fits=records)


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 255.0), (-1.0, 1.0), (-0.81, 2.02)], ids=["bytes", "symmetric", "standardised"]
)
def test_a_model_of_other_pixels_is_given_such_pixels(low: float, high: float, tmp_path: Path) -> None:
    """It takes a tenth of the range off each pixel, in its own pixels; ours are [0, 1], and the report says so."""
    tenth = (high - low) / 10
    model = Sequential(
        [Input((28, 28)), layers.Rescaling(1.0, -low - tenth), layers.ReLU(), layers.Rescaling(1.0, low)]
    )
    found = measured(fitted(model, tmp_path, (low, high, True)))
    images = load_samples("mnist", "public", DataChoice("sample")).images
    expected = float(np.mean((images - np.maximum(images - 0.1, 0)) ** 2))
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(expected, rel=1e-3)
    (reported,) = found.conventions
    assert EN.text(reported).startswith(f"The model was trained on pixels between {low:.4g} and {high:.4g}")
    assert f"; pixels between {low:.4g} and {high:.4g}" in found.values[Quantity.RECONSTRUCTION_MSE].how


@pytest.mark.parametrize(("low", "high", "reported"), [(-1.0, 1.0, (-1.0, 1.0)), (0.0, 1.0, None)])
def test_the_pixels_of_the_training_are_measured(
    low: float, high: float, reported: tuple[float, float] | None, tmp_path: Path
) -> None:
    """The bounds of what was fitted, where the model gives such pixels back: the last activation is judged with them."""
    model = Sequential([Input((28, 28)), layers.Rescaling(1.0, -low), layers.ReLU(), layers.Rescaling(1.0, low)])
    assert measured(fitted(model, tmp_path, (low, high, True))).pixels == reported


def test_a_sigmoid_cannot_reach_255(tmp_path: Path) -> None:
    """Whoever fits pixels up to 255 with a sigmoid at the end loses, whatever the scale: 255 never comes out."""
    model = three("sigmoid")["autoencoder"]
    found = measured(fitted(model, tmp_path, (0.0, 255.0, True)))
    assert (found.value(Quantity.RECONSTRUCTION_MSE) or 0) > (found.value(Quantity.MEAN_IMAGE_MSE) or 0)


def test_noise_beyond_the_pixels_is_no_other_scale(tmp_path: Path) -> None:
    """A denoiser sees numbers below 0 and above 1; what gives the images back best is to change nothing."""
    model = Sequential([Input((28, 28)), layers.ReLU(max_value=1.0)])
    found = measured(fitted(model, tmp_path, (-1.3, 2.4, False)))
    assert found.conventions == ()
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seen", [True, False], ids=["array", "pipeline"])
@pytest.mark.parametrize("scaled", ["layer", "Lambda"])
def test_a_model_that_scales_its_input_itself_is_given_whole_numbers(scaled: str, seen: bool, tmp_path: Path) -> None:
    """Bytes go in and [0, 1] comes out, as the target of the training says; the scaling is no layer of the network."""
    by_hand = layers.Lambda(lambda pixels: tf.cast(pixels, "float32") / 255)
    scaling = by_hand if scaled == "Lambda" else layers.Rescaling(1 / 255)
    model = Sequential(
        [Input((28, 28)), scaling, layers.Flatten(), layers.ReLU(threshold=0.1), layers.Reshape((28, 28))]
    )
    evidence = fitted(model, tmp_path, (0.0, 255.0, False))
    (fit,) = evidence.fits
    claimed = replace(fit, target_minimum=0.0, target_maximum=1.0)
    unseen = replace(fit, same_target=None, input_minimum=None, input_maximum=None)
    found = measured(replace(evidence, fits=(claimed if seen else unseen,)))
    images = load_samples("mnist", "public", DataChoice("sample")).images
    expected = float(np.mean((images * (images < 0.1)) ** 2))
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(expected, rel=1e-2)
    (reported,) = found.conventions
    assert "take pixels between 0 and 255 and to return pixels between 0 and 1" in EN.text(reported)
    assert found.pixels is None  # its last activation is judged as usual
    assert [one.layer.kind for one in counted_layers(found.models[Role.AUTOENCODER].architecture)] == ["ReLU"]


@pytest.mark.parametrize(("low", "high"), [(0.0, 255.0), (-1.0, 1.0), (-0.5, 0.5)])
def test_a_loop_whose_data_nobody_saw_is_tried_on_the_usual_pixels(low: float, high: float, tmp_path: Path) -> None:
    """A loop with a gradient tape, or a pipeline with a function in it, says nothing of its numbers."""
    steep = 20 / (high - low)
    model = Sequential([
        Input((28, 28)),
        layers.Rescaling(steep, -steep * (low + high) / 2),
        layers.Activation("sigmoid"),
        layers.Rescaling(high - low, low),
    ])  # fmt: skip
    evidence = fitted(model, tmp_path, (low, high, True))
    unseen = replace(evidence.fits[0], how="loop", same_target=None, input_minimum=None, input_maximum=None)
    found = measured(replace(evidence, fits=(unseen,)))
    assert found.pixels == (low, high)


def test_pixels_are_those_of_a_training_of_the_same_weights(tmp_path: Path) -> None:
    """The model that is handed in may be made of the layers of another one, which was the one fitted."""
    model = Sequential([Input((28, 28)), layers.Dense(28, "tanh")])
    shake(model)
    image = Input((28, 28))
    whole = Model(image, [model(image), image])
    evidence = send({"autoencoder": model, "trained": whole}, tmp_path)
    (other,) = [one for one in evidence.models if "trained" in one.names]
    found = conventions.fits_of(
        next(one for one in whole_submission.rebuild(evidence)[0].models if "autoencoder" in one.claim.names),
        replace(evidence, fits=(FitClaim(other.model, 1, 8, 8, True, -1.0, 1.0, True),)),
    )
    assert [fit.model for fit in found] == [other.model]


# Copies that were never trained


def test_a_separate_encoder_that_was_never_trained_is_judged_under_its_name(tmp_path: Path) -> None:
    """R12 of the catalogue: the trained encoder lives inside the autoencoder, the one called `encoder` is another."""
    models = three("sigmoid")
    inner = {"autoencoder": models["autoencoder"], "inside": [models["encoder"]], "decoder": models["decoder"]}
    copy = Sequential([Input((784,)), layers.Dense(32, "relu")])
    found = measured(send({**inner, "encoder": copy}, tmp_path / "copy"))
    assert found.models[Role.ENCODER].name == "encoder"
    assert not found.models[Role.ENCODER].shared_with_autoencoder
    assert (found.value(Quantity.COMPOSITION_GAP) or 0) > 0.01


def test_an_encoder_with_copied_weights_is_the_autoencoders_own(tmp_path: Path) -> None:
    """Equal value for value is as good as the same object."""
    models = three("sigmoid")
    copy = Sequential([Input((784,)), layers.Dense(32, "relu")])
    copy.set_weights(models["encoder"].get_weights())
    found = measured(
        send({"autoencoder": models["autoencoder"], "decoder": models["decoder"], "encoder": copy}, tmp_path)
    )
    assert found.models[Role.ENCODER].shared_with_autoencoder
    assert found.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-4)
