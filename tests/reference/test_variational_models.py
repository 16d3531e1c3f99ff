"""Variational autoencoders: the KL formula, sampling, the reduction of the loss, collapse, the latent plane."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from reference_modules import reference

from reference import sampling, variational, variational_convolutional

BOTH = ("variational", "variational-convolutional")


def test_the_kl_divergence_of_known_distributions() -> None:
    """By hand, in nats: 0 for N(0, I); μ = (1, 2) gives (1 + 4)/2; σ² = 4 in one number gives (3 - ln 4)/2."""
    mean = np.array([[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]], np.float32)
    log_variance = np.array([[0.0, 0.0], [0.0, 0.0], [np.log(4.0), 0.0]], np.float32)
    expected = [0.0, 2.5, (3 - np.log(4)) / 2]
    np.testing.assert_allclose(np.asarray(sampling.kl_divergence(mean, log_variance)), expected, rtol=1e-6, atol=1e-7)


def test_the_kl_divergence_is_what_sampling_says(rng) -> None:
    """Against the definition, E_q[log q(z) - log p(z)], estimated with 400,000 draws to 1 %."""
    mean, deviation = 0.7, 0.4
    z = mean + deviation * rng.normal(size=400_000)
    log_ratio = (-0.5 * ((z - mean) / deviation) ** 2 - np.log(deviation)) + 0.5 * z**2
    formula = float(sampling.kl_divergence(np.float32([[mean]]), np.float32([[2 * np.log(deviation)]]))[0])
    assert formula == pytest.approx(log_ratio.mean(), rel=0.01)


def test_the_reconstruction_loss_sums_over_pixels() -> None:
    """By hand: 784 pixels predicted at 1/2 cost 784·ln 2 nats an image, in rows and in grids with a channel."""
    expected = np.full(3, 784 * np.log(2))
    for shape in [(3, 784), (3, 28, 28, 1)]:
        loss = sampling.reconstruction_loss(np.ones(shape, np.float32), np.full(shape, 0.5, np.float32))
        np.testing.assert_allclose(np.asarray(loss), expected, rtol=1e-5)


def test_the_sampling_layer_draws_in_training_and_gives_the_mean_otherwise() -> None:
    """20,000 draws of N(3, 4) have mean 3 and deviation 2 (within 0.05); outside training the answer is 3."""
    layer = sampling.Sampling(seed=1)
    mean = np.full((20_000, 1), 3, np.float32)
    log_variance = np.full((20_000, 1), np.log(4), np.float32)
    drawn = np.asarray(layer([mean, log_variance], training=True))
    assert (drawn.mean(), drawn.std()) == (pytest.approx(3, abs=0.05), pytest.approx(2, abs=0.05))
    assert not np.array_equal(drawn, np.asarray(layer([mean, log_variance], training=True)))
    np.testing.assert_array_equal(np.asarray(layer([mean, log_variance], training=False)), mean)


def test_the_sampling_layer_with_a_seed_draws_the_same_again() -> None:
    """Two layers of one seed agree draw for draw; one of another seed does not."""
    moments = [np.zeros((4, 3), np.float32), np.zeros((4, 3), np.float32)]
    one, same, other = (np.asarray(sampling.Sampling(seed=s)(moments, training=True)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("name", BOTH)
def test_the_loss_is_the_sum_over_pixels_plus_the_kl(name: str, digits, rng) -> None:
    """What Keras evaluates is the NumPy sum of both terms at the mean code; the metric is the first term alone."""
    module = reference(name)
    models = module.build()
    module.compile_model(models.autoencoder)
    x, _ = module.inputs_and_targets(digits[:16], rng)
    total, metric = models.autoencoder.evaluate(x, x, batch_size=16, verbose=0)
    mean, log_variance = sampling.moments(models.encoder).predict(x, verbose=0)
    decoded = models.decoder.predict(mean, verbose=0).astype(np.float64)
    cross_entropy = -(x * np.log(decoded) + (1 - x) * np.log(1 - decoded)).reshape(16, -1).sum(axis=1).mean()
    kl = (0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)).sum(axis=1).mean()
    assert metric == pytest.approx(cross_entropy, rel=1e-4)
    assert total == pytest.approx(cross_entropy + kl, rel=1e-4)


@pytest.mark.parametrize("name", BOTH)
def test_the_model_can_be_saved_and_loaded(name: str, digits, rng, tmp_path) -> None:
    """Keras loads it with its safe mode on, because the sampling layer is a registered class and no Lambda."""
    module = reference(name)
    models = module.build()
    module.compile_model(models.autoencoder)
    x, _ = module.inputs_and_targets(digits[:4], rng)
    models.autoencoder.train_on_batch(x, x)
    models.autoencoder.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), models.autoencoder.predict(x, verbose=0), rtol=1e-5)


def test_a_lambda_layer_is_refused_when_loading(tmp_path) -> None:
    """The trap of the docstring: the same model with a Lambda saves, and does not load."""
    image = keras.Input((4,))
    model = keras.Model(image, keras.layers.Lambda(lambda x: 2 * x, output_shape=(4,))(image))
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(ValueError, match="Lambda"):
        keras.saving.load_model(tmp_path / "lambda.keras")


def trained(loss: object, images: np.ndarray) -> sampling.Elbo:
    """ELBO, on its training images, of the dense model after a few seconds of training with this loss."""
    keras.utils.set_random_seed(3)
    models = variational.build()
    models.autoencoder.compile(optimizer=keras.optimizers.Adam(0.003), loss=loss)
    models.autoencoder.fit(images, images, epochs=8, batch_size=32, verbose=0)
    return sampling.elbo(models, images, np.random.default_rng(3))


def test_the_posterior_collapses_with_the_mean_over_pixels_and_not_with_the_sum(digits) -> None:
    """With the mean and the whole KL the code says nothing (under 0.1 nats); with the sum it says over 5 nats.

    The ELBO, which is what both should maximise, is better by more than 20 nats.
    """
    images = digits.reshape(-1, 784)
    sound = trained(sampling.reconstruction_loss, images)
    collapsed = trained("binary_crossentropy", images)
    assert collapsed.kl < 0.1
    assert sound.kl > 5
    assert sound.value > collapsed.value + 20
    assert sound.value == pytest.approx(-sound.reconstruction - sound.kl)


def test_new_images_are_decoded_codes_of_the_prior(rng) -> None:
    """`sample_prior` decodes standard normal codes: as many images as asked for, the same for the same generator."""
    decoder = variational.build().decoder
    images = sampling.sample_prior(decoder, 5, np.random.default_rng(4))
    codes = np.random.default_rng(4).normal(size=(5, 10)).astype(np.float32)
    np.testing.assert_allclose(images, decoder.predict(codes, verbose=0), rtol=1e-6)


def test_a_line_in_the_latent_space_begins_and_ends_at_its_codes(rng) -> None:
    """The first and the last image are those of the two codes, the middle one that of their mean."""
    decoder = variational.build().decoder
    first, last = rng.normal(size=(2, 10)).astype(np.float32)
    expected = decoder.predict(np.stack([first, (first + last) / 2, last]), verbose=0)
    np.testing.assert_allclose(variational.between(decoder, first, last, steps=3), expected, rtol=1e-5)


def test_the_plane_of_codes_goes_as_a_scatter_plot_does() -> None:
    """First number to the right, second one upwards, row by row from top left.

    Three by three: the quantiles 1/6, 1/2 and 5/6 of the normal distribution, ±0.96742 from a table.
    """
    q = 0.96742
    expected = [(-q, q), (0, q), (q, q), (-q, 0), (0, 0), (q, 0), (-q, -q), (0, -q), (q, -q)]
    np.testing.assert_allclose(variational_convolutional.plane_codes(3), expected, atol=1e-5)


def test_the_latent_plane_is_one_picture_of_decoded_points() -> None:
    """Each 28×28 tile is the image of its code, in the order of the codes."""
    decoder = variational_convolutional.build().decoder
    images = decoder.predict(variational_convolutional.plane_codes(2), verbose=0)[..., 0]
    picture = variational_convolutional.latent_plane(decoder, side=2)
    np.testing.assert_array_equal(picture, np.block([[images[0], images[1]], [images[2], images[3]]]))
