"""The layers of every reference against the course's table.

Provenance of every number: layers, shapes and totals are those of the course's table (`course.md`); parameters of a row
are worked out by hand from the usual formulas, Dense (inputs + 1)·units, Conv2D (3·3·channels + 1)·filters, LSTM
4·((inputs + units)·units + units). None was read off the code under test.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from reference_modules import KERAS_IDS, Row, built, reference, rows

DENSE_32: tuple[list[Row], list[Row]] = ([("Dense", (32,), 25_120)], [("Dense", (784,), 25_872)])
STACKED_DECODER: list[Row] = [("Dense", (100,), 3_100), ("Dense", (784,), 79_184), ("Reshape", (28, 28), 0)]
STACKED: tuple[list[Row], list[Row]] = (
    [("Flatten", (784,), 0), ("Dense", (100,), 78_500), ("Dense", (30,), 3_030)],
    STACKED_DECODER,
)

TABLES: dict[str, tuple[list[Row], list[Row]]] = {
    "linear-pca": ([("Dense", (2,), 8)], [("Dense", (3,), 9)]),
    "simple-dense": DENSE_32,
    "simple-dense-mse": DENSE_32,
    "symmetric-dense": (
        [("Dense", (100,), 78_500), ("Dense", (200,), 20_200), ("Dense", (30,), 6_030)],
        [("Dense", (200,), 6_200), ("Dense", (100,), 20_100), ("Dense", (784,), 79_184)],
    ),
    "deep-dense": (
        [("Dense", (128,), 100_480), ("Dense", (64,), 8_256), ("Dense", (32,), 2_080)],
        [("Dense", (64,), 2_112), ("Dense", (128,), 8_320), ("Dense", (784,), 101_136)],
    ),
    "stacked": STACKED,
    "convolutional": (
        [
            ("Reshape", (28, 28, 1), 0),
            ("Conv2D", (28, 28, 16), 160),
            ("MaxPooling2D", (14, 14, 16), 0),
            ("Conv2D", (14, 14, 32), 4_640),
            ("MaxPooling2D", (7, 7, 32), 0),
            ("Conv2D", (7, 7, 64), 18_496),
            ("MaxPooling2D", (3, 3, 64), 0),
            ("Conv2D", (3, 3, 30), 17_310),
            ("GlobalAveragePooling2D", (30,), 0),
        ],
        [
            ("Dense", (144,), 4_464),
            ("Reshape", (3, 3, 16), 0),
            ("Conv2DTranspose", (7, 7, 32), 4_640),
            ("Conv2DTranspose", (14, 14, 16), 4_624),
            ("Conv2DTranspose", (28, 28, 1), 145),
            ("Reshape", (28, 28), 0),
        ],
    ),
    "convolutional-upsampling": (
        [
            ("Conv2D", (28, 28, 16), 160),
            ("MaxPooling2D", (14, 14, 16), 0),
            ("Conv2D", (14, 14, 8), 1_160),
            ("MaxPooling2D", (7, 7, 8), 0),
            ("Conv2D", (7, 7, 8), 584),
            ("MaxPooling2D", (4, 4, 8), 0),
        ],
        [
            ("Conv2D", (4, 4, 8), 584),
            ("UpSampling2D", (8, 8, 8), 0),
            ("Conv2D", (8, 8, 8), 584),
            ("UpSampling2D", (16, 16, 8), 0),
            ("Conv2D", (14, 14, 16), 1_168),
            ("UpSampling2D", (28, 28, 16), 0),
            ("Conv2D", (28, 28, 1), 145),
        ],
    ),
    "recurrent": (
        [("LSTM", (None, 100), 51_600), ("LSTM", (30,), 15_720)],
        [("RepeatVector", (28, 30), 0), ("LSTM", (28, 100), 52_400), ("Dense", (28, 28), 2_828)],
    ),
    "denoising-dense": DENSE_32,
    "denoising-dropout": (
        [
            ("Flatten", (784,), 0),
            ("Dropout", (784,), 0),
            ("Dense", (100,), 78_500),
            ("Dense", (30,), 3_030),
        ],
        STACKED_DECODER,
    ),
    "denoising-convolutional": (
        [
            ("Conv2D", (28, 28, 32), 320),
            ("MaxPooling2D", (14, 14, 32), 0),
            ("Conv2D", (14, 14, 32), 9_248),
            ("MaxPooling2D", (7, 7, 32), 0),
        ],
        [
            ("Conv2D", (7, 7, 32), 9_248),
            ("UpSampling2D", (14, 14, 32), 0),
            ("Conv2D", (14, 14, 32), 9_248),
            ("UpSampling2D", (28, 28, 32), 0),
            ("Conv2D", (28, 28, 1), 289),
        ],
    ),
    "sparse": (
        [
            ("Flatten", (784,), 0),
            ("Dense", (100,), 78_500),
            ("Dense", (300,), 30_300),
            ("ActivityRegularization", (300,), 0),
        ],
        [("Dense", (100,), 30_100), ("Dense", (784,), 79_184), ("Reshape", (28, 28), 0)],
    ),
    # The next three leave their sizes to us: rows as their docstrings promise, parameters by the formulas above.
    "fraud": (
        [("Dense", (64,), 1_920), ("Dense", (32,), 2_080), ("Dense", (10,), 330)],
        [("Dense", (32,), 352), ("Dense", (64,), 2_112), ("Dense", (29,), 1_885)],
    ),
    "variational": (
        [("Dense", (256,), 200_960), ("Dense", (10,), 2_570), ("Dense", (10,), 2_570), ("Sampling", (10,), 0)],
        [("Dense", (256,), 2_816), ("Dense", (784,), 201_488)],
    ),
    "variational-convolutional": (
        [
            ("Conv2D", (14, 14, 16), 160),
            ("Conv2D", (7, 7, 32), 4_640),
            ("Flatten", (1_568,), 0),
            ("Dense", (64,), 100_416),
            ("Dense", (2,), 130),
            ("Dense", (2,), 130),
            ("Sampling", (2,), 0),
        ],
        [
            ("Dense", (1_568,), 4_704),
            ("Reshape", (7, 7, 32), 0),
            ("Conv2DTranspose", (14, 14, 32), 9_248),
            ("Conv2DTranspose", (28, 28, 16), 4_624),
            ("Conv2DTranspose", (28, 28, 1), 145),
        ],
    ),
    "greedy-layerwise": STACKED,
    "pretraining": STACKED,
    "optimizers": DENSE_32,
    "losses": DENSE_32,
}

TOTALS = {
    "linear-pca": 17,
    "simple-dense": 50_992,
    "symmetric-dense": 210_214,
    "deep-dense": 222_384,
    "stacked": 163_814,
    "convolutional": 54_479,
    "convolutional-upsampling": 4_385,
    "recurrent": 122_548,
    "denoising-dropout": 163_814,
    "denoising-convolutional": 28_353,
    "sparse": 218_084,
}
"""Totals that the course's table states in words."""

