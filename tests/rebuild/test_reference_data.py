"""The four data sets as references take them: shapes, labels, what is hidden, and where it all comes from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from grader.rebuild.quantities.reference_data import (
    STRIP_IMAGES,
    DataChoice,
    DataNotFoundError,
    ReferenceData,
    load_reference_data,
)
from reference import card_data, cloud, data, shipped
from reference.contract import IDS, module

SAMPLE = DataChoice("sample")
DATASETS = ("mnist", "fashion_mnist", "cloud", "creditcard")


@cache
def loaded(dataset: str) -> ReferenceData:
    return load_reference_data(dataset, SAMPLE)


def test_the_course_needs_these_data_and_no_others() -> None:
    """Every reference finds its own."""
    assert {module(name).DATASET for name in IDS} == set(DATASETS)


def test_a_data_set_that_does_not_exist_is_an_error() -> None:
    """Not an empty set."""
    with pytest.raises(KeyError, match="cifar"):
        load_reference_data("cifar", SAMPLE)


@pytest.mark.parametrize(
    ("dataset", "train", "hidden", "pictures"),
    [
        ("mnist", (8_000, 28, 28), (1_000, 28, 28), STRIP_IMAGES),
        ("fashion_mnist", (8_000, 28, 28), (1_000, 28, 28), STRIP_IMAGES),
        ("cloud", (60, 3), (60, 3), 0),
        ("creditcard", (19_965, 29), (20_000, 29), 0),
    ],
)
def test_samples_have_the_form_in_which_references_take_them(
    dataset: str, train: tuple[int, ...], hidden: tuple[int, ...], pictures: int
) -> None:
    """Single precision, one label each, pictures only of images."""
    found = loaded(dataset)
    assert (found.train.shape, found.hidden.shape) == (train, hidden)
    assert {array.dtype for array in (found.train, found.hidden, found.strip_images)} == {np.dtype(np.float32)}
    assert (found.train_labels.shape, found.hidden_labels.shape) == (train[:1], hidden[:1])
    assert {found.train_labels.dtype, found.hidden_labels.dtype} == {np.dtype(np.int64)}
    assert len(found.strip_images) == pictures


@pytest.mark.parametrize("dataset", data.NAMES)
def test_images_are_the_embedded_ones_and_the_hidden_of_them(dataset: str) -> None:
    """In [0, 1], each with its label; pictures are the first hidden ones."""
    found, images = loaded(dataset), data.load(dataset, size="sample")
    np.testing.assert_array_equal(found.train, images.x_train / np.float32(255))
    np.testing.assert_array_equal(found.hidden, images.x_test[images.hidden] / np.float32(255))
    np.testing.assert_array_equal(found.train_labels, images.y_train)
    np.testing.assert_array_equal(found.hidden_labels, images.y_test[images.hidden])
    np.testing.assert_array_equal(found.strip_images, found.hidden[:STRIP_IMAGES])
    assert (found.digest, found.size, found.source) == (images.digest(), "sample", "embedded sample")
    assert set(found.hidden_labels) == set(range(10))


def test_points_are_all_there_are() -> None:
    """60 of them, in training and afterwards; nothing has a label."""
    found = loaded("cloud")
    np.testing.assert_allclose(found.train, cloud.make(), rtol=1e-6)
    assert found.hidden is found.train
    assert not found.train_labels.any()
    assert (found.size, found.source) == ("sample", "60 points, seed 42")


def test_card_rows_are_normal_in_training_and_scaled_by_it() -> None:
    """Mean 0 and deviation 1 over normal public rows; nothing is fitted on hidden ones, and no fraud is trained on."""
    found, cards = loaded("creditcard"), card_data.load(size="sample")
    np.testing.assert_allclose(found.train.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(found.train.std(axis=0), 1, atol=1e-4)
    assert not found.train_labels.any()
    assert len(found.train) == int((cards.labels[cards.public] == 0).sum())
    np.testing.assert_array_equal(found.hidden_labels, cards.labels[cards.hidden])
    assert found.hidden_labels.sum() == 34
    assert found.digest == cards.digest()


def test_hidden_card_rows_are_none_of_those_trained_on() -> None:
    """Not one row stands in both."""
    found = loaded("creditcard")
    trained = {row.tobytes() for row in found.train}
    assert len(trained) == len(found.train)
    assert not any(row.tobytes() in trained for row in found.hidden)


def test_simulated_rows_say_so() -> None:
    """In the first word, with how many and the seed; images and points are no simulation."""
    assert loaded("creditcard").source == "simulated, 40,000 rows, seed 42"
    assert loaded("creditcard").size == "sample"
    assert [name for name in DATASETS if loaded(name).source.startswith("simulated")] == ["creditcard"]


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_digest_stays_and_is_that_of_this_data(dataset: str) -> None:
    """The same each time; two data sets have two."""
    assert load_reference_data(dataset, SAMPLE).digest == loaded(dataset).digest
    assert len(loaded(dataset).digest) == 64
    assert len({loaded(name).digest for name in DATASETS}) == len(DATASETS)


def test_another_point_is_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a millionth of one coordinate."""
    points = cloud.make()
    points[3, 1] += 1e-6
    monkeypatch.setattr(cloud, "make", lambda: points)
    assert load_reference_data("cloud", SAMPLE).digest != loaded("cloud").digest


def test_a_real_file_of_transactions_is_read_and_named(tmp_path: Path) -> None:
    """By its name and rows, not by its folder: facts are public, paths are not."""
    card_data.write_csv(card_data.simulate(rows=4_000, seed=1), tmp_path / "creditcard.csv")
    found = load_reference_data("creditcard", DataChoice("full", tmp_path))
    assert found.source == "creditcard.csv, 4,000 rows"
    assert found.digest != loaded("creditcard").digest
    assert load_reference_data("creditcard", DataChoice("sample", tmp_path)).digest == loaded("creditcard").digest


@pytest.mark.parametrize("dataset", data.NAMES)
def test_full_images_that_are_not_there_are_an_error(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody calibrates on the sample and calls it full, nor gets the sample without having asked for it."""
    monkeypatch.setattr(shipped, "PACKED", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    with pytest.raises(DataNotFoundError, match=f"{dataset}: the full data set was not found"):
        load_reference_data(dataset, DataChoice("full", tmp_path))
    with pytest.raises(DataNotFoundError):
        load_reference_data(dataset, DataChoice(folder=tmp_path))


@pytest.mark.parametrize("dataset", data.NAMES)
def test_full_images_are_other_data_with_the_same_pictures(dataset: str, shipped_alone: None) -> None:
    """Reports show the same eight images whatever was measured on."""
    full = load_reference_data(dataset, DataChoice("full"))
    assert (full.size, full.source) == ("full", f"{dataset}, 60,000 and 10,000 images")
    assert (len(full.train), len(full.hidden)) == (60_000, 2_000)
    assert full.digest != loaded(dataset).digest
    np.testing.assert_array_equal(full.strip_images, loaded(dataset).strip_images)
