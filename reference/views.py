"""Secret views of a data set: the same data, seen in a way that a model trained elsewhere does not know.

The grader chooses the data on which a notebook runs. It runs the notebook a second time on a view that is drawn from a
secret seed, and measures its model on hidden data of the same view. A model that is trained there does as well as before;
weights that were trained on the plain data fail. Labels and shapes stay the same.

| view | what it does | for whom |
|---|---|---|
| `pixels` | one permutation of the 784 pixels for all images | dense networks: initial weights are exchangeable over pixels, so an honest training has the same distribution of results, and facts hold as they are |
| `columns` | one permutation of the 28 columns | recurrent networks, whose steps are rows: the same reason, the order of the steps stays |
| `quadrants` | the four quadrants change places, none stays | convolutional networks: neighbours stay neighbours, but for the seams |
| `contrast` | black becomes white, and the quadrants change places | networks whose code is as large as the image: where something stands does not matter to them |
| `cards` | another seed of the simulator; V1 … V28 are rotated as standardised columns | card transactions; a real file is only rotated |

Data that notebooks make themselves have no view: there is nothing to prove.
"""  # noqa: E501 - a table

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType, ModuleType
from typing import Final

import numpy as np
import numpy.typing as npt

from reference import card_data
from reference.card_data import CardData
from reference.data import ImageData, Pixels

PIXELS: Final = "pixels"
COLUMNS: Final = "columns"
QUADRANTS: Final = "quadrants"
CONTRAST: Final = "contrast"
CARDS: Final = "cards"
NO_VIEW: Final = ""

KINDS: Final = (PIXELS, COLUMNS, QUADRANTS, CONTRAST, CARDS)

OF_REFERENCE: Final = MappingProxyType({
    "linear-pca": NO_VIEW,  # the notebook makes its points by itself
    "simple-dense": PIXELS,
    "simple-dense-mse": PIXELS,
    "symmetric-dense": PIXELS,
    "deep-dense": PIXELS,
    "stacked": PIXELS,
    "convolutional": QUADRANTS,
    "convolutional-upsampling": QUADRANTS,
    "recurrent": COLUMNS,
    "denoising-dense": PIXELS,
    "denoising-dropout": PIXELS,
    "denoising-convolutional": CONTRAST,
    "sparse": PIXELS,
    "fraud": CARDS,
    "variational": PIXELS,
    "variational-convolutional": QUADRANTS,
    "greedy-layerwise": PIXELS,
    "pretraining": PIXELS,
    "optimizers": PIXELS,
    "losses": PIXELS,
    "from-scratch": PIXELS,
})  # fmt: skip
"""The view of each reference of the course; an instructor's own says its own (`VIEW`)."""

_QUADRANTS = 4
_ANONYMOUS = slice(1, 29)
"""Columns V1 … V28."""


@dataclass(frozen=True, slots=True)
class View:
    """One view.

    Attributes:
        kind: One of `KINDS`.
        seed: Secret; the student's kernel never sees it.
    """

    kind: str
    seed: int

    def __post_init__(self) -> None:
        """Refuse a kind that does not exist.

        Raises:
            ValueError: It is none of `KINDS`.
        """
        if self.kind not in KINDS:
            raise ValueError(f"there is no view {self.kind!r}; there are {', '.join(KINDS)}")


def kind_for(source: ModuleType) -> str:
    """Return the kind of view for a reference, `NO_VIEW` where it has none.

    Args:
        source: Its module; an instructor's own says `VIEW`, ours stand in `OF_REFERENCE`.
    """
    return str(getattr(source, "VIEW", OF_REFERENCE.get(source.ID, NO_VIEW)))


def seen(images: Pixels, view: View) -> Pixels:
    """Return images (n, rows, columns) uint8 as the view shows them.

    Raises:
        ValueError: The view is none of images.
    """
    rng = np.random.default_rng(view.seed)
    if view.kind == PIXELS:
        order = _moved(images[0].size, rng)
        return np.ascontiguousarray(images.reshape(len(images), -1)[:, order].reshape(images.shape))
    if view.kind == COLUMNS:
        return np.ascontiguousarray(images[:, :, _moved(images.shape[2], rng)])
    if view.kind == QUADRANTS:
        return _with_quadrants(images, rng)
    if view.kind == CONTRAST:
        return np.asarray(255 - _with_quadrants(images, rng), np.uint8)
    raise ValueError(f"{view.kind} is no view of images")


def images_seen(data: ImageData, view: View) -> ImageData:
    """Return a data set as the view shows it, hidden images included; labels and their order stay."""
    return replace(data, x_train=seen(data.x_train, view), x_test=seen(data.x_test, view))


def cards_seen(cards: CardData, view: View) -> CardData:
    """Return card transactions as the view shows them.

    Simulated ones are simulated again. The rotation is one of standardised columns, which then get their deviations
    and means back: every direction is as visible afterwards as it was before, and so are the kinds of rows.

    Raises:
        ValueError: The view is none of card transactions.
    """
    if view.kind != CARDS:
        raise ValueError(f"{view.kind} is no view of card transactions")
    rng = np.random.default_rng(view.seed)
    if cards.simulated:
        cards = card_data.simulated_data(rows=len(cards.values), seed=int(rng.integers(2**63)))
    values = cards.values.copy()
    values[:, _ANONYMOUS] = _rotated(values[:, _ANONYMOUS], rng)
    return replace(cards, values=values)


# Helpers ---------------------------------------------------------------------------------------------------------


def _moved(places: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Return a random order in which hardly any place keeps its own: never more than one in seven."""
    while True:
        order = rng.permutation(places)
        if np.mean(order == np.arange(places)) <= 1 / 7:
            return order


def _with_quadrants(images: Pixels, rng: np.random.Generator) -> Pixels:
    """Exchange the quadrants so that none stays in its place; there are nine ways."""
    height, width = images.shape[1] // 2, images.shape[2] // 2
    places = [(rows, columns) for rows in (0, height) for columns in (0, width)]
    order = rng.permutation(_QUADRANTS)
    while (order == np.arange(_QUADRANTS)).any():
        order = rng.permutation(_QUADRANTS)
    moved = images.copy()  # a middle row or column of an odd length stays
    for (row, column), source in zip(places, order, strict=True):
        from_row, from_column = places[source]
        moved[:, row : row + height, column : column + width] = images[
            :, from_row : from_row + height, from_column : from_column + width
        ]
    return moved


def _rotated(columns: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    means, deviations = columns.mean(axis=0), columns.std(axis=0)
    width = columns.shape[1]
    rotation = np.linalg.qr(rng.normal(size=(width, width)))[0]
    turned = ((columns - means) / np.where(deviations > 0, deviations, 1.0)) @ rotation
    return np.asarray(turned / turned.std(axis=0) * deviations + means, np.float64)