PENULTIMATE_AND_LAST = {
    "linear-pca": ("linear", "linear"),
    "simple-dense": ("relu", "sigmoid"),
    "simple-dense-mse": ("relu", "relu"),
    "deep-dense": ("relu", "sigmoid"),
    "stacked": ("relu", "linear"),
    "convolutional": ("relu", "linear"),
    "convolutional-upsampling": ("relu", "sigmoid"),
    "recurrent": ("tanh", "linear"),
    "denoising-dense": ("relu", "sigmoid"),
    "denoising-dropout": ("relu", "linear"),
    "denoising-convolutional": ("relu", "sigmoid"),
    "sparse": ("sigmoid", "linear"),
}
"""Activation of the last layer of the encoder and of the decoder that has one, as the course's table gives them."""


@pytest.mark.parametrize("name", KERAS_IDS)
def test_layers_shapes_and_parameters_are_those_of_the_course(name: str) -> None:
    """Each reference has exactly the rows of its table: kind, output shape, parameters, in order."""
    models = built(name)
    assert (rows(models.encoder), rows(models.decoder)) == TABLES[name]


@pytest.mark.parametrize("name", TOTALS)
def test_the_parameters_add_up_to_the_published_total(name: str) -> None:
    """The autoencoder holds as many parameters as the course says, each counted once."""
    assert built(name).autoencoder.count_params() == TOTALS[name]


@pytest.mark.parametrize("name", PENULTIMATE_AND_LAST)
def test_code_and_output_have_the_activations_of_the_course(name: str) -> None:
    """What ends the encoder and what ends the decoder decide the code's and the pixels' range."""

    def last_activation(model: object) -> str:
        return [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")][-1]

    models = built(name)
    assert (last_activation(models.encoder), last_activation(models.decoder)) == PENULTIMATE_AND_LAST[name]


def test_the_upsampling_autoencoder_prints_thirteen_rows() -> None:
    """The lecture's summary of `convolutional-upsampling` has 13 rows, so the autoencoder must not nest its models."""
    autoencoder = built("convolutional-upsampling").autoencoder
    assert len(autoencoder.layers) == 13
    assert rows(autoencoder) == [row for part in TABLES["convolutional-upsampling"] for row in part]


def test_simple_dense_has_the_names_and_the_compression_of_the_lecture() -> None:
    """Three models by name, two layers by name, and 784 / 32 = 24.5."""
    models = built("simple-dense")
    assert [model.name for model in models] == ["encoder", "decoder", "autoencoder"]
    assert models.encoder.layers[-1].name == "latent_vector"
    assert models.decoder.layers[-1].name == "decoder_output"
    assert reference("simple-dense").COMPRESSION_FACTOR == 24.5


def test_the_decoder_of_simple_dense_mse_is_the_last_layer_of_the_autoencoder() -> None:
    """The lecture makes the decoder by calling `autoencoder.layers[-1]` on a new input: one layer, two models."""
    models = built("simple-dense-mse")
    assert models.decoder.layers[-1] is models.autoencoder.layers[-1]
    assert len(models.autoencoder.layers) == 3


def test_the_recurrent_encoder_reads_sequences_of_any_length(rng) -> None:
    """5 and 40 steps give a code of 30 numbers as 28 do."""
    encoder = built("recurrent").encoder
    assert [encoder(rng.normal(size=(2, steps, 28))).shape for steps in (5, 28, 40)] == [(2, 30)] * 3


# Traps that the docstrings name


def test_the_first_transposed_convolution_needs_valid_padding() -> None:
    """By hand: (3 - 1)·2 + 3 = 7, then 14, then 28; with `same` three times 3 doubles to 24."""

    def sides(first_padding: str) -> list[int]:
        side, found = 3, []
        for padding in (first_padding, "same", "same"):
            layer = keras.layers.Conv2DTranspose(1, 3, strides=2, padding=padding)
            side = layer.compute_output_shape((None, side, side, 1))[1]
            found.append(side)
        return found

    assert (sides("valid"), sides("same")) == ([7, 14, 28], [6, 12, 24])


def test_upsampling_with_same_padding_everywhere_does_not_fit_the_image() -> None:
    """4 doubles three times to 32, and Keras refuses to compare 32×32 with 28×28: hence the valid convolution."""
    image, too_large = np.zeros((1, 28, 28, 1)), np.zeros((1, 2**3 * 4, 2**3 * 4, 1))
    with pytest.raises(ValueError, match="32"):
        keras.losses.binary_crossentropy(image, too_large)
