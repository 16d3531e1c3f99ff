"""What every reference offers: the contract's names, three models that share their layers, true docstrings."""

from __future__ import annotations

import re

import numpy as np
import pytest
from reference_modules import IDS, KERAS_IDS, built, reference

COURSE = {
    "linear-pca": ("cloud", 2, 500, 32),
    "simple-dense": ("mnist", 32, 50, 128),
    "simple-dense-mse": ("mnist", 32, 30, 256),
    "symmetric-dense": ("mnist", 30, 20, 128),
    "deep-dense": ("mnist", 32, 100, 128),
    "stacked": ("fashion_mnist", 30, 20, 32),
    "convolutional": ("fashion_mnist", 30, 10, 32),
    "convolutional-upsampling": ("mnist", 128, 10, 128),
    "recurrent": ("fashion_mnist", 30, 10, 32),
    "denoising-dense": ("mnist", 32, 50, 256),
    "denoising-dropout": ("fashion_mnist", 30, 10, 32),
    "denoising-convolutional": ("mnist", 1_568, 100, 128),
    "sparse": ("fashion_mnist", 300, 10, 32),
    "fraud": ("creditcard", 10, 20, 128),
    "variational": ("mnist", 10, 20, 128),
    "variational-convolutional": ("mnist", 2, 10, 64),
    "greedy-layerwise": ("fashion_mnist", 30, 10, 32),
    "pretraining": ("fashion_mnist", 30, 20, 32),
    "optimizers": ("mnist", 32, 50, 128),
    "losses": ("mnist", 32, 50, 128),
    "from-scratch": ("mnist", 32, 20, 128),
}
"""Data, code size, epochs and batch size: the course's table where it states them, else our own choice (32 is Keras's
default batch; sizes and epochs that the table calls free are promised by the module's docstring)."""

COMPILED = {
    "linear-pca": ("SGD", 0.5, "mse"),
    "simple-dense": ("Adam", 0.001, "binary_crossentropy"),
    "simple-dense-mse": ("Adadelta", 1.0, "mse"),
    "deep-dense": ("Adam", 0.001, "binary_crossentropy"),
    "stacked": ("Nadam", 0.001, "mse"),
    "convolutional": ("Nadam", 0.001, "mse"),
    "convolutional-upsampling": ("Adam", 0.001, "binary_crossentropy"),
    "recurrent": ("Nadam", 0.001, "mse"),
    "denoising-dense": ("Adadelta", 1.0, "mse"),
    "denoising-dropout": ("Nadam", 0.001, "mse"),
    "denoising-convolutional": ("Adam", 0.001, "binary_crossentropy"),
    "sparse": ("Nadam", 0.001, "mse"),
}
"""Optimizer, its rate, loss: the course's table; 0.001 is Keras 3's default where the table names no rate."""


def rows_like_the_data(name: str, rng: np.random.Generator) -> np.ndarray:
    """Seven samples of random numbers in the shape in which this reference's data comes."""
    shape = {"cloud": (7, 3), "creditcard": (7, 29)}.get(reference(name).DATASET, (7, 28, 28))
    return rng.random(shape).astype(np.float32)


@pytest.mark.parametrize("name", IDS)
def test_each_reference_states_what_the_course_says(name: str) -> None:
    """Id, data, code size, epochs and batch size are the course's."""
    module = reference(name)
    stated = (module.DATASET, module.CODE_SIZE, module.EPOCHS, module.BATCH_SIZE)
    assert (module.ID, stated) == (name, COURSE[name])
    assert isinstance(module.PUBLISHED, str)


@pytest.mark.parametrize("name", COMPILED)
def test_each_reference_is_compiled_as_the_course_says(name: str) -> None:
    """Optimizer, rate and loss are the course's; Adadelta's rate is the one that its name meant then."""
    module = reference(name)
    autoencoder = module.build().autoencoder
    module.compile_model(autoencoder)
    found = (type(autoencoder.optimizer).__name__, float(autoencoder.optimizer.learning_rate), autoencoder.loss)
    assert found == (COMPILED[name][0], pytest.approx(COMPILED[name][1]), COMPILED[name][2])


@pytest.mark.parametrize("name", IDS)
def test_the_autoencoder_is_the_decoder_of_the_encoder(name: str, rng) -> None:
    """autoencoder(x) = decoder(encoder(x)) outside training, because the three share their layers."""
    module = reference(name)
    models = built(name)
    x, target = module.inputs_and_targets(rows_like_the_data(name, rng), rng)
    whole = np.asarray(models.autoencoder(x))
    assert whole.shape == target.shape
    np.testing.assert_allclose(np.asarray(models.decoder(models.encoder(x))), whole, rtol=1e-5, atol=1e-6)
    assert np.asarray(models.encoder(x)).reshape(len(x), -1).shape[1] == module.CODE_SIZE


@pytest.mark.parametrize("name", KERAS_IDS)
def test_encoder_and_decoder_hold_the_variables_of_the_autoencoder(name: str) -> None:
    """Training the autoencoder trains the two others: every weight is the same object, and none is left over."""
    models = built(name)
    parts = {id(weight) for model in (models.encoder, models.decoder) for weight in model.trainable_weights}
    assert parts == {id(weight) for weight in models.autoencoder.trainable_weights}


@pytest.mark.parametrize("name", sorted(set(IDS) - {"stacked", "linear-pca"}))
def test_a_twelfth_is_held_out_and_nothing_is_lost(name: str) -> None:
    """60,000 images give 55,000 and 5,000 as in the lecture; the last ones are held out; few images lose none."""
    split = reference(name).training_split
    train, validation = split(np.arange(60_000))
    assert (len(train), len(validation), train[-1], validation[0]) == (55_000, 5_000, 54_999, 55_000)
    assert [len(part) for part in split(np.arange(5))] == [5, 0]


def test_the_linear_autoencoder_trains_on_every_point_of_the_cloud() -> None:
    """The plane is compared with PCA of the same 60 points, so that none is held out."""
    points = np.arange(180).reshape(60, 3)
    train, validation = reference("linear-pca").training_split(points)
    assert train is points
    assert validation is points


# Docstrings


@pytest.mark.parametrize("name", IDS)
def test_the_sums_in_the_docstring_are_right(name: str) -> None:
    """Every `a·b + c = n` of a module's docstring, worked out again, gives n; there are at least two in each."""
    text = re.sub(r"(encoder|decoder|First|Encoder|second) ", "", reference(name).__doc__.replace(",", ""))
    sums = re.findall(r"([\d(][\d() ]*[·+-][\d·+() -]*[\d)]) = (\d+)\b", text)
    assert len(sums) >= 2
    for expression, stated in sums:
        assert eval(expression.replace("·", "*")) == int(stated), expression  # noqa: S307 - digits and signs alone


@pytest.mark.parametrize("name", KERAS_IDS)
def test_the_docstring_names_every_layer_with_its_true_parameters(name: str) -> None:
    """The table in the docstring lists the parameters of the model's layers, in order."""
    models = built(name)
    counts = [
        layer.count_params()
        for model in (models.encoder, models.decoder)
        for layer in model.layers
        if layer.count_params() > 0
    ]
    text = reference(name).__doc__.replace(",", "")
    table = [line for line in text.splitlines() if line.startswith("|")]
    reported = [int(count) for line in table for count in re.findall(r"= (\d+)\b", line)]
    assert reported[: len(counts)] == counts
    assert f"{models.autoencoder.count_params()} parameters" in text.replace("\n", " ")
