"""A data set that nobody of us knows: another package brings it, and an instructor's reference is trained on it.

It has images of 8×8, so that whoever counts on 28×28 fails here. No file of the grader is touched for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import keras
import pytest
from keras import Input, Sequential, layers
from plugin_package import installed, write_package
from round_trip import send

from grader.domain.datasets import Held, datasets, for_kernel, image_numbers, words_for
from grader.domain.measurement import Quantity, Role
from grader.domain.plugins import PluginError
from grader.domain.ports import MeasuringTask
from grader.rebuild.facts.soundness import problems_of
from grader.rebuild.quantities.reference_data import DataChoice, load_images, load_reference_data
from grader.rebuild.whole_submission import measure
from reference import contract, data, views
from reference.views import View

pytestmark = pytest.mark.usefixtures("alone")

PACKAGE = "own_digits"
SAMPLE = DataChoice("sample")
NAMES = tuple((role.value, role.value) for role in Role)

DATASET = dedent('''
    """Blots of 8×8 pixels."""

    import numpy as np

    from grader.domain.datasets import DataSize, Dataset, SampleKind
    from grader.domain.messages import verbatim


    def load(size):
        rng = np.random.default_rng(3)
        arrays = {}
        for part, count in (("train", 400), ("test", 200)):
            rows, columns = rng.random((count, 8, 1)), rng.random((count, 1, 8))
            arrays[f"x_{part}"] = np.round(255 * rows * columns).astype(np.uint8)
            arrays[f"y_{part}"] = rng.integers(0, 10, count).astype(np.uint8)
        return arrays


    DIGITS = Dataset(
        id="digits", title=verbatim("Digits"), kind=SampleKind.IMAGES, sample_shape=(8, 8),
        training={DataSize.SAMPLE: 400}, test={DataSize.SAMPLE: 200}, classes=10, file="digits.npz", load=load,
    )
''')

REFERENCE = dedent('''
    """One hidden layer on images of 8×8."""

    import keras
    from keras import layers

    from reference.contract import Autoencoder

    ID, DATASET, CODE_SIZE, EPOCHS, BATCH_SIZE, PUBLISHED = "digits-dense", "digits", 8, 2, 32, ""


    def build():
        encoder = keras.Sequential([keras.Input((64,)), layers.Dense(8, activation="relu")])
        decoder = keras.Sequential([keras.Input((8,)), layers.Dense(64, activation="sigmoid")])
        return Autoencoder(encoder, decoder, keras.Sequential([encoder, decoder]))


    def compile_model(autoencoder):
        autoencoder.compile(optimizer="nadam", loss="mse")


    def training_split(images):
        return images[:300], images[300:]


    def inputs_and_targets(images, rng):
        flat = images.reshape(len(images), -1)
        return flat, flat
''')


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is installed, and a course has a reference on its data."""
    monkeypatch.setenv(contract.COURSE_VARIABLE, str(tmp_path / "course"))
    module = tmp_path / "course" / "reference" / "digits_dense.py"
    module.parent.mkdir(parents=True)
    module.write_text(REFERENCE, "utf-8")
    package = write_package(tmp_path / "site", DATASET, {"datasets.digits": "DIGITS"}, name=PACKAGE)
    with installed(package, monkeypatch):
        yield


@pytest.mark.usefixtures("digits")
def test_it_stands_in_the_table_like_ours() -> None:
    """Words, numbers of a sample, and what the student kernel is given to know."""
    assert list(datasets())[-1] == "digits"
    assert image_numbers() == {784, 64}
    assert words_for("digits").many.msgid == "images"
    assert for_kernel()["sample_sizes"] == [64, 784]


@pytest.mark.usefixtures("digits")
def test_hidden_images_are_kept_back_and_views_fit_its_shape() -> None:
    """Half of the test images are hidden, as of our samples; every view of images keeps the shape."""
    found = load_images("digits", SAMPLE)
    assert (len(found.hidden), len(found.public), found.x_test.shape) == (100, 100, (200, 8, 8))
    shown = data.kernel_view(found)["x_test"]
    assert not (shown[found.hidden] == found.x_test[found.hidden]).all(axis=(1, 2)).any()
    for kind in (views.PIXELS, views.COLUMNS, views.QUADRANTS, views.CONTRAST):
        seen = views.images_seen(found, View(kind, 5))
        assert seen.x_train.shape == (400, 8, 8)
        assert (seen.x_train != found.x_train).any()
    material = load_reference_data("digits", SAMPLE)
    assert (material.train.shape, material.hidden.shape, material.strip_images.shape) == (
        (400, 8, 8),
        (100, 8, 8),
        (8, 8, 8),
    )


@pytest.mark.usefixtures("digits")
def test_a_students_autoencoder_is_measured_on_it(tmp_path: Path) -> None:
    """The reference is sound; a trained network has a small error on hidden images, in pixels squared."""
    assert problems_of("digits-dense") == ()
    keras.utils.set_random_seed(4)
    encoder = Sequential([Input((64,)), layers.Dense(8, activation="relu")])
    decoder = Sequential([Input((8,)), layers.Dense(64, activation="sigmoid")])
    autoencoder = Sequential([encoder, decoder])
    autoencoder.compile(optimizer=keras.optimizers.Nadam(0.01), loss="mse")
    images = load_reference_data("digits", SAMPLE).train.reshape(400, -1)
    autoencoder.fit(images, images, epochs=30, batch_size=32, verbose=0)
    evidence = send({"encoder": encoder, "decoder": decoder, "autoencoder": autoencoder}, tmp_path)
    found = measure(evidence, MeasuringTask("digits-dense", Held.HIDDEN, NAMES), SAMPLE)
    error = found.values[Quantity.RECONSTRUCTION_MSE]
    mean = found.value(Quantity.MEAN_IMAGE_MSE)
    assert mean is not None
    assert error.value < 0.8 * mean
    assert (error.unit, found.dataset, found.strips[0].height) == ("pixel²", "digits", 8)


def test_a_package_cannot_replace_a_data_set_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts and grades would speak of other images than they say."""
    package = write_package(tmp_path, DATASET, {"datasets.mnist": "DIGITS"}, name=PACKAGE)
    with installed(package, monkeypatch), pytest.raises(PluginError, match="mnist is there already"):
        datasets()
