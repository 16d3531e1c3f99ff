"""The full MNIST and Fashion-MNIST that ship with the package, unpacked once into the user's cache.

`datasets/<name>.xz` holds the bytes of x_train, y_train, x_test and y_test of `keras.datasets.<name>.load_data()`, one
after the other. MNIST stands in the official order. Fashion-MNIST holds the official 70,000 images with their labels,
but which image stands at which index, and which are for training and which for testing, differ from the official files:
a mean over many images is the same within its spread, a single image is not.

The unpacked bytes are kept in the user's cache; their digest shows whether they are complete. A process that finds none
writes a temporary file of its own and renames it, so that processes do not disturb each other and nobody reads half a
file. If the cache cannot be written, each process unpacks for itself (1 s for MNIST, 2 s for Fashion-MNIST).
"""

from __future__ import annotations

import hashlib
import lzma
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from reference.image_sets import IMAGE_SETS, ImageSet, Pixels

PACKED = Path(__file__).parent / "datasets"


class DamagedDataError(ValueError):
    """A packed data set is not the one that was shipped: the package has to be installed again."""


def cache_folder() -> Path:
    """Return the folder of the user's cache in which unpacked data sets are kept; `XDG_CACHE_HOME` moves it."""
    return user_cache_path("autoencoder-grader") / "datasets"


def is_here(name: str) -> bool:
    """Return whether the package holds this data set."""
    return (PACKED / f"{name}.xz").is_file()


def arrays(name: str) -> dict[str, Pixels]:
    """Return the four arrays of a data set, keyed as in Keras's `mnist.npz`.

    Raises:
        KeyError: No data set has this name.
        FileNotFoundError: The package was installed without it.
        DamagedDataError: The packed file is not the one that was shipped.
    """
    known = IMAGE_SETS[name]
    digest = known.packed_sha256
    cached = cache_folder() / f"{name}-{digest[:16]}.bytes"
    content = _kept(cached, digest)
    if content is None:
        content = _unpacked(name, digest)
        if not cached.is_absolute():  # a user without a home
            return _cut(content, known)
        with suppress(OSError):  # a cache that cannot be written costs seconds, nothing else
            _keep(content, cached)
    return _cut(content, known)


def _kept(path: Path, digest: str) -> Pixels | None:
    """Read what an earlier process left in the cache; None if there is nothing, or if it is damaged."""
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


def _cut(content: Pixels, known: ImageSet) -> dict[str, Pixels]:
    parts = {
        "x_train": (known.training, *known.shape),
        "y_train": (known.training,),
        "x_test": (known.test, *known.shape),
        "y_test": (known.test,),
    }
    ends = np.cumsum([np.prod(shape) for shape in parts.values()])
    pieces = np.split(content, ends[:-1])
    return {name: piece.reshape(shape) for (name, shape), piece in zip(parts.items(), pieces, strict=True)}
