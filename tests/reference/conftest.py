"""Images of the embedded samples, small and scaled to [0, 1]."""

from __future__ import annotations

import numpy as np
import pytest

from reference import data


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    """The first 600 training images of the embedded MNIST, (600, 28, 28) float32."""
    return data.scaled(data.load("mnist", size="sample").x_train[:600])


@pytest.fixture(scope="session")
def clothes() -> np.ndarray:
    """The first 600 training images of the embedded Fashion-MNIST, (600, 28, 28) float32."""
    return data.scaled(data.load("fashion_mnist", size="sample").x_train[:600])


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(42)
