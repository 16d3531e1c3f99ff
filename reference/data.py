"""Sets of images: the user's own full files, else those that ship with the package; a sample for short runs.

Pixels are uint8, 0 to 255, images of the shape in `datasets.toml`, as `keras.datasets.*.load_data()` returns them. The
test part is cut in two: *public* images, which students may see, and *hidden* images, which decide the reconstruction
points and never enter the student's kernel. `kernel_view` puts public images in their places, so that every shape stays
the official one.

A user's own files come first. The test part of the official Fashion-MNIST has other images than ours and so other
hidden images; what is measured on them differs by chance alone.

Sources: LeCun, Cortes and Burges (MNIST, CC BY-SA 3.0); Xiao, Rasul and Vollgraf, 2017 (Fashion-MNIST, MIT licence).
"""

from __future__ import annotations

import gzip
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reference import shipped
from reference.image_sets import IMAGE_SETS
from reference.image_sets import Pixels as Pixels

NAMES = tuple(IMAGE_SETS)
"""The sets of images that ship with us."""

SIZES = ("sample", "full")
SAMPLES = Path(__file__).parent / "samples"
SHIPPED = "the package"
"""What `ImageData.source` says of a full set that ships with us."""

_HIDDEN_SEED = 20_260_101  # any fixed number: facts and grades must speak of the same images
_HIDDEN_SHARE = {"sample": 0.5, "full": 0.2}  # 1,000 of 2,000 and 2,000 of 10,000


_FIRST_GZ = "train-images-idx3-ubyte.gz"


@dataclass(frozen=True, slots=True)
class ImageData:
    """One data set, cut into what is trained on, what is public and what is hidden.

    Attributes:
        name: One of `reference.image_sets.IMAGE_SETS`.
        size: `sample` or `full`.
        x_train, y_train: Training images (n, rows, columns) uint8 and labels (n,).
        x_test, y_test: The whole test part; rows `hidden` of it are the hidden images.
        hidden: Positions of the hidden images in the test part, ascending.
        source: Where it was found, for people.
    """

    name: str
    size: str
    x_train: Pixels
    y_train: Pixels
    x_test: Pixels
    y_test: Pixels
    hidden: npt.NDArray[np.intp]
    source: str

    @property
    def public(self) -> npt.NDArray[np.intp]:
        """Positions of the public images in the test part, ascending."""
        return np.setdiff1d(np.arange(len(self.x_test)), self.hidden)

    def digest(self) -> str:
        """Return the SHA-256 (hexadecimal) of training images, test images and hidden positions."""
        digest = hashlib.sha256(self.x_train.tobytes())
        digest.update(self.x_test.tobytes())
        digest.update(self.hidden.astype(np.int64).tobytes())
        return digest.hexdigest()


class DataNotFoundError(Exception):
    """The full data set was not found, and this package was installed without it; the text says where we looked."""


def load(name: str, *, size: str = "full", folder: Path | None = None) -> ImageData:
    """Load a data set.

    Args:
        name: One of `reference.image_sets.IMAGE_SETS`.
        size: `full`: the user's own files where there are some, else what ships with the package; or `sample`.
        folder: Searched before the usual places.

    Raises:
        KeyError: There is no data set with this name, or no such size.
        DataNotFoundError: `full` was asked for, but neither the user nor the package has it.
        ValueError: A file was found that does not hold this data set.
    """
    known = IMAGE_SETS[name]
    if size not in SIZES:
        raise KeyError(size)
    if known.load is not None:
        return _cut(name, size, _checked("what its package loads", dict(known.load(size)), known.shape), "its package")
    if size == "sample":
        return _cut(name, "sample", _read_npz(SAMPLES / f"{name}.npz", known.shape), "embedded sample")
    if (found := find_full(name, folder)) is not None:
        arrays = (_read_npz if found.suffix == ".npz" else _read_idx)(found, known.shape)
        return _cut(name, "full", arrays, str(found))
    if shipped.is_here(name):
        return _cut(name, "full", shipped.arrays(name), SHIPPED)
    places = ", ".join(str(place) for place in search_places(folder))
    raise DataNotFoundError(
        f"{name}: the full data set was not found. Looked in: {places}. Put {name}.npz there "
        f"(the file of keras.datasets, arrays x_train, y_train, x_test, y_test), or use the sample."
    )


