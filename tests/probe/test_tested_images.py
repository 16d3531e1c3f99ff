"""Test images are found again whatever the scale of their pixels, and training images are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.probe.tested_images import KnownTestImages
from reference import data

SAMPLE = data.load("mnist", size="sample")


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> KnownTestImages:
    path = tmp_path_factory.mktemp("data") / "mnist.npz"
    np.savez(path, **data.kernel_view(SAMPLE))
    return KnownTestImages({"mnist": str(path), "creditcard": str(path.with_suffix(".csv"))})


PUBLIC = data.kernel_view(SAMPLE)["x_test"]

FORMS = {
    "as they are": PUBLIC,
    "flat, in [0, 1]": PUBLIC.reshape(-1, 784).astype(np.float32) / 255,
    "with a channel, in [-1, 1]": PUBLIC[..., None].astype(np.float64) / 127.5 - 1,
    "the first half": PUBLIC[: len(PUBLIC) // 2],
    "standardised": (PUBLIC - PUBLIC.mean()) / PUBLIC.std(),
}


@pytest.mark.parametrize("form", FORMS)
def test_test_images_are_found_in_every_usual_form(form: str, tested: KnownTestImages) -> None:
    """Up to the scale, which is taken from the array itself."""
    assert tested.alone(FORMS[form]) is True


def test_the_target_tells_where_the_input_is_noisy(tested: KnownTestImages) -> None:
    """A denoiser's clean images are its target."""
    clean = FORMS["flat, in [0, 1]"]
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 0.5, clean.shape), 0, 1)
    assert tested.alone(noisy) is False
    assert tested.alone(noisy, clean) is True


@pytest.mark.parametrize(
    "images",
    [SAMPLE.x_train, SAMPLE.x_train[:1000], np.concatenate([SAMPLE.x_train[:1500], PUBLIC[:500]])],
    ids=["all", "a few", "with some test images"],
)
def test_training_images_are_none(images: Any, tested: KnownTestImages) -> None:
    """Nor a mixture of both."""
    assert tested.alone(images) is False


def test_nothing_is_said_of_what_is_no_array_of_images(tested: KnownTestImages) -> None:
    """Rows of a table, nothing at all, or more images than the test part has."""
    assert tested.alone() is None
    assert tested.alone(None) is None
    assert tested.alone(np.zeros((500, 30))) is False
    unread = KnownTestImages({"mnist": "/nowhere/mnist.npz"})
    assert unread.alone(np.zeros((10_001, 784), np.uint8)) is False  # without opening a file
