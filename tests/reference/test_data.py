"""The data: a balanced embedded sample, hidden images that stay hidden, and full sets found where users keep them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from reference import data, shipped
from reference.data import DataNotFoundError, ImageData


def arrays(train: int = 30, test: int = 20, seed: int = 0) -> dict[str, np.ndarray]:
    """A small data set of the official layout."""
    rng = np.random.default_rng(seed)
    return {
        "x_train": rng.integers(0, 256, (train, 28, 28), dtype=np.uint8),
        "y_train": rng.integers(0, 10, train, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (test, 28, 28), dtype=np.uint8),
        "y_test": rng.integers(0, 10, test, dtype=np.uint8),
    }


def put(folder: Path, name: str = "mnist.npz", **changes: np.ndarray | None) -> Path:
    """Write a data set with some arrays replaced or (None) left out."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {key: value for key, value in {**arrays(), **changes}.items() if value is not None}
    np.savez(folder / name, **chosen)
    return folder / name


def put_gz(folder: Path, content: dict[str, np.ndarray]) -> None:
    """Write the four IDX files that Keras keeps for Fashion-MNIST."""
    folder.mkdir(parents=True)
    for part, stem in (("train", "train"), ("test", "t10k")):
        images, labels = content[f"x_{part}"], content[f"y_{part}"]
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + images.tobytes()))
        (folder / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + labels.tobytes()))


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without data and without KERAS_HOME, and a package without the full sets."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(shipped, "PACKED", tmp_path / "packed")
    return tmp_path


# The embedded sample


@pytest.mark.parametrize("name", data.NAMES)
def test_the_sample_has_as_many_images_of_each_class(name: str) -> None:
    """800 to train and 200 to test, of each of ten."""
    sample = data.load(name, size="sample")
    assert (sample.size, sample.source) == ("sample", "embedded sample")
    assert (sample.x_train.shape, sample.x_test.shape) == ((8_000, 28, 28), (2_000, 28, 28))
    assert (sample.x_train.dtype, sample.x_test.dtype) == (np.uint8, np.uint8)
    assert np.bincount(sample.y_train).tolist() == [800] * 10
    assert np.bincount(sample.y_test).tolist() == [200] * 10


@pytest.mark.parametrize(("name", "twice"), [("mnist", 0), ("fashion_mnist", 2)])
def test_hidden_images_are_not_training_images(name: str, twice: int) -> None:
    """Fashion-MNIST itself holds some images twice; two such twins fell on both sides, of 1,000, and none is public."""
    sample = data.load(name, size="sample")
    hidden = {image.tobytes() for image in sample.x_test[sample.hidden]}
    assert len(hidden) == 1_000
    assert len(hidden & {image.tobytes() for image in sample.x_train}) == twice
    assert not hidden & {image.tobytes() for image in sample.x_test[sample.public]}


def test_the_samples_are_small_enough_to_ship() -> None:
    """At most 8 MB for both."""
    assert sum((data.SAMPLES / f"{name}.npz").stat().st_size for name in data.NAMES) <= 8 * 2**20


# Hidden and public


@pytest.mark.parametrize("name", data.NAMES)
def test_every_test_image_is_hidden_or_public(name: str) -> None:
    """Half of the sample's 2,000 each, in ascending order, and the same ones at every load."""
    sample = data.load(name, size="sample")
    assert (len(sample.hidden), len(sample.public)) == (1_000, 1_000)
    assert sorted([*sample.hidden, *sample.public]) == [*range(2_000)]
    assert (np.diff(sample.hidden) > 0).all()
    np.testing.assert_array_equal(data.load(name, size="sample").hidden, sample.hidden)


def test_a_fifth_of_a_full_set_is_hidden(nowhere: Path) -> None:
    """2,000 of the official 10,000; here 4 of 20."""
    put(nowhere)
    full = data.load("mnist", folder=nowhere)
    assert (full.size, len(full.hidden), len(full.public)) == ("full", 4, 16)


@pytest.mark.parametrize("name", data.NAMES)
def test_the_kernel_sees_official_shapes_and_no_hidden_image(name: str) -> None:
    """Public images stand in for hidden ones, with their labels; training data and public images are untouched."""
    sample = data.load(name, size="sample")
    view = data.kernel_view(sample)
    assert {key: (array.shape, array.dtype) for key, array in view.items()} == {
        "x_train": ((8_000, 28, 28), np.uint8), "y_train": ((8_000,), np.uint8),
        "x_test": ((2_000, 28, 28), np.uint8), "y_test": ((2_000,), np.uint8),
    }  # fmt: skip
    hidden = {image.tobytes() for image in sample.x_test[sample.hidden]}
    assert not hidden & {image.tobytes() for image in view["x_test"]}
    np.testing.assert_array_equal(view["x_train"], sample.x_train)
    np.testing.assert_array_equal(view["x_test"][sample.public], sample.x_test[sample.public])
    labels = {image.tobytes(): label for image, label in zip(sample.x_test, sample.y_test, strict=True)}
    assert all(labels[image.tobytes()] == label for image, label in zip(view["x_test"], view["y_test"], strict=True))


def test_the_kernels_view_leaves_the_data_as_they_were(nowhere: Path) -> None:
    """The measuring process still holds the hidden images afterwards, and four public ones stand in for four."""
    put(nowhere)
    full = data.load("mnist", folder=nowhere)
    before = full.digest()
    view = data.kernel_view(full)
    assert full.digest() == before
    np.testing.assert_array_equal(view["x_test"][full.hidden], full.x_test[full.public[:4]])


