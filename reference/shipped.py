"""MNIST and Fashion-MNIST whole, as they ship with the package: unpacked once into the user's cache.

`datasets/<name>.xz` holds the bytes of x_train, y_train, x_test and y_test of `keras.datasets.<name>.load_data()`, one
after the other. MNIST stands in the official order. Fashion-MNIST holds the official 70,000 images with their labels,
but which image stands at which index, and which are for training and which for testing, differ from the official files:
a mean over many images is the same within its spread, a single image is not.

The unpacked bytes are kept in the user's cache, where the digest says whether they are whole. Each process that finds
none writes its own temporary file and renames it, so that several at once do each other no harm and nobody reads half a
file. Where the cache cannot be written, each process unpacks for itself (1 s for MNIST, 2 s for Fashion-MNIST).
"""

from __future__ import annotations

import hashlib
import lzma
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

Pixels = npt.NDArray[np.uint8]

PACKED = Path(__file__).parent / "datasets"
TRAINING_IMAGES, TEST_IMAGES = 60_000, 10_000
DIGESTS = {
    "mnist": "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16",
    "fashion_mnist": "38e79510e013679d9fa10c51d16fab9c9ec394cacf00bbdfa31c8ad1d1aacd2b",
}
"""SHA-256 of the unpacked bytes."""

_PARTS = {
    "x_train": (TRAINING_IMAGES, 28, 28),
    "y_train": (TRAINING_IMAGES,),
    "x_test": (TEST_IMAGES, 28, 28),
    "y_test": (TEST_IMAGES,),
}


class DamagedDataError(ValueError):
    """A packed data set is not what was shipped: the package has to be installed anew."""


def cache_folder() -> Path:
    """Return the folder of the user's cache in which unpacked data sets are kept; `XDG_CACHE_HOME` moves it."""
    return user_cache_path("autoencoder-grader") / "datasets"


def is_here(name: str) -> bool:
    """Tell whether the package holds this data set."""
    return (PACKED / f"{name}.xz").is_file()


def arrays(name: str) -> dict[str, Pixels]:
    """Return the four arrays of a data set, keyed as in Keras's `mnist.npz`.

    Raises:
        KeyError: No data set has this name.
        FileNotFoundError: The package was installed without it.
        DamagedDataError: The packed file is not the one that was shipped.
    """
    digest = DIGESTS[name]
    cached = cache_folder() / f"{name}-{digest[:16]}.bytes"
    content = _kept(cached, digest)
    if content is None:
        content = _unpacked(name, digest)
        if not cached.is_absolute():  # a user without a home
            return _cut(content)
        with suppress(OSError):  # a cache that cannot be written costs seconds, nothing else
            _keep(content, cached)
    return _cut(content)


def _kept(path: Path, digest: str) -> Pixels | None:
    """Read what an earlier process left in the cache; None where that is nothing or no longer whole."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError:
        return None
    return content if hashlib.sha256(content.data).hexdigest() == digest else None


def _unpacked(name: str, digest: str) -> Pixels:
    packed = PACKED / f"{name}.xz"
    try:
        content = bytearray(lzma.decompress(packed.read_bytes()))  # mutable, so that the arrays are like Keras's
    except (lzma.LZMAError, EOFError) as error:
        raise DamagedDataError(f"{packed}: {error}; install the package anew") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise DamagedDataError(f"{packed}: not the data set that was shipped; install the package anew")
    return np.frombuffer(content, np.uint8)


def _keep(content: Pixels, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, delete=False) as file:
        unfinished = Path(file.name)
    try:
        content.tofile(unfinished)
        os.replace(unfinished, path)  # noqa: PTH105 - in one step, whoever reads the old one
    finally:
        unfinished.unlink(missing_ok=True)  # a disk that is full


def _cut(content: Pixels) -> dict[str, Pixels]:
    ends = np.cumsum([np.prod(shape) for shape in _PARTS.values()])
    pieces = np.split(content, ends[:-1])
    return {name: piece.reshape(shape) for (name, shape), piece in zip(_PARTS.items(), pieces, strict=True)}
