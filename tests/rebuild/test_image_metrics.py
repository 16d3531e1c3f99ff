"""Losses, trivial predictors and gaps against NumPy written out, against scikit-learn, and against known figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import Input, Model, Sequential, layers, ops

from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import load_samples
from reference import data


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 28, 28), dtype=np.float32)


def identity(shape: tuple[int | None, ...], factor: float = 1.0) -> Sequential:
    return Sequential([Input(shape), layers.Rescaling(factor)])


def test_losses_are_the_formulas_of_the_docstring() -> None:
    """Means over pixels and images; outputs of the cross-entropy clipped to [1e-7, 1 - 1e-7]."""
    x = np.array([[[0.0, 1.0], [0.5, 0.25]]], np.float32)
    y = np.array([[[0.0, 0.5], [1.0, 0.25]]], np.float32)
    assert image_metrics.mean_squared_error(x, y) == pytest.approx((0 + 0.25 + 0.25 + 0) / 4)
    clipped = [
        -np.log(1 - 1e-7),
        -np.log(0.5),
        -(0.5 * np.log(1 - 1e-7) + 0.5 * np.log(1e-7)),
        -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)),
    ]
    assert image_metrics.binary_cross_entropy(x, y) == pytest.approx(np.mean(clipped), rel=1e-6)


def test_the_cross_entropy_of_the_images_themselves_is_their_entropy() -> None:
    """The lowest value that can be reached is far from zero; nobody must take it for a fault."""
    x = images(3)
    pixels = x.astype(np.float64)
    entropy = -np.mean(pixels * np.log(pixels) + (1 - pixels) * np.log(1 - pixels))
    assert image_metrics.binary_cross_entropy(x, x) == pytest.approx(entropy, rel=1e-6)


def test_a_giant_layer_is_asked_in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a gigabyte for a tensor at the most; the numbers are the same, also of a model within a model."""
    model = Sequential([Input((28, 28, 1)), Sequential([layers.UpSampling2D(2), layers.AveragePooling2D(2)])])
    asked: list[int] = []

    class Counted:
        _functional = model._functional

        def __call__(self, samples: np.ndarray, *, training: bool) -> object:
            asked.append(len(samples))
            return model(samples, training=training)

    wanted = image_metrics.predict(Counted(), images(7)[..., None])
    monkeypatch.setattr(image_metrics, "MAX_BATCH_NUMBERS", 3 * 56 * 56)
    np.testing.assert_allclose(image_metrics.predict(Counted(), images(7)[..., None]), wanted, atol=1e-6)
    assert asked == [7, 3, 3, 1]


def test_the_mean_image_is_that_of_training() -> None:
    """Fitted on training images, measured on others."""
    train, hidden = images(20), images(7, seed=1)
    assert image_metrics.mean_image_error(train, hidden) == pytest.approx(
        np.mean((hidden - train.mean(axis=0)) ** 2), rel=1e-6
    )


@pytest.mark.parametrize("components", [1, 5, 30])
def test_pca_is_scikit_learns(components: int) -> None:
    """The same components, fitted on the same images, to six digits."""
    decomposition = pytest.importorskip("sklearn.decomposition")
    found = load_samples("fashion_mnist", "hidden", DataChoice("sample"))
    train, hidden = found.train[:2000], found.images[:300]
    pca = decomposition.PCA(components, svd_solver="full").fit(train.reshape(2000, -1).astype(np.float64))
    flat = hidden.reshape(300, -1).astype(np.float64)
    expected = np.mean((flat - pca.inverse_transform(pca.transform(flat))) ** 2)
    assert image_metrics.pca_error(train, hidden, components) == pytest.approx(expected, rel=1e-6)


# Figures on the whole test part, pixels in [0, 1], PCA fitted on the first 20,000 training images: computed once with
# NumPy and scikit-learn when the data sets were prepared, four decimals.
KNOWN_MSE = {
    "mnist": {"mean image": 0.0675, 2: 0.0557, 10: 0.0341, 30: 0.0177, 32: 0.0169},
    "fashion_mnist": {"mean image": 0.0873, 2: 0.0464, 10: 0.0245, 30: 0.0157, 32: 0.0152},
}


@pytest.mark.parametrize("name", data.NAMES)
def test_the_full_data_gives_the_figures_that_are_known(name: str, shipped_alone: None) -> None:
    """Mean image and PCA on the whole test part."""
    whole = data.load(name, size="full")
    train, test = data.scaled(whole.x_train), data.scaled(whole.x_test)
    known = KNOWN_MSE[name]
    assert image_metrics.mean_image_error(train, test) == pytest.approx(known["mean image"], abs=5e-5)
    for components in (2, 32):
        assert image_metrics.pca_error(train, test, components) == pytest.approx(known[components], abs=5e-5)


# Models and images


@pytest.mark.parametrize("shape", [(784,), (28, 28), (28, 28, 1), (1, 28, 28), (None, 28), (None, None)])
def test_images_take_the_shape_that_a_model_wants(shape: tuple[int | None, ...]) -> None:
    """Flat, with a channel, or as a sequence of rows; the reconstruction comes back as images."""
    x = images(3)
    assert image_metrics.as_input(identity(shape), x).shape == (
        3,
        *(28 if length is None else length for length in shape),
    )
    np.testing.assert_allclose(image_metrics.reconstruct(identity(shape, 0.5), x), x / 2, atol=1e-6)


@pytest.mark.parametrize("shape", [(783,), (28, 28, 3), (None,), (14, 28)])
def test_a_model_for_other_images_is_said_to_be_one(shape: tuple[int | None, ...]) -> None:
    """The error names the shape."""
    with pytest.raises(ValueError, match="a model for inputs of shape"):
        image_metrics.as_input(identity(shape), images(1))


