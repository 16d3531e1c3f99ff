"""Ways past the code, of every family: each shows in the rank, in the size of the code or in what leads past it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import Input, Model, Sequential, layers, ops
from round_trip import shake

from grader.domain.measurement import Quantity, Role
from grader.rebuild.network.model import RebuiltModel, Workshop
from grader.rebuild.network.own_models import architecture_of, claimed
from grader.rebuild.network.roles import Cast
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.samples import Samples
from grader.rebuild.quantities.submission_measurements import behaviour, find_code

IMAGES = np.random.default_rng(2).random((4, 28, 28), dtype=np.float32)


def judged(model: Any) -> tuple[int, str | None, int]:
    """Size of the code, what leads past it, and the rank of the Jacobian."""
    shake(model)
    size, bypass = find_code({Role.AUTOENCODER: architecture_of(model)})
    return (
        size,
        None if bypass is None else str(dict(bypass.values)["layer"]),
        image_metrics.jacobian_rank(model, IMAGES[:2]),
    )


def test_the_size_of_a_strange_encoder_shows_where_the_code_is() -> None:
    """A sparse code is wider than the layer before it; an encoder with layers of its own tells its size all the same."""
    whole = Sequential([Input((784,)), *(layers.Dense(units) for units in (100, 300, 100, 784))])
    forms = {Role.AUTOENCODER: architecture_of(whole)}
    assert find_code(forms) == (100, None)
    for units, size in ((300, 300), (50, 100)):
        more = [
            layers.Dense(90) for _ in range(8)
        ]  # ids of operations count from 0 in both: these come after all others
        stranger = Sequential([Input((784,)), *more, layers.Dense(units)])
        assert find_code(forms | {Role.ENCODER: architecture_of(stranger)}) == (size, None)


def test_a_repeated_code_replaced_by_the_image_shows() -> None:
    """R17: the decoder reads every step of the image instead of the code; or both, side by side."""
    steps = Input((28, 28))
    code = layers.LSTM(5)(steps)
    both = layers.Concatenate()([layers.RepeatVector(28)(code), steps])
    beside = Model(steps, layers.Dense(28)(layers.LSTM(6, return_sequences=True)(both)))
    size, bypass, rank = judged(beside)
    assert (size, bypass) == (5, "Concatenate")
    assert rank > 5
    instead = Sequential([Input((28, 28)), layers.LSTM(30, return_sequences=True), layers.Dense(28)])
    size, bypass, rank = judged(instead)
    assert (size, bypass) == (28 * 30, None)  # wider than an image: no code
    assert rank > 30


def test_an_encoder_that_returns_sequences_has_a_code_of_all_its_steps() -> None:
    """R18: five numbers at each of 28 steps are 140 numbers."""
    model = Sequential([Input((28, 28)), layers.LSTM(5, return_sequences=True), layers.LSTM(28, return_sequences=True)])
    size, bypass, rank = judged(model)
    assert (size, bypass) == (140, None)
    assert 5 < rank <= 140


@pytest.mark.parametrize("leak", [1e-2, 1e-3])
def test_a_small_leak_shows_in_the_rank_and_in_the_graph(leak: float) -> None:
    """R25: one percent of the image beside the code."""
    image = Input((28, 28))
    flat = layers.Flatten()(image)
    whole = layers.Dense(784)(layers.Dense(8, "relu")(flat)) + leak * flat
    _, bypass, rank = judged(Model(image, layers.Reshape((28, 28))(whole)))
    assert bypass == "Add"
    assert rank > 700


@pytest.mark.parametrize(
    ("activation", "scale"), [("sigmoid", 1.0), ("sigmoid", 10.0), ("relu", 1e-3), ("tanh", 30.0), ("relu", 1e3)]
)
def test_saturated_and_badly_scaled_codes_never_look_wider_than_they_are(activation: str, scale: float) -> None:
    """Weights far too large or too small: float32 makes no direction that is not there."""
    encoder = Sequential([Input((784,)), layers.Dense(60, "relu"), layers.Dense(8, activation)])
    decoder = Sequential([Input((8,)), layers.Dense(60, "relu"), layers.Dense(784, "sigmoid")])
    model = Sequential([encoder, decoder])
    shake(model)
    encoder.layers[0].kernel.assign(encoder.layers[0].kernel * scale)
    decoder.layers[0].kernel.assign(decoder.layers[0].kernel / scale)
    assert 0 <= image_metrics.jacobian_rank(model, IMAGES) <= 8


def rebuilt(model: Any) -> RebuiltModel:
    claim, operations, arrays = claimed(model)
    return Workshop(operations, arrays).rebuild(claim)


def test_encode_and_decode_are_measured_apart() -> None:
    """The decoder gets nothing but numbers; where it reads another tensor inside, the two errors differ (R4)."""
    image, code = Input((28, 28)), Input((6,))
    hidden = layers.Dense(40, "relu")(layers.Flatten()(image))
    encoder = Model(image, layers.Dense(6)(hidden))
    decoder = Model(code, layers.Reshape((28, 28))(layers.Dense(784)(code)))
    past = Model(image, layers.Reshape((28, 28))(layers.Dense(784)(hidden)))
    shake(encoder, decoder, past)
    samples = Samples("sample", IMAGES, IMAGES)
    cast = Cast(rebuilt(past), rebuilt(encoder), rebuilt(decoder), 1)
    outputs = image_metrics.predict(past, IMAGES)
    values = {m.name: m.value for m in behaviour(cast, samples, outputs, jacobian_images=1)}
    assert values[Quantity.BOTTLENECK_RANK] > 6
    assert values[Quantity.COMPOSITION_GAP] > 0.1
    assert values[Quantity.THROUGH_CODE_MSE] != pytest.approx(float(((IMAGES - outputs) ** 2).mean()), rel=0.1)
    assert values[Quantity.ROUNDING_GAP] < 0.005


def test_numbers_hidden_in_the_last_digits_of_a_code_are_missed() -> None:
    """Two numbers in one, the second a millionth of the first: the rank is 1, and eight bits lose the second."""
    image, code = Input((28, 28)), Input((1,))
    first, second = image[:, 3, :1], image[:, 4, :1]
    encoder = Model(image, ops.round(first * 100) + 1e-6 * second)
    packed = (code - ops.round(code)) * 1e6
    decoder = Model(code, layers.Reshape((28, 28))(ops.repeat(packed, 784, axis=1)))
    gap = image_metrics.rounding_gap(encoder, decoder, IMAGES)
    assert gap is not None
    assert gap > 0.5


def test_pixels_packed_as_bits_of_whole_numbers_are_missed() -> None:
    """Nineteen black and white pixels in a number below 2¹⁹: six digits hold all of them, eight bits do not."""
    bits = 19
    image, code = Input((28, 28)), Input((20,))
    pixels = ops.reshape(image, (-1, 784))[:, 200 : 200 + 20 * bits]
    places = np.repeat(np.eye(20), bits, axis=0) * np.tile(2.0 ** np.arange(bits), 20)[:, np.newaxis]
    encoder = Model(image, ops.matmul(ops.floor(pixels + 0.5), ops.convert_to_tensor(places, "float32")))
    shifts = np.repeat(np.eye(20), bits, axis=1) * np.tile(2.0 ** -np.arange(bits), 20)
    shifted = ops.floor(ops.matmul(code, ops.convert_to_tensor(shifts, "float32")))
    seen = ops.pad(shifted - 2 * ops.floor(shifted / 2), ((0, 0), (200, 784 - 200 - 20 * bits)))
    decoder = Model(code, ops.reshape(seen, (-1, 28, 28)))
    chained = image_metrics.through_code(encoder, decoder, IMAGES)
    assert chained is not None
    assert np.mean((chained - IMAGES) ** 2) < np.mean(IMAGES**2)  # the attack works
    gap = image_metrics.rounding_gap(encoder, decoder, IMAGES)
    assert gap is not None
    assert gap > 0.1


def test_trained_networks_lose_nothing_by_codes_of_eight_bits() -> None:
    """Numbers of any spread, one that never changes, and one that is now and then far out."""
    codes = np.random.default_rng(0).normal(size=(400, 32)).astype(np.float32) * np.geomspace(
        1e-6, 1e6, 32, dtype=np.float32
    )
    codes[:, 3] = 7.25
    codes[0, 4] *= 100
    rounded = image_metrics.coarse(codes)
    assert (rounded[:, 3] == 7.25).all()
    spread = codes.std(axis=0) * 1.001  # of float32
    assert (np.abs(rounded - codes) <= spread / 64).all()  # half of a step, and float32
    assert (np.abs(image_metrics.coarse(codes[:, :2]) - codes[:, :2]) <= spread[:2] / 512).all()
