"""Card transactions, real or simulated, and detection by reconstruction error."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from reference import card_data, fraud
from reference.detection import average_precision, roc_auc


@pytest.fixture(scope="module")
def cards() -> card_data.CardData:
    """20,000 simulated rows: half of them public."""
    return card_data.simulated_data(rows=20_000)


# Scores


def test_average_precision_by_hand() -> None:
    """Frauds at the 1st, 3rd and 4th of five places: (1/1 + 2/3 + 3/4) / 3."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    assert average_precision(np.array([1, 0, 1, 1, 0]), scores) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_the_roc_area_by_hand() -> None:
    """Of 3·2 pairs the fraud is ahead in 3 and equal in one: (3 + 1/2) / 6."""
    labels, scores = np.array([1, 0, 1, 1, 0]), np.array([0.9, 0.8, 0.7, 0.5, 0.5])
    assert roc_auc(labels, scores) == pytest.approx(3.5 / 6)


def test_equal_scores_say_nothing_whatever_the_order_of_the_file() -> None:
    """All scores equal: the share of frauds, and one half."""
    for labels in ([1, 0, 0, 0], [0, 0, 0, 1]):
        assert average_precision(np.array(labels), np.zeros(4)) == 0.25
        assert roc_auc(np.array(labels), np.zeros(4)) == 0.5


@pytest.mark.parametrize("ties", [False, True])
def test_both_scores_are_scikit_learns(ties: bool, rng) -> None:
    """3,000 rows with 1 % frauds, with and without equal scores, against scikit-learn's two functions."""
    metrics = pytest.importorskip("sklearn.metrics")
    labels = (rng.random(3_000) < 0.01).astype(float)
    scores = rng.normal(size=3_000) + labels
    scores = np.round(scores, 1) if ties else scores
    assert average_precision(labels, scores) == pytest.approx(metrics.average_precision_score(labels, scores))
    assert roc_auc(labels, scores) == pytest.approx(metrics.roc_auc_score(labels, scores))


@pytest.mark.parametrize(
    ("labels", "scores"), [([0, 0], [1.0, 2.0]), ([0, 1], [1.0, np.nan])], ids=["no fraud", "not a number"]
)
def test_scores_that_are_not_defined_are_refused(labels: list[int], scores: list[float]) -> None:
    """Without frauds, or with NaN, there is no average precision and no ROC area."""
    for score in (average_precision, roc_auc):
        with pytest.raises(ValueError, match=r"no row is a fraud|not a number"):
            score(np.array(labels), np.array(scores))
    with pytest.raises(ValueError, match="every row is a fraud"):
        roc_auc(np.ones(2), np.array([1.0, 2.0]))


# The table


def test_the_full_simulation_has_the_rows_and_frauds_of_the_real_file() -> None:
    """284,807 rows, 492 frauds, 31 columns, as published."""
    values = card_data.simulate(rows=card_data.FULL_ROWS)
    assert values.shape == (284_807, 31)
    assert int(values[:, -1].sum()) == 492


def test_a_simulation_says_that_it_is_one(cards) -> None:
    """Nobody may take a figure from it for one of the real file."""
    assert cards.simulated
    assert cards.source == "simulated, 20,000 rows, seed 42"


def test_the_seed_decides_the_simulation() -> None:
    """The same seed gives the same table, another one another."""
    one, same, other = (card_data.simulated_data(rows=2_000, seed=seed).digest() for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_the_columns_look_like_those_of_the_real_file(cards) -> None:
    """Time ascending within two days, amounts in whole cents with a long tail, V1 … V28 with the real file's spreads."""
    time, anonymous, amount = cards.values[:, 0], cards.values[:, 1:29], cards.values[:, 29]
    assert (np.diff(time) >= 0).all()
    assert (time[0] >= 0, time[-1] < 172_800) == (True, True)
    assert 0 <= amount.min() < np.median(amount) < amount.mean()
    np.testing.assert_allclose(amount * 100, np.round(amount * 100), atol=1e-6)
    normal = anonymous[cards.labels == 0]
    np.testing.assert_allclose(normal.std(axis=0), card_data._SPREADS, rtol=0.02)  # 1.96 down to 0.33
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=0.02)


