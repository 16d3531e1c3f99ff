"""Greedy training: two shallow autoencoders, one after the other, and a stack that holds the weights of both."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from reference import greedy_layerwise as greedy


@pytest.fixture(scope="module")
def shallow_pair(clothes):
    """Both shallow autoencoders after one short epoch each, and the first one's weights as they were in between."""
    keras.utils.set_random_seed(5)
    first, second = greedy.build_first(), greedy.build_second()
    greedy.train_first(first, clothes, epochs=1)
    between = [weight.copy() for weight in first.autoencoder.get_weights()]
    greedy.train_second(second, first.encoder.predict(clothes, verbose=0), epochs=1)
    return first, second, between


def test_the_stack_holds_the_weights_of_both(shallow_pair) -> None:
    """Encoder 1, encoder 2, decoder 2, decoder 1: the very same variables, in this order."""
    first, second, _ = shallow_pair
    stacked = greedy.stack(first, second)
    expected = [
        *first.encoder.weights,
        *second.encoder.weights,
        *second.decoder.weights,
        *first.decoder.weights,
    ]
    assert [id(weight) for weight in stacked.autoencoder.weights] == [id(weight) for weight in expected]


def test_the_stack_is_the_second_inside_the_first(shallow_pair, clothes) -> None:
    """stack(x) = decoder 1 (decoder 2 (encoder 2 (encoder 1 (x))))."""
    first, second, _ = shallow_pair
    nested = first.decoder(second.autoencoder(first.encoder(clothes[:8])))
    stacked = greedy.stack(first, second).autoencoder(clothes[:8])
    np.testing.assert_allclose(np.asarray(stacked), np.asarray(nested), rtol=1e-5, atol=1e-6)


def test_training_the_second_leaves_the_first_alone(shallow_pair) -> None:
    """Not a bit of the first one's weights changes while the second one learns."""
    first, _, between = shallow_pair
    for before, after in zip(between, first.autoencoder.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_two_shallow_ones_share_the_parameters_out() -> None:
    """By hand: 784·100 + 100 + 100·784 + 784 = 157,684 and 100·30 + 30 + 30·100 + 100 = 6,130."""
    pair = greedy.build_first(), greedy.build_second()
    assert [models.autoencoder.count_params() for models in pair] == [157_684, 6_130]


def test_train_returns_a_stack_that_has_learnt(clothes) -> None:
    """After three short epochs of each the stack is better than the mean image; a stack of fresh layers is not."""
    keras.utils.set_random_seed(6)

    def error(models) -> float:
        return float(((models.autoencoder.predict(clothes, verbose=0) - clothes) ** 2).mean())

    mean_image = float(((clothes - clothes.mean(axis=0)) ** 2).mean())
    assert error(greedy.train(clothes, epochs=3)) < mean_image < error(greedy.build())
