"""The samples that models are measured on, and the small pictures of them that reports show."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial

import numpy as np
import numpy.typing as npt

from grader.domain.datasets import DataSize, Held
from grader.domain.measurement import ImageStrip
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import (
    NO_IMAGES,
    Array,
    DataChoice,
    are_images,
    load_images,
    load_reference_data,
    load_strip_images,
)
from reference import data
from reference.image_sets import Pixels


@dataclass(frozen=True)
class ScaledImages:
    """Images that are scaled to [0, 1] when they are needed: all 60,000 take a third of a second and 190 MB.

    Attributes:
        pixels: uint8 (n, rows, columns).
    """

    pixels: Pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, part: slice) -> Array:
        return data.scaled(self.pixels[part])

    @cached_property
    def mean(self) -> Array:
        """The mean image, from the sum of whole numbers and so without rounding errors of its own."""
        return (self.pixels.mean(axis=0, dtype=np.float64) / 255).astype(np.float32)


def _no_strip() -> Array:
    return NO_IMAGES


@dataclass(frozen=True)
class Samples:
    """The samples of one task, images scaled to [0, 1], and the errors of trivial predictors on them.

    Attributes:
        size: `sample` or `full`.
        train: Training images (n, 28, 28), or points (n, 3), or normal rows of a table; a slice of it is an array.
        images: Samples to measure on, of the same kind.
        load_strip: Loads the few images that reports show, always the same ones; none if the samples are no images.
        labels: Class of each sample to measure on (of each row in `rows`, if there are rows), None without classes.
        rows: All rows of a table to judge by, if `images` are the normal ones among them.
        laid_out: The same as `images` in the layout of a reference, if the reference itself is measured.
    """

    size: DataSize
    train: Array | ScaledImages
    images: npt.NDArray[np.float32]
    load_strip: Callable[[], Array] = _no_strip
    labels: npt.NDArray[np.int64] | None = None
    rows: npt.NDArray[np.float32] | None = None
    laid_out: npt.NDArray[np.float32] | None = None
    _trivial: dict[int, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def strip_images(self) -> Array:
        """The few images that reports show."""
        return self.load_strip()

    def mean_image_error(self, images: Array | None = None) -> float:
        """MSE of the mean training image on these images; by default on all that are measured on."""
        images = self.images if images is None else images
        mean = self.train.mean if isinstance(self.train, ScaledImages) else self.train.mean(axis=0)
        return image_metrics.mean_squared_error(images, np.broadcast_to(mean, images.shape))

    def pca_error(self, components: int) -> float:
        """MSE of PCA with this number of components; computed once, since it takes seconds."""
        if components not in self._trivial:
            self._trivial[components] = image_metrics.pca_error(
                self.train[: image_metrics.PCA_FIT_IMAGES], self.images, components
            )
        return self._trivial[components]


@lru_cache(maxsize=4)
def load_samples(dataset: str, part: Held, choice: DataChoice, *, at_most: int | None = None) -> Samples:
    """Load the samples of `part` (`hidden` or `public`), all images or the first `at_most`.

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and not found.
    """
    if not are_images(dataset):  # points in space: there are no others to hide
        material = load_reference_data(dataset, choice)
        return Samples(material.size, material.train, material.hidden)
    full = load_images(dataset, choice)
    positions = (full.hidden if part == Held.HIDDEN else full.public[: len(full.hidden)])[:at_most]
    return Samples(
        DataSize(full.size),
        ScaledImages(full.x_train),
        data.scaled(full.x_test[positions]),
        partial(load_strip_images, dataset, choice),
        full.y_test[positions].astype(np.int64),
    )


def strip(title: str, images: npt.NDArray[np.float32]) -> ImageStrip:
    """Turn images (n, height, width) in [0, 1] into grey pictures; values outside are clipped."""
    pixels = np.round(np.clip(np.nan_to_num(images), 0, 1) * 255).astype(np.uint8)
    encoded = tuple(base64.b64encode(picture.tobytes()).decode("ascii") for picture in pixels)
    return ImageStrip(title, images.shape[1], images.shape[2], encoded)