def search_places(folder: Path | None = None) -> list[Path]:
    """List the folders in which a full data set is looked for, in order."""
    places = [] if folder is None else [folder, folder / "datasets"]
    if keras_home := os.environ.get("KERAS_HOME"):
        places += [Path(keras_home) / "datasets", Path(keras_home)]
    home = os.path.expanduser("~")  # noqa: PTH111 - a user id without a home, as containers have it, is no error here
    return [*places, Path(home) / ".keras" / "datasets"]


def candidates(name: str, folder: Path | None = None) -> list[Path]:
    """List the files in which a full data set would be found, in the order in which they are looked for.

    Keras's four `.gz` files are represented by the one with the training images.
    """
    files = (*IMAGE_SETS[name].files, f"{name.replace('_', '-')}/{_FIRST_GZ}")
    return list(dict.fromkeys(place / file for place in search_places(folder) for file in files))


def find_full(name: str, folder: Path | None = None) -> Path | None:
    """Return the user's own file of a full data set, or folder of Keras's four `.gz` files; None if nowhere."""
    found = next((file for file in candidates(name, folder) if file.is_file()), None)
    return found.parent if found is not None and found.name == _FIRST_GZ else found


def kernel_view(data: ImageData) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays that a student's kernel may see, keyed as in Keras's `mnist.npz`.

    Shapes are those of the data set itself. Hidden images and their labels are replaced by public ones, in turn.
    """
    stand_in = np.resize(data.public, len(data.hidden))
    x_test, y_test = data.x_test.copy(), data.y_test.copy()
    x_test[data.hidden] = data.x_test[stand_in]
    y_test[data.hidden] = data.y_test[stand_in]
    return {"x_train": data.x_train, "y_train": data.y_train, "x_test": x_test, "y_test": y_test}


def scaled(images: Pixels) -> npt.NDArray[np.float32]:
    """Return the images as float32 in [0, 1]: x / 255."""
    return np.divide(images, np.float32(255), dtype=np.float32)  # no second array of 190 MB in between


def _cut(name: str, size: str, arrays: dict[str, Pixels], source: str) -> ImageData:
    tests = len(arrays["x_test"])
    order = np.random.default_rng(_HIDDEN_SEED).permutation(tests)
    hidden = np.sort(order[: round(tests * _HIDDEN_SHARE[size])])
    return ImageData(name, size, **arrays, hidden=hidden, source=source)


def _read_npz(path: Path, shape: tuple[int, ...]) -> dict[str, Pixels]:
    with np.load(path, allow_pickle=False) as archive:
        missing = [key for key in ("x_train", "y_train", "x_test", "y_test") if key not in archive]
        if missing:
            raise ValueError(f"{path}: not a Keras data set, it lacks {', '.join(missing)}")
        arrays = {key: archive[key] for key in ("x_train", "y_train", "x_test", "y_test")}
    return _checked(path, arrays, shape)


def _read_idx(folder: Path, shape: tuple[int, ...]) -> dict[str, Pixels]:
    """Read the four IDX files that Keras keeps for Fashion-MNIST (16 and 8 bytes of header)."""

    def read(file_name: str, header_bytes: int) -> Pixels:
        with gzip.open(folder / file_name) as file:
            return np.frombuffer(file.read(), np.uint8, offset=header_bytes)

    arrays = {
        "x_train": read("train-images-idx3-ubyte.gz", 16).reshape(-1, *shape),
        "y_train": read("train-labels-idx1-ubyte.gz", 8),
        "x_test": read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, *shape),
        "y_test": read("t10k-labels-idx1-ubyte.gz", 8),
    }
    return _checked(folder, arrays, shape)


def _checked(path: Path | str, arrays: dict[str, Pixels], shape: tuple[int, ...]) -> dict[str, Pixels]:
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if images.shape[1:] != shape or images.dtype != np.uint8 or len(images) != len(labels):
            raise ValueError(
                f"{path}: x_{part} is {images.dtype} of shape {images.shape} with {len(labels)} labels; "
                f"expected uint8 images of shape (n, {', '.join(map(str, shape))}) and n labels"
            )
    return arrays
