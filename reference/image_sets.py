"""The table of data sets (`datasets.toml`) for the references: shapes, sizes, files and digests."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Loader = Callable[[str], Mapping[str, Pixels]]
"""Returns x_train, y_train, x_test and y_test of a size (`sample`, `full`)."""

TABLE = Path(__file__).parent / "datasets.toml"


@dataclass(frozen=True, slots=True)
class ImageSet:
    """What has to be known to load a set of images.

    Attributes:
        name: Its id, as in `keras.datasets`.
        shape: Rows and columns of one image.
        training, test: Numbers of images in the full set.
        files: File names under which a user may keep it.
        packed_sha256: SHA-256 of the unpacked bytes of the set that ships, "" if it does not ship.
        load: Loads a set that another package added; None for ours.
    """

    name: str
    shape: tuple[int, ...]
    training: int = 0
    test: int = 0
    files: tuple[str, ...] = ()
    packed_sha256: str = ""
    load: Loader | None = None


IMAGE_SETS: dict[str, ImageSet] = {
    name: ImageSet(
        name,
        tuple(entry["sample_shape"]),
        entry["training"]["full"],
        entry["test"]["full"],
        (entry["file"], *entry.get("other_names", ())),
        entry["packed_sha256"],
    )
    for name, entry in tomllib.loads(TABLE.read_text(encoding="utf-8")).items()
    if entry["kind"] == "images"
}
"""The sets of images by name."""


def add_images(name: str, shape: tuple[int, ...], load: Loader) -> None:
    """Add a set of images that another package brings."""
    IMAGE_SETS[name] = ImageSet(name, shape, load=load)