def test_simulated_frauds_lie_where_those_of_the_real_file_do(cards) -> None:
    """V14, V17, V12 and V10 far below their means, V4 and V11 above."""
    frauds, normal = (cards.values[cards.labels == label, 1:29] for label in (1, 0))
    shift = (frauds.mean(axis=0) - normal.mean(axis=0)) / normal.std(axis=0)
    assert (shift[[13, 16, 11, 9]] < -0.5).all()
    assert (shift[[3, 10]] > 0.5).all()


def test_hidden_and_public_rows_have_the_same_share_of_frauds(cards) -> None:
    """Half of 20,000 rows and half of the 35 frauds (20,000·492/284,807 = 34.55) are hidden; none is both."""
    assert len(cards.hidden) == 9_982 + 18  # round(19,965 / 2) and round(35 / 2), halves to the even number
    assert int(cards.labels.sum()) == 35
    assert int(cards.labels[cards.hidden].sum()) == 18
    assert set(cards.hidden.tolist()).isdisjoint(cards.public.tolist())
    assert len(cards.hidden) + len(cards.public) == 20_000


def test_a_student_sees_every_row_but_the_hidden_ones(cards) -> None:
    """As many rows, frauds and times; no hidden row is there, and public rows are as they were."""
    view = card_data.kernel_view(cards)
    np.testing.assert_array_equal(view[:, 0], cards.values[:, 0])
    np.testing.assert_array_equal(view[:, -1], cards.labels)
    np.testing.assert_array_equal(view[cards.public], cards.values[cards.public])
    seen = {row.tobytes() for row in view[:, 1:29]}
    assert not any(row.tobytes() in seen for row in cards.values[cards.hidden, 1:29])


def test_a_file_is_read_as_it_was_written(cards, tmp_path) -> None:
    """Header and classes stand in quotes as in the real file; ten digits of each number come back."""
    path = tmp_path / "creditcard.csv"
    card_data.write_csv(cards.values[:50], path)
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith('"Time","V1","V2"')
    assert lines[1].endswith('"0"')
    np.testing.assert_allclose(card_data.read_csv(path), cards.values[:50], rtol=1e-9)


@pytest.mark.parametrize("place", ["creditcard.csv", "data/creditcard.csv"])
def test_the_users_own_file_is_preferred(place: str, cards, tmp_path) -> None:
    """Found in the folder or in its `data/`, and then nothing is simulated; a sample is simulated all the same."""
    (tmp_path / "data").mkdir()
    card_data.write_csv(cards.values[:10], tmp_path / place)
    found = card_data.load(folder=tmp_path)
    assert (len(found.values), found.simulated, found.source) == (10, False, str(tmp_path / place))
    assert found.size == "real"  # whatever its length: no facts of simulated rows belong to it
    assert card_data.load(size="sample", folder=tmp_path).simulated


def test_without_a_file_all_rows_are_simulated(tmp_path) -> None:
    """As many as the real file has; the sample, with 69 frauds (40,000·492/284,807 = 69.1), is for whoever asks."""
    data = card_data.load(folder=tmp_path)
    assert (len(data.values), int(data.labels.sum()), data.simulated, data.size) == (284_807, 492, True, "full")
    data = card_data.load(size="sample", folder=tmp_path)
    assert (len(data.values), int(data.labels.sum()), data.simulated, data.size) == (40_000, 69, True, "sample")


