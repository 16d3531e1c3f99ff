"""The activity penalty of the sparse autoencoder, and how sparsity is measured."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from reference import sparse


def codes_and_penalty(penalty: float, images: np.ndarray) -> tuple[np.ndarray, float]:
    """Codes of a fresh encoder and the loss that it adds for them."""
    keras.utils.set_random_seed(1)
    encoder = sparse.build(penalty=penalty).encoder
    codes = np.asarray(encoder(images))
    return codes, float(sum(encoder.losses))


@pytest.mark.parametrize("images", [1, 7])
def test_the_penalty_is_a_sum_over_units_and_a_mean_over_images(images: int, clothes) -> None:
    """1e-4·Σ|code| for one image, its mean for several: the coefficient means the same at every batch size."""
    codes, penalty = codes_and_penalty(1e-4, clothes[:images])
    assert penalty == pytest.approx(1e-4 * np.abs(codes).sum(axis=1).mean(), rel=1e-5)


def test_a_penalty_of_1e_14_is_none(clothes) -> None:
    """The number in one lecture note: even all 300 units at 1 would cost 3e-12; the reference has 1e-4."""
    assert codes_and_penalty(1e-14, clothes[:4])[1] < 3e-12
    assert sparse.build().encoder.layers[-1].l1 == pytest.approx(1e-4)


def test_the_active_share_counts_units_above_the_threshold() -> None:
    """By hand: 3 of 8 numbers are above 0.1 and 1 of 8 above 0.5; the threshold itself is not active."""
    codes = np.array([[0.0, 0.1, 0.2, 0.9], [0.05, 0.09, 0.0, 0.3]])
    assert sparse.active_share(codes) == 3 / 8
    assert sparse.active_share(codes, threshold=0.5) == 1 / 8


def test_training_with_the_penalty_makes_the_code_sparser(clothes) -> None:
    """After six short epochs the mean activity is at most half of that without the penalty (it starts near 0.5)."""
    few = clothes[:320]

    def mean_activity(penalty: float) -> float:
        keras.utils.set_random_seed(2)
        models = sparse.build(penalty=penalty)
        sparse.compile_model(models.autoencoder)
        models.autoencoder.fit(few, few, epochs=6, batch_size=32, verbose=0)
        return float(models.encoder.predict(few, verbose=0).mean())

    assert mean_activity(1e-3) < 0.5 * mean_activity(0.0)
