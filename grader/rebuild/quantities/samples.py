"""The samples that models are measured on, and the small pictures of them that reports show."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from grader.domain.measurement import ImageStrip
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.reference_data import DataChoice, are_images, load_images, load_reference_data
from reference import data


@dataclass(frozen=True)
class Samples:
    """The samples of one task, images scaled to [0, 1], and the errors of trivial predictors on them.

    Attributes:
        size: `sample` or `full`.
        train: Training images (n, 28, 28), or points (n, 3), or normal rows of a table.
        images: Samples to measure on, of the same kind.
        strip_images: The few that reports show, always the same ones; none if the samples are no images.
        labels: Class of each sample to measure on (of each row in `rows`, if there are rows), None without classes.
        rows: All rows of a table to judge by, if `images` are the normal ones among them.
        laid_out: The same as `images` in the layout of a reference, if the reference itself is measured.
    """

    size: str
    train: npt.NDArray[np.float32]
    images: npt.NDArray[np.float32]
    strip_images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64] | None = None
    rows: npt.NDArray[np.float32] | None = None
    laid_out: npt.NDArray[np.float32] | None = None
    _trivial: dict[int, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def mean_image_error(self) -> float:
        """MSE of the mean training image."""
        return image_metrics.mean_image_error(self.train, self.images)

    def pca_error(self, components: int) -> float:
        """MSE of PCA with this number of components; computed once, since it takes seconds."""
        if components not in self._trivial:
            self._trivial[components] = image_metrics.pca_error(self.train, self.images, components)
        return self._trivial[components]


@lru_cache(maxsize=4)
def load_samples(dataset: str, part: str, choice: DataChoice) -> Samples:
    """Load the samples of `part` (`hidden` or `public`).

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and not found.
    """
    material = load_reference_data(dataset, choice)
    found = Samples(material.size, material.train, material.hidden, material.strip_images)
    if not are_images(dataset):  # points in space: there are no others to hide
        return found
    if part == "hidden":
        return replace(found, labels=material.hidden_labels)
    full = load_images(dataset, choice)
    positions = full.public[: len(full.hidden)]
    images, labels = data.scaled(full.x_test[positions]), full.y_test[positions].astype(np.int64)
    return replace(found, images=images, labels=labels)


def strip(title: str, images: npt.NDArray[np.float32]) -> ImageStrip:
    """Turn images (n, height, width) in [0, 1] into grey pictures; values outside are clipped."""
    pixels = np.round(np.clip(np.nan_to_num(images), 0, 1) * 255).astype(np.uint8)
    encoded = tuple(base64.b64encode(picture.tobytes()).decode("ascii") for picture in pixels)
    return ImageStrip(title, images.shape[1], images.shape[2], encoded)