def test_the_digest_is_of_images_and_hidden_positions() -> None:
    """Another pixel or another hidden image is another data set."""
    content = arrays()
    first = ImageData("mnist", "full", **content, hidden=np.array([1, 2]), source="a")
    assert len(first.digest()) == 64
    assert ImageData("mnist", "full", **content, hidden=np.array([1, 2]), source="b").digest() == first.digest()
    assert ImageData("mnist", "full", **content, hidden=np.array([1, 3]), source="a").digest() != first.digest()
    changed = {**content, "x_train": content["x_train"] ^ 1}
    assert ImageData("mnist", "full", **changed, hidden=np.array([1, 2]), source="a").digest() != first.digest()


def test_pixels_are_scaled_to_one() -> None:
    """float32, x / 255."""
    scaled = data.scaled(np.array([[0, 51, 255]], np.uint8))
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, np.array([[0, 0.2, 1]], np.float32))


# Finding full sets


def test_places_are_searched_in_order(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A given folder, its `datasets`, KERAS_HOME's `datasets`, KERAS_HOME itself, the home's `.keras/datasets`."""
    given, keras_home, home = nowhere / "given", nowhere / "keras", nowhere / "home" / ".keras" / "datasets"
    assert data.search_places() == [home]
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    places = [given, given / "datasets", keras_home / "datasets", keras_home, home]
    assert data.search_places(given) == places
    for place in reversed(places):
        assert data.find_full("mnist", given) != place / "mnist.npz"
        put(place)
        assert data.find_full("mnist", given) == place / "mnist.npz"
        assert data.load("mnist", folder=given).source == str(place / "mnist.npz")


def test_the_four_files_of_keras_are_read(nowhere: Path) -> None:
    """`fashion-mnist/` with four `.gz` files holds the same as one `.npz`."""
    content = arrays()
    put_gz(nowhere / "zipped" / "fashion-mnist", content)
    put(nowhere / "packed", "fashion-mnist.npz", **content)
    zipped, packed = (data.load("fashion_mnist", folder=nowhere / kind) for kind in ("zipped", "packed"))
    assert (zipped.size, zipped.source) == ("full", str(nowhere / "zipped" / "fashion-mnist"))
    assert zipped.digest() == packed.digest()
    np.testing.assert_array_equal(zipped.y_train, content["y_train"])
    np.testing.assert_array_equal(zipped.y_test, content["y_test"])


def test_the_full_set_is_taken_unless_the_sample_is_asked_for(nowhere: Path) -> None:
    """Nobody gets the sample by chance, and asked for it, nothing else is looked at."""
    with pytest.raises(DataNotFoundError):
        data.load("mnist")
    put(nowhere / "home" / ".keras" / "datasets")
    assert data.load("mnist").size == "full"
    assert data.load("mnist", size="sample").source == "embedded sample"
    with pytest.raises(KeyError, match="huge"):
        data.load("mnist", size="huge")


def test_a_users_own_files_come_before_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In KERAS_HOME, in Keras's cache, or in a given folder; nothing is unpacked then."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(shipped, "arrays", lambda name: arrays(7, 5))
    assert (data.load("mnist").source, len(data.load("mnist").x_train)) == (data.SHIPPED, 7)
    own = put(tmp_path / "home" / ".keras" / "datasets")
    assert (data.load("mnist").source, len(data.load("mnist").x_train)) == (str(own), 30)


def test_a_user_without_a_home_has_the_full_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run under numbers that no list of users knows."""
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(shipped, "arrays", lambda name: arrays())
    assert data.load("mnist").source == data.SHIPPED


def test_a_missing_full_set_says_where_it_was_looked_for(nowhere: Path) -> None:
    """The text is for the person who has to put it there."""
    with pytest.raises(DataNotFoundError) as missing:
        data.load("fashion_mnist", size="full", folder=nowhere / "given")
    assert str(missing.value) == (
        f"fashion_mnist: the full data set was not found. Looked in: {nowhere}/given, {nowhere}/given/datasets, "
        f"{nowhere}/home/.keras/datasets. Put fashion_mnist.npz there (the file of keras.datasets, arrays x_train, "
        "y_train, x_test, y_test), or use the sample."
    )


def test_a_name_that_is_no_data_set_is_no_path() -> None:
    """Only two names are known."""
    for name in ("cifar10", "../mnist", ""):
        with pytest.raises(KeyError):
            data.load(name)


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        ({"y_test": None}, "not a Keras data set, it lacks y_test"),
        ({"x_train": None, "y_train": None}, "not a Keras data set, it lacks x_train, y_train"),
        (
            {"x_train": np.zeros((30, 784), np.uint8)},
            "x_train is uint8 of shape (30, 784) with 30 labels; expected uint8",
        ),
        ({"x_test": np.zeros((20, 28, 28), np.float32)}, "x_test is float32 of shape (20, 28, 28) with 20 labels"),
        ({"y_train": np.zeros(29, np.uint8)}, "x_train is uint8 of shape (30, 28, 28) with 29 labels"),
    ],
    ids=["no labels", "no training part", "flat", "floats", "a label too few"],
)
def test_a_file_with_other_content_is_named_with_what_is_wrong(
    changes: dict[str, np.ndarray | None], reported: str, nowhere: Path
) -> None:
    """File, array, shape, and what was expected."""
    path = put(nowhere, **changes)
    with pytest.raises(ValueError, match="mnist") as wrong:
        data.load("mnist", folder=nowhere)
    assert str(wrong.value).startswith(f"{path}: {reported}")