def test_another_csv_is_refused(tmp_path) -> None:
    """The error names the file and the columns that were found."""
    (tmp_path / "creditcard.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(ValueError, match=r"creditcard.csv: not the card transactions, its columns are a, b"):
        card_data.load(folder=tmp_path)


def test_an_unknown_size_is_refused() -> None:
    """As for images: `sample` or `full`."""
    with pytest.raises(KeyError, match="huge"):
        card_data.load(size="huge")


# Detection


def test_the_features_are_28_columns_and_the_logarithm_of_the_amount() -> None:
    """By hand: Time and Class are left out, an amount of e - 1 becomes 1."""
    row = np.array([[7.0, *range(1, 29), np.e - 1, 1.0]])
    np.testing.assert_allclose(fraud.features(row), [[*range(1, 29), 1.0]])


def test_frauds_are_left_out_of_training(cards) -> None:
    """19,965 of 20,000 rows are normal."""
    assert len(fraud.normal_rows(cards.values)) == 19_965


def test_the_scaling_is_fitted_on_the_rows_given() -> None:
    """By hand: mean 2 and deviation 1 of (1, 3), applied to 5."""
    scaling = fraud.fit_scaling(np.array([[1.0], [3.0]]))
    np.testing.assert_array_equal(scaling.apply(np.array([[5.0]])), [[3.0]])


def test_pca_scores_are_zero_within_the_plane_of_the_components() -> None:
    """By hand: rows along (1, 1) through (0, 1); a row off the line by (1, -1) has the error (1² + 1²) / 2 = 1."""
    train = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
    rows = np.array([[5.0, 6.0], [2.0, 1.0]])
    np.testing.assert_allclose(fraud.pca_scores(train, rows, components=1), [0, 1], atol=1e-12)


def scaled_parts(cards: card_data.CardData) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scaled normal public rows, scaled hidden rows, and the classes of the latter."""
    normal = fraud.features(fraud.normal_rows(cards.values[cards.public]))
    scaling = fraud.fit_scaling(normal)
    hidden = cards.values[cards.hidden]
    return scaling.apply(normal), scaling.apply(fraud.features(hidden)), hidden[:, -1]


def test_neither_a_plane_nor_the_length_of_a_row_solves_the_simulation() -> None:
    """Average precision on the sample's hidden rows: length 0.20, PCA of up to ten components 0.25 at most."""
    normal, hidden, labels = scaled_parts(card_data.load(size="sample"))
    assert average_precision(labels, (hidden**2).mean(axis=1)) < 0.3
    found = [average_precision(labels, fraud.pca_scores(normal, hidden, components=k)) for k in (1, 3, 5, 8, 10)]
    assert 0.1 < max(found) < 0.35


NETWORKS: dict[str, tuple[tuple[int, ...], str]] = {
    "20-10-20 tanh": ((20, 10), "tanh"),
    "16-8-16 relu": ((16, 8), "relu"),
    "25-12-6 selu": ((25, 12, 6), "selu"),
    "64-32-10 elu": ((64, 32, 10), "elu"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_honest_networks_find_what_pca_does_not(name: str) -> None:
    """12 epochs in batches of 256 on what a notebook reads: at least 0.6, and twice as much as PCA (0.25)."""
    cards = card_data.load(size="sample")
    _, hidden, labels = scaled_parts(cards)
    rows = fraud.features(fraud.normal_rows(card_data.kernel_view(cards)))
    train = fraud.fit_scaling(rows).apply(rows)
    keras.utils.set_random_seed(42)
    autoencoder = fraud.mirrored(*NETWORKS[name]).autoencoder
    autoencoder.compile(optimizer="adam", loss="mse", steps_per_execution=32)
    autoencoder.fit(train, train, epochs=12, batch_size=256, verbose=0)
    found = average_precision(labels, fraud.fraud_scores(hidden, autoencoder.predict(hidden, verbose=0)))
    assert found > 0.6
    assert found > 2 * average_precision(labels, fraud.pca_scores(train, hidden))


@pytest.mark.slow
def test_a_linear_network_falls_short_like_pca() -> None:
    """Layers without activation and a code of ten, trained as long: below 0.45."""
    cards = card_data.load(size="sample")
    train, hidden, labels = scaled_parts(cards)
    keras.utils.set_random_seed(42)
    autoencoder = fraud.mirrored((20, 10), "linear").autoencoder
    autoencoder.compile(optimizer="adam", loss="mse", steps_per_execution=32)
    autoencoder.fit(train, train, epochs=24, batch_size=256, verbose=0)
    assert average_precision(labels, fraud.fraud_scores(hidden, autoencoder.predict(hidden, verbose=0))) < 0.45


def test_every_honest_answer_can_be_built_and_takes_its_own_columns() -> None:
    """As many columns come out as its preparation gives; none of it is the reference's own."""
    train = np.random.default_rng(0).normal(size=(50, 29)).astype(np.float32)
    for answer in fraud.HONEST.values():
        models = answer.build()
        rows = train if answer.rows is None else answer.rows(train, train[:5])
        assert models.autoencoder.output_shape[1:] == rows.shape[1:] == models.encoder.input_shape[1:]
        assert np.isfinite(rows).all()
