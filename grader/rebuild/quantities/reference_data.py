"""Training and hidden data of a reference: images, points in space, card transactions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from grader.domain.datasets import DataSize, SampleKind, datasets, image_sets
from reference import card_data, cloud, data, views
from reference.card_data import CardData
from reference.data import DataNotFoundError as DataNotFoundError
from reference.data import ImageData
from reference.image_sets import add_images
from reference.views import View

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

STRIP_IMAGES = 8
NO_IMAGES: Array = np.zeros((0, 1, 1), np.float32)
"""Replaces a picture strip if the data are no images."""


@dataclass(frozen=True, slots=True)
class DataChoice:
    """Which data to measure on.

    Attributes:
        size: `full` or `sample`.
        folder: Folder that is searched for the full set before the usual places.
        view: The secret view through which they are seen; None for the data as they are.
    """

    size: DataSize = DataSize.FULL
    folder: Path | None = None
    view: View | None = None

    @property
    def image_view(self) -> View | None:
        """The view if it is one of images: a notebook on card transactions may also use images."""
        return None if self.view is None or self.view.kind == views.CARDS else self.view

    @property
    def card_view(self) -> View | None:
        """The view if it is one of card transactions."""
        return None if self.image_view is not None else self.view


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The data for training and judging one reference, in the form that references take.

    Attributes:
        size: `sample` or `full`; `real` for a user's own file of card transactions.
        source: Where they come from, in words; begins with "simulated" if they are.
        digest: SHA-256 of training and hidden data.
        train: Images (n, rows, columns) in [0, 1], points (60, 3), or scaled normal rows (n, 29).
        hidden: Samples of the same kind, never trained on (except for the points, of which there are no others).
        train_labels: Digit or garment of each training image; zeros for data without labels.
        hidden_labels: The same for the hidden samples; 1 for a fraud.
        strip_images: The few images that reports show, none if the data are no images.
    """

    size: DataSize
    source: str
    digest: str
    train: Array
    hidden: Array
    train_labels: Labels
    hidden_labels: Labels
    strip_images: Array


def load_reference_data(dataset: str, choice: DataChoice) -> ReferenceData:
    """Load the data of a reference; images are loaded once per process, and the arrays must not be changed.

    Args:
        dataset: Its id in the table.
        choice: Size and folder.

    Raises:
        KeyError: There is no such data set.
        reference.data.DataNotFoundError: The full data was asked for and not found.
    """
    kind = datasets()[dataset].kind
    if kind is SampleKind.IMAGES:
        return _images(dataset, choice)
    return _points() if kind is SampleKind.POINTS else _transactions(choice)


def are_images(dataset: str) -> bool:
    """Return whether a data set is one of images, ours or another package's."""
    return dataset in image_sets()


def load_images(dataset: str, choice: DataChoice) -> ImageData:
    """Load a set of images as seen through the view, hidden images included.

    Raises:
        KeyError: There is no such set of images.
        reference.data.DataNotFoundError: The full data was asked for and not found.
    """
    known = image_sets()[dataset]
    if known.load is not None:
        add_images(known.id, known.sample_shape, known.load)
    images = data.load(dataset, size=choice.size, folder=choice.folder)
    return images if choice.image_view is None else views.images_seen(images, choice.image_view)


def load_strip_images(dataset: str, choice: DataChoice) -> Array:
    """Return the few images of the sample that reports show, for either size of the data."""
    sample = load_images(dataset, DataChoice(DataSize.SAMPLE, view=choice.view))
    return data.scaled(sample.x_test[sample.hidden[:STRIP_IMAGES]])


def load_cards(choice: DataChoice) -> CardData:
    """Load the card transactions as seen through the view.

    Raises:
        ValueError: A file without the columns was found.
    """
    cards = card_data.load(size=choice.size, folder=choice.folder)
    return cards if choice.card_view is None else views.cards_seen(cards, choice.card_view)


@lru_cache(maxsize=4)
def _images(dataset: str, choice: DataChoice) -> ReferenceData:
    images = load_images(dataset, choice)
    return ReferenceData(
        size=DataSize(images.size),
        source=_source(images),
        digest=images.digest(),
        train=data.scaled(images.x_train),
        hidden=data.scaled(images.x_test[images.hidden]),
        train_labels=images.y_train.astype(np.int64),
        hidden_labels=images.y_test[images.hidden].astype(np.int64),
        strip_images=load_strip_images(dataset, choice),
    )


def _source(images: ImageData) -> str:
    if images.size == DataSize.SAMPLE:
        return "embedded sample"
    return f"{images.name}, {len(images.x_train):,} and {len(images.x_test):,} images"


def _points() -> ReferenceData:
    points = cloud.make().astype(np.float32)
    nothing = np.zeros(len(points), np.int64)
    return ReferenceData(
        size=DataSize.SAMPLE,
        source=f"{len(points)} points, seed {cloud.SEED}",
        digest=hashlib.sha256(points.tobytes()).hexdigest(),
        train=points,
        hidden=points,
        train_labels=nothing,
        hidden_labels=nothing,
        strip_images=NO_IMAGES,
    )


def _transactions(choice: DataChoice) -> ReferenceData:
    """Return normal public rows for training and all hidden rows for judging, scaled as in `reference.fraud`."""
    from reference import fraud  # a reference imports Keras, without which images are published

    cards = load_cards(choice)
    normal = fraud.features(fraud.normal_rows(cards.values[cards.public]))
    scaling = fraud.fit_scaling(normal)
    return ReferenceData(
        size=DataSize(cards.size),
        source=cards.source if cards.simulated else f"{card_data.FILE_NAME}, {len(cards.values):,} rows",
        digest=cards.digest(),
        train=scaling.apply(normal),
        hidden=scaling.apply(fraud.features(cards.values[cards.hidden])),
        train_labels=np.zeros(len(normal), np.int64),
        hidden_labels=cards.labels[cards.hidden].astype(np.int64),
        strip_images=NO_IMAGES,
    )
