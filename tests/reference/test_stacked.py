"""`stacked` as the course has it: counts, layers, training data, and one model in three."""

from __future__ import annotations

import numpy as np
import pytest

from reference import stacked
from reference.contract import IDS, Autoencoder, module


@pytest.fixture(scope="module")
def models() -> Autoencoder:
    return stacked.build()


def test_parameters_are_those_of_the_course(models: Autoencoder) -> None:
    """Encoder 81,530 and decoder 82,284, which the autoencoder shares: 163,814."""
    assert [model.count_params() for model in models] == [81_530, 82_284, 163_814]
    assert stacked.PUBLISHED == "163,814 parameters"


def test_layers_are_those_of_the_course(models: Autoencoder) -> None:
    """Flatten, 100, 30 · 100, 784, Reshape; relu everywhere but at the pixels."""
    assert [
        (type(layer).__name__, layer.output.shape[1:], layer.count_params(), getattr(layer, "activation", None) and layer.activation.__name__)
        for layer in [*models.encoder.layers, *models.decoder.layers]
    ] == [
        ("Flatten", (784,), 0, None),
        ("Dense", (100,), 78_500, "relu"),
        ("Dense", (30,), 3_030, "relu"),
        ("Dense", (100,), 3_100, "relu"),
        ("Dense", (784,), 79_184, "linear"),
        ("Reshape", (28, 28), 0, None),
    ]  # fmt: skip


def test_the_autoencoder_is_decoder_of_encoder_with_the_same_layers(models: Autoencoder) -> None:
    """What one learns, all have learnt."""
    assert {id(v) for v in models.autoencoder.weights} == {id(v) for part in models[:2] for v in part.weights}
    images = np.random.default_rng(0).random((3, 28, 28), dtype=np.float32)
    codes = models.encoder(images)
    assert codes.shape == (3, stacked.CODE_SIZE)
    np.testing.assert_allclose(models.autoencoder(images), models.decoder(codes), rtol=0, atol=1e-6)


def test_it_is_compiled_as_in_the_lectures_code() -> None:
    """Nadam and the mean squared error, 20 epochs."""
    autoencoder = stacked.build().autoencoder
    stacked.compile_model(autoencoder)
    assert (type(autoencoder.optimizer).__name__, autoencoder.loss) == ("Nadam", "mse")
    assert (stacked.EPOCHS, stacked.BATCH_SIZE, stacked.DATASET) == (20, 32, "fashion_mnist")


def test_the_last_5000_training_images_are_held_out() -> None:
    """And the input is its own target."""
    train, validation = stacked.training_split(np.arange(60_000))
    assert (train[0], train[-1], validation[0], validation[-1]) == (0, 54_999, 55_000, 59_999)
    x, y = stacked.inputs_and_targets(train, np.random.default_rng(0))
    assert x is train
    assert y is train


def test_references_are_found_by_their_id() -> None:
    """A dash in the id is an underscore in the module; other names are unknown."""
    assert module("stacked") is stacked
    assert all(reference == module(reference).ID for reference in IDS)
    for name in ("nothing", "../stacked", "contract"):
        with pytest.raises(KeyError):
            module(name)
