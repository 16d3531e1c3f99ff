"""Secret views: what stays, what moves, and that trivial predictors do not notice."""

from __future__ import annotations

import numpy as np
import pytest

from reference import card_data, data, views
from reference.contract import IDS, module
from reference.views import View

IMAGE_VIEWS = (views.PIXELS, views.COLUMNS, views.QUADRANTS, views.CONTRAST)
SEEDS = range(20)


@pytest.fixture(scope="module")
def images() -> data.ImageData:
    return data.load("mnist", size="sample")


@pytest.mark.parametrize("kind", IMAGE_VIEWS)
def test_a_view_is_the_same_for_all_images_of_a_set_and_another_for_another_seed(
    kind: str, images: data.ImageData
) -> None:
    """Training and test part are seen alike; labels, hidden positions and shapes stay; nothing plain is left."""
    found, again = (views.images_seen(images, View(kind, 5)) for _ in range(2))
    assert np.array_equal(found.x_train, again.x_train)
    assert np.array_equal(views.seen(images.x_test, View(kind, 5)), found.x_test)
    assert np.array_equal(found.y_train, images.y_train)
    assert np.array_equal(found.hidden, images.hidden)
    assert found.x_train.shape == images.x_train.shape
    assert found.x_train.dtype == np.uint8
    assert not np.array_equal(found.x_train, images.x_train)
    different = {views.seen(images.x_test[:50], View(kind, seed)).tobytes() for seed in SEEDS}
    assert len(different) >= (5 if kind in (views.QUADRANTS, views.CONTRAST) else len(SEEDS))


@pytest.mark.parametrize("kind", IMAGE_VIEWS)
def test_no_view_changes_what_the_mean_image_or_a_pca_reach(kind: str, images: data.ImageData) -> None:
    """Permutations and inversion turn the space of images and move it, which neither predictor notices."""

    def reached(train: np.ndarray, hidden: np.ndarray) -> tuple[float, float]:
        flat, others = (data.scaled(part).reshape(len(part), -1).astype(np.float64) for part in (train, hidden))
        mean = flat.mean(axis=0)
        _, _, directions = np.linalg.svd(flat - mean, full_matrices=False)
        plane = directions[:8]
        projected = mean + (others - mean) @ plane.T @ plane
        return float(np.mean((others - mean) ** 2)), float(np.mean((others - projected) ** 2))

    train, hidden = images.x_train[:100], images.x_test[images.hidden[:100]]
    seen = [views.seen(part, View(kind, 3)) for part in (train, hidden)]
    assert reached(*seen) == pytest.approx(reached(train, hidden), rel=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_hardly_anything_stays_where_it_was(seed: int) -> None:
    """A view that were nearly the identity would prove nothing."""
    places = np.tile(np.arange(784, dtype=np.uint16).reshape(28, 28), (1, 1, 1))
    for kind, most in ((views.PIXELS, 1 / 7), (views.COLUMNS, 1 / 7), (views.QUADRANTS, 0.0)):
        moved = views.seen(places.astype(np.uint16), View(kind, seed))  # type: ignore[arg-type]
        assert np.mean(moved == places) <= most
        assert sorted(moved.ravel()) == list(range(784))


def test_quadrants_keep_neighbours_together() -> None:
    """But for the seams, the pixel to the right is the same one as before."""
    places = np.arange(784, dtype=np.uint16).reshape(1, 28, 28)
    moved = views.seen(places, View(views.QUADRANTS, 1))[0].astype(int)  # type: ignore[arg-type]
    assert np.mean(np.diff(moved, axis=1) == 1) >= 26 / 27


def test_columns_keep_the_order_of_the_rows() -> None:
    """The steps of a recurrent network come in the same order."""
    rows = np.repeat(np.arange(28, dtype=np.uint8)[:, None], 28, axis=1)[None]
    assert np.array_equal(views.seen(rows, View(views.COLUMNS, 2)), rows)


def test_cards_are_simulated_anew_and_rotated() -> None:
    """As many rows and frauds; other rows; spreads of columns as before; the kinds of rows are told apart as before."""
    plain = card_data.load(size="sample")
    found = views.cards_seen(plain, View(views.CARDS, 4))
    assert found.values.shape == plain.values.shape
    assert (found.labels.sum(), found.simulated, found.size) == (plain.labels.sum(), True, "sample")
    assert np.isin(np.round(found.values[:, 1], 6), np.round(plain.values[:, 1], 6)).mean() < 0.05
    spreads = [cards.values[:, 1:29].std(axis=0) for cards in (plain, found)]
    assert spreads[1] == pytest.approx(spreads[0], rel=0.1)


def test_a_real_table_is_rotated_alone() -> None:
    """Time, Amount and Class stay, and rows stay as far from each other in standardised columns."""
    simulated = card_data.load(size="sample")
    real = card_data.CardData(simulated.values[:2000], np.arange(0, 2000, 5), "creditcard.csv", simulated=False)
    found = views.cards_seen(real, View(views.CARDS, 4))
    assert np.array_equal(found.values[:, [0, 29, 30]], real.values[:, [0, 29, 30]])
    assert not np.isclose(found.values[:, 1:29], real.values[:, 1:29]).mean() > 0.05
    assert found.source == "creditcard.csv"


def test_every_reference_says_which_view_it_has() -> None:
    """One of the kinds, of its own data; none if the notebook makes its data."""
    assert set(views.OF_REFERENCE) == set(IDS)
    for reference in IDS:
        source = module(reference)
        kind = views.kind_for(source)
        assert kind == (views.NO_VIEW if source.DATASET == "cloud" else kind)
        assert (kind == views.CARDS) == (source.DATASET == "creditcard")
        assert kind in (*views.KINDS, views.NO_VIEW)


def test_an_unknown_kind_is_refused() -> None:
    """Before anything is done."""
    with pytest.raises(ValueError, match="no view 'plain'"):
        View("plain", 1)
