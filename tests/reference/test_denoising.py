"""Noise recipes: on the input alone, clipped, fresh for each image, and active in training only."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from reference_modules import reference

from reference import denoising_convolutional, denoising_dense, denoising_dropout

RECIPES = ("denoising-dense", "denoising-convolutional")


@pytest.mark.parametrize("name", RECIPES)
def test_noise_is_half_a_normal_number_clipped(name: str) -> None:
    """The recipe written down again with the same generator: clip(x + 0.5·N(0, 1), 0, 1) as float32."""
    images = np.random.default_rng(1).random((4, 28, 28)).astype(np.float32)
    noise = np.random.default_rng(2).normal(size=(4, 28, 28))
    noisy = reference(name).add_noise(images, np.random.default_rng(2))
    np.testing.assert_array_equal(noisy, np.clip(images + 0.5 * noise, 0, 1).astype(np.float32))
    assert noisy.dtype == np.float32


@pytest.mark.parametrize("name", RECIPES)
def test_noise_goes_on_the_input_alone(name: str, digits, rng) -> None:
    """The target is the clean image, the input is not, both are in [0, 1], and the images given are not touched."""
    before = digits.copy()
    x, target = reference(name).inputs_and_targets(digits, rng)
    np.testing.assert_array_equal(target.reshape(digits.shape), before)
    np.testing.assert_array_equal(digits, before)
    assert x.shape == target.shape
    assert (x.min(), x.max()) == (0.0, 1.0)
    assert np.abs(x - target).mean() > 0.1


@pytest.mark.parametrize("name", RECIPES)
def test_each_image_gets_noise_of_its_own(name: str, rng) -> None:
    """Two equal images become two different ones; the same generator state gives the same noise again."""
    module = reference(name)
    images = np.full((2, 28, 28), 0.5, np.float32)
    noisy = module.add_noise(images, np.random.default_rng(3))
    assert not np.array_equal(noisy[0], noisy[1])
    np.testing.assert_array_equal(noisy, module.add_noise(images, np.random.default_rng(3)))


def test_copying_the_noisy_input_is_worse_than_the_mean_image(digits, rng) -> None:
    """What makes denoising honest: on MNIST a copy has a larger error than the mean image.

    By hand for a black pixel: E[clip(N/2, 0, 1)²] = ¼·∫₀² n²φ(n) dn + P(N > 2) = ¼·0.3693 + 0.0228 = 0.1151, and as
    much for a white one; there are few others. The mean image's 0.0674 was measured on 10,000 test images.
    """
    noisy = denoising_dense.add_noise(digits, rng)
    copy_error = float(((noisy - digits) ** 2).mean())
    mean_image_error = float(((digits - digits.mean(axis=0)) ** 2).mean())
    assert copy_error == pytest.approx(0.1151, abs=0.003)
    assert mean_image_error == pytest.approx(0.0674, abs=0.003)


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_zeroing_sets_the_share_asked_for_to_zero(share: float, rng) -> None:
    """Of 100,000 pixels at 1 as many as asked for (±0.01) become 0; the others stay."""
    pixels = denoising_dense.zero_pixels(np.ones((100, 1000), np.float32), rng, share=share)
    assert set(np.unique(pixels)) == {0.0, 1.0}
    assert float((pixels == 0).mean()) == pytest.approx(share, abs=0.01)


def test_dropout_comes_before_the_first_dense() -> None:
    """After a Dense layer it would drop units of the network, not pixels."""
    kinds = [type(layer).__name__ for layer in denoising_dropout.build().encoder.layers]
    assert kinds == ["Flatten", "Dropout", "Dense", "Dense"]
    assert denoising_dropout.build().encoder.layers[1].rate == 0.5


def test_gaussian_noise_is_as_good_as_dropout() -> None:
    """The other right answer of the lecture stands in the same place and has as many parameters."""
    models = denoising_dropout.build_gaussian()
    assert isinstance(models.encoder.layers[1], keras.layers.GaussianNoise)
    assert models.autoencoder.count_params() == 163_814


@pytest.mark.parametrize("build", [denoising_dropout.build, denoising_dropout.build_gaussian])
def test_the_noise_layer_acts_in_training_only(build, clothes) -> None:
    """Two calls outside training agree to the last bit; two calls in training do not."""
    autoencoder = build().autoencoder
    few = clothes[:4]

    def answer(*, training: bool) -> np.ndarray:
        return np.asarray(autoencoder(few, training=training))

    np.testing.assert_array_equal(answer(training=False), answer(training=False))
    assert not np.array_equal(answer(training=True), answer(training=True))


def test_the_convolutional_denoiser_has_no_bottleneck() -> None:
    """Its code has 1,568 numbers for 784 pixels: only the noise keeps it from copying."""
    assert denoising_convolutional.CODE_SIZE == 7 * 7 * 32 == 2 * 28 * 28