def test_predictions_are_made_in_inference_mode_and_in_parts() -> None:
    """Dropout rests; 1,100 images go through in three parts and come out in order."""
    model = Sequential([Input((28, 28)), layers.Dropout(0.9), layers.Rescaling(2.0)])
    x = images(1100)
    np.testing.assert_allclose(image_metrics.reconstruct(model, x), 2 * x, rtol=1e-6)


def linear(inputs: tuple[int, ...], matrix: np.ndarray) -> Sequential:
    model = Sequential([Input(inputs), layers.Flatten(), layers.Dense(matrix.shape[1], use_bias=False)])
    model.set_weights([matrix])
    return model


def test_composition_gap_is_the_relative_difference() -> None:
    """autoencoder(x) = 2·decoder(encoder(x)) leaves half of it: 0.5."""
    rng = np.random.default_rng(0)
    down, up = rng.normal(0, 0.1, (784, 5)), rng.normal(0, 0.1, (5, 784))
    parts = linear((28, 28), down), linear((5,), up)
    x = images(10)
    assert image_metrics.composition_gap(linear((28, 28), down @ up), *parts, x) == pytest.approx(0, abs=1e-4)
    assert image_metrics.composition_gap(linear((28, 28), 2 * down @ up), *parts, x) == pytest.approx(0.5, abs=1e-4)
    zero = linear((28, 28), np.zeros((784, 784)))
    assert image_metrics.composition_gap(zero, *parts, x) == pytest.approx(
        np.sqrt(np.mean((x.reshape(10, -1) @ down @ up) ** 2)), rel=1e-4
    )


def test_parts_that_do_not_fit_together_have_no_gap() -> None:
    """A decoder of another code size, or one whose output is no image."""
    encoder, x = linear((28, 28), np.ones((784, 5))), images(2)
    assert image_metrics.through_code(encoder, linear((6,), np.ones((6, 784))), x) is None
    assert image_metrics.through_code(encoder, linear((5,), np.ones((5, 100))), x) is None
    assert image_metrics.composition_gap(encoder, encoder, linear((6,), np.ones((6, 784))), x) is None


def test_codes_travel_as_six_digits() -> None:
    """Nothing hides in the last bits of a number, and a code may have any shape that holds as many numbers."""
    values = np.array([1.23456789, -0.000123456789, 987654.321, 0.0, 1e-30], np.float32)
    np.testing.assert_array_equal(
        image_metrics.six_digits(values), np.array([1.23457, -0.000123457, 987654.0, 0.0, 1e-30], np.float32)
    )
    encoder = Sequential(
        [Input((28, 28)), layers.AveragePooling1D(14), layers.Cropping1D((0, 1)), layers.Reshape((7, 4))]
    )
    decoder = Sequential([Input((28,)), layers.RepeatVector(28)])
    x = images(2)
    np.testing.assert_allclose(image_metrics.through_code(encoder, decoder, x)[:, 0], x[:, :14].mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("rank", [1, 7])
def test_the_jacobian_has_the_rank_of_a_linear_map(rank: int) -> None:
    """Known by construction: a product of two random matrices."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(0, 1, (784, rank)) @ rng.normal(0, 1, (rank, 784))
    assert image_metrics.jacobian_rank(linear((28, 28), matrix), images(2)) == rank


def test_a_lookup_table_has_no_derivative() -> None:
    """R23: outputs that do not depend on the input smoothly have rank 0."""
    model = Sequential([Input((28, 28)), layers.Flatten(), layers.Dense(784, kernel_initializer="zeros")])
    assert image_metrics.jacobian_rank(model, images(2)) == 0


def test_a_recurrent_model_runs_as_a_graph_with_the_same_outputs() -> None:
    """Forwards and backwards in time, batches of two sizes; another model takes the eager way."""
    recurrent = Sequential([Input((28, 28)), layers.Bidirectional(layers.LSTM(5)), layers.RepeatVector(3)])
    x = images(700)
    assert image_metrics.is_recurrent(recurrent)
    assert not image_metrics.is_recurrent(linear((28, 28), np.ones((784, 3))))
    np.testing.assert_allclose(image_metrics.predict(recurrent, x), recurrent(x, training=False), atol=1e-6)
    assert recurrent in image_metrics._GRAPHS


def test_a_recurrent_model_without_a_graph_runs_all_the_same() -> None:
    """A reshape with the batch size of the call: nothing that a graph for any batch could do."""

    class OneBatch(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return ops.reshape(inputs, (int(inputs.shape[0]), -1))

    source = Input((28, 28), batch_size=40)
    model = Model(source, OneBatch()(layers.SimpleRNN(4, return_sequences=True)(source)))
    assert image_metrics.predict(model, images(40)).shape == (40, 28 * 4)


@pytest.mark.parametrize("rows", [10, 20, 512])
def test_images_at_which_the_rank_is_computed_do_not_change_each_other(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many at once as fit into a batch: the largest rank is that of the one image that lights all units."""
    monkeypatch.setattr(image_metrics, "JACOBIAN_ROWS", rows)
    dense = layers.Dense(6, activation="relu")
    model = Sequential([Input((28, 28)), layers.Flatten(), dense, layers.Dense(20)])
    x = images(4) + 0.1
    signs = np.where(np.arange(6) < 4, -1.0, 1.0)
    dense.set_weights([np.random.default_rng(0).random((784, 6)) * signs, np.zeros(6)])
    x[2] *= -1
    assert [image_metrics.jacobian_rank(model, x[[at]]) for at in range(4)] == [2, 2, 4, 2]
    assert image_metrics.jacobian_rank(model, x) == 4
