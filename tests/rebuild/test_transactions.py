"""Fraud notebooks in zone M: their columns and scaling are found, hidden rows judge, and claims gain nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pandas
import pytest
from keras import Input, Sequential, layers
from round_trip import send
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from grader.domain.evidence import ColumnClaim, Evidence
from grader.domain.measurement import Measurements, Quantity, Role
from grader.domain.ports import MeasuringTask
from grader.probe.hooks import FitRecord, FitTracker
from grader.rebuild import whole_submission
from grader.rebuild.families import fraud as fraud_family
from grader.rebuild.families.fraud.candidates import ALL_ROWS, ANONYMOUS, LABEL, NORMAL_ROWS, layouts
from grader.rebuild.families.fraud.detector import CardTable, Detector, find_detector, table_of
from grader.rebuild.quantities.reference_data import DataChoice
from reference import card_data, fraud
from reference.detection import average_precision

pytestmark = pytest.mark.usefixtures("alone")

CONTRACT = {role: role.value for role in Role}
TASK = MeasuringTask("fraud", "hidden", tuple((role.value, role.value) for role in Role))
ROWS = 12_000
WITHOUT_TIME = (*ANONYMOUS, "Amount")

Frame = pandas.DataFrame


@pytest.fixture(scope="module")
def table() -> CardTable:
    """A small simulated table."""
    return table_of(card_data.simulated_data(rows=ROWS))


@pytest.fixture(scope="module")
def frame(table: CardTable, tmp_path_factory: pytest.TempPathFactory) -> Frame:
    """What a notebook reads: the file that zone K gets."""
    path = tmp_path_factory.mktemp("data") / "creditcard.csv"
    card_data.write_csv(card_data.kernel_view(table.cards), path)
    return pandas.read_csv(path)


@pytest.fixture(autouse=True)
def this_table(table: CardTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """`measure` judges by the small table; one row for the Jacobian is enough."""
    monkeypatch.setattr(fraud_family, "card_table", lambda choice: table)
    monkeypatch.setattr(whole_submission, "JACOBIAN_IMAGES", 1)


def network(d: int, *, linear: bool = False) -> dict[str, Any]:
    """A detector as in the course, narrower."""
    kind = "linear" if linear else "elu"
    encoder = Sequential([Input((d,)), layers.Dense(48, activation=kind), layers.Dense(10, activation=kind)])
    decoder = Sequential([Input((10,)), layers.Dense(48, activation=kind), layers.Dense(d)])
    return {"encoder": encoder, "decoder": decoder, "autoencoder": Sequential([encoder, decoder])}


def trained(x: Any, *, epochs: int = 0, linear: bool = False) -> tuple[dict[str, Any], FitRecord]:
    """A detector fitted as a notebook fits it, and what the probe saw; with 0 epochs a `fit` that learns nothing."""
    models, tracker = network(x.shape[1], linear=linear), FitTracker()
    models["autoencoder"].compile(optimizer="adam", loss="mse")
    fit = type(models["autoencoder"]).fit if epochs else lambda *_, **__: SimpleNamespace(epoch=[])
    tracker.wrap(fit)(models["autoencoder"], x, x, epochs=epochs, batch_size=128, verbose=0)
    (record,) = tracker.records
    return models, record


def detector(evidence: Evidence, table: CardTable, part: str = "hidden") -> Detector:
    """What zone M finds."""
    arrays = whole_submission.load_arrays(evidence.weights_file)
    return find_detector(whole_submission.rebuild(evidence)[0].models, evidence, arrays, CONTRACT, table, part)


def measured(evidence: Evidence) -> Measurements:
    """What zone M measures."""
    return whole_submission.measure(evidence, TASK, DataChoice("sample"))


# Right ones, in the styles of notebooks: (what `fit` gets, the same columns of all public rows)


def time_kept(frame: Frame) -> tuple[Any, Any]:
    train, _ = train_test_split(frame, test_size=0.2, random_state=42)
    scaler = StandardScaler().fit(train[train.Class == 0].drop(columns="Class"))
    return scaler.transform(train[train.Class == 0].drop(columns="Class")), scaler.transform(
        frame.drop(columns="Class")
    )


def amount_alone(frame: Frame) -> tuple[Any, Any]:
    x = frame.drop(columns="Time")
    x["Amount"] = StandardScaler().fit_transform(x[["Amount"]])
    train, _ = train_test_split(x, test_size=0.2, random_state=1)
    return train[train.Class == 0].drop(columns="Class"), x.drop(columns="Class")  # data frames


def between_0_and_1(frame: Frame) -> tuple[Any, Any]:
    x = frame.drop(columns=["Time", "Class"]).to_numpy()
    scaler = MinMaxScaler().fit(x)
    return scaler.transform(x)[frame.Class == 0], scaler.transform(x)


def logarithm(frame: Frame) -> tuple[Any, Any]:
    x = frame.drop(columns=["Time", "Class"])
    x["Amount"] = np.log1p(x.Amount)
    scaler = StandardScaler().fit(x[frame.Class == 0])
    return scaler.transform(x[frame.Class == 0]).astype("float32"), scaler.transform(x)


def robust_in_front(frame: Frame) -> tuple[Any, Any]:
    x = frame.drop(columns=["Time", "Amount", "Class"])
    x.insert(0, "scaled_amount", RobustScaler().fit_transform(frame[["Amount"]])[:, 0])
    x.insert(1, "scaled_time", RobustScaler().fit_transform(frame[["Time"]])[:, 0])
    return x[frame.Class == 0], x


def anonymous_as_they_are(frame: Frame) -> tuple[Any, Any]:
    x = frame[list(ANONYMOUS)].to_numpy()
    return keras.ops.convert_to_tensor(x[frame.Class == 0].astype("float32")), x


def log_and_clipped(frame: Frame) -> tuple[Any, Any]:
    x = frame.drop(columns=["Time", "Class"])
    x["Amount"] = np.log(x.Amount + 0.001)
    scaled = np.clip(StandardScaler().fit_transform(x), -5, 5)
    return scaled[frame.Class == 0], scaled


RIGHT: dict[str, tuple[Callable[[Frame], tuple[Any, Any]], tuple[str, ...], str]] = {
    "Time kept, all standardised": (time_kept, ("Time", *ANONYMOUS, "Amount"), "standardised, all columns"),
    "Amount standardised, data frame": (amount_alone, WITHOUT_TIME, "standardised, Time and Amount"),
    "all to [0, 1], array": (between_0_and_1, WITHOUT_TIME, "min-max, all columns, fitted on all rows"),
    "logarithm": (logarithm, (*ANONYMOUS, "log(1 + Amount)"), "standardised, all columns"),
    "robust, in front": (
        robust_in_front,
        ("Amount", "Time", *ANONYMOUS),
        "robust, Time and Amount, fitted on all rows",
    ),
    "V1 to V28 as they are, tensor": (anonymous_as_they_are, ANONYMOUS, "none"),
    "logarithm with 0.001, clipped": (log_and_clipped, (*ANONYMOUS, "log(0.001 + Amount)"), "standardised"),
}


@pytest.mark.parametrize("style", RIGHT)
def test_columns_and_scaling_are_found_from_what_it_was_fitted_on(
    style: str, frame: Frame, table: CardTable, tmp_path: Path
) -> None:
    """Hidden rows come to the model within a twentieth of a deviation of how the notebook would have scaled them."""
    prepare, columns, scaling = RIGHT[style]
    x, everything = prepare(frame)
    models, record = trained(x)
    found = detector(send(models, tmp_path, [record]), table)
    assert found.candidate is not None
    assert (found.features, found.candidate.columns, found.label) == (len(columns), columns, False)
    assert found.candidate.scaling.startswith(scaling)
    assert found.fitted_frauds in (0.0, None)
    everything = np.asarray(everything)
    gap = np.abs(found.candidate.rows(table.public) - everything).mean(axis=0) / everything.std(axis=0)
    assert gap.max() < 0.05


@pytest.fixture(scope="module")
def good(frame: Frame) -> tuple[dict[str, Any], FitRecord]:
    """A detector trained long enough to find frauds."""
    keras.utils.set_random_seed(1)
    return trained(logarithm(frame)[0], epochs=12)


def test_a_trained_detector_is_measured_as_the_reference_is(
    good: tuple[dict[str, Any], FitRecord], table: CardTable, tmp_path: Path
) -> None:
    """The same numbers as by the reference's own scaling, on the hidden rows; none of those that mean pixels."""
    models, record = good
    found = measured(send(models, tmp_path, [record]))
    assert found.problems == ()
    hidden = table.cards.values[table.cards.hidden]
    scaling = fraud.fit_scaling(fraud.features(fraud.normal_rows(card_data.kernel_view(table.cards))))
    rows = scaling.apply(fraud.features(hidden))
    outputs = np.asarray(models["autoencoder"](rows))
    scores = fraud.fraud_scores(rows, outputs)
    assert found.value(Quantity.AVERAGE_PRECISION) == pytest.approx(average_precision(hidden[:, -1], scores), abs=0.02)
    assert found.value(Quantity.RECONSTRUCTION_MSE) == pytest.approx(scores[hidden[:, -1] == 0].mean(), rel=0.02)
    assert found.value(Quantity.MEAN_IMAGE_MSE) == pytest.approx(1, abs=0.05)
    assert (found.value(Quantity.RECONSTRUCTION_MSE) or 1) < (found.value(Quantity.PCA_MSE) or 0) < 1
    assert (found.value(Quantity.ROC_AUC) or 0) > 0.8
    assert {name: found.value(name) for name in (Quantity.CODE_SIZE, Quantity.BOTTLENECK_RANK, Quantity.FEATURES)} == {
        Quantity.CODE_SIZE: 10, Quantity.BOTTLENECK_RANK: 10, Quantity.FEATURES: 29,
    }  # fmt: skip
    assert found.value(Quantity.COMPOSITION_GAP) == pytest.approx(0, abs=1e-5)
    assert (found.strips, found.data, found.claims.trained, sorted(found.models)) == ((), "sample", True, sorted(Role))
    assert not {Quantity.RECONSTRUCTION_BCE, Quantity.OUTSIDE_RANGE} & set(found.values)


def test_a_copy_under_the_encoders_name_is_judged_as_the_encoder(
    good: tuple[dict[str, Any], FitRecord], tmp_path: Path
) -> None:
    """Whoever asks for codes calls the model of that name, and it was never trained."""
    models, record = good
    copied = models | {"encoder": keras.models.clone_model(models["encoder"])}
    found = measured(send(copied, tmp_path, [record]))
    assert (found.value(Quantity.COMPOSITION_GAP) or 0) > 0.1
    assert not found.models[Role.ENCODER].shared_with_autoencoder


def test_without_a_claim_the_reconstruction_of_normal_rows_tells(
    good: tuple[dict[str, Any], FitRecord], table: CardTable, tmp_path: Path
) -> None:
    """A loop of one's own leaves no record: the same candidate is found by what the model reconstructs."""
    found = detector(send(good[0], tmp_path), table)
    assert found.candidate is not None
    assert found.candidate.columns == (*ANONYMOUS, "log(1 + Amount)")
    assert found.candidate.scaling == "standardised, all columns, fitted on normal rows"
    assert found.label is False
    assert "smallest reconstruction error" in found.how


def test_public_rows_judge_a_students_own_check(
    good: tuple[dict[str, Any], FitRecord], table: CardTable, tmp_path: Path
) -> None:
    """As many rows, none of them hidden."""
    found = detector(send(good[0], tmp_path, [good[1]]), table, "public")
    assert found.labels.tolist() == table.cards.labels[table.cards.public].tolist()


# Wrong ones


def test_an_untrained_network_and_a_linear_one_reconstruct_no_better_than_pca(
    good: tuple[dict[str, Any], FitRecord], frame: Frame, tmp_path: Path
) -> None:
    """Only width and training learn what joins the columns."""
    x = logarithm(frame)[0]
    linear, record = trained(x, epochs=4, linear=True)
    fresh = network(29)
    errors, precisions = [], []
    for name, models, seen in (
        ("good", *good),
        ("linear", linear, record),
        ("fresh", fresh, replace(record, model=fresh["autoencoder"])),
    ):
        found = measured(send(models, tmp_path / name, [seen]))
        errors.append(found.value(Quantity.RECONSTRUCTION_MSE))
        precisions.append(found.value(Quantity.AVERAGE_PRECISION))
        pca = found.value(Quantity.PCA_MSE)
    assert errors[0] < pca <= errors[1] * 1.01 < errors[2]
    assert precisions[0] > max(precisions[1:])


LEAKS: dict[str, Callable[[Frame], Any]] = {
    "all standardised, all rows": lambda frame: StandardScaler().fit_transform(frame.drop(columns="Time")),
    "beside V1 to V28, normal rows": lambda frame: frame.drop(columns=["Time", "Amount"])[frame.Class == 0],
    "the whole file": lambda frame: StandardScaler().fit_transform(frame)[frame.Class == 0],
    "before the scaled amount": lambda frame: frame.drop(columns=["Time", "Amount"]).assign(
        normAmount=StandardScaler().fit_transform(frame[["Amount"]])[:, 0]
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_label_among_the_columns_is_found(name: str, frame: Frame, table: CardTable, tmp_path: Path) -> None:
    """Constant where normal rows alone were taken, rare ones where all were."""
    models, record = trained(LEAKS[name](frame))
    found = detector(send(models, tmp_path, [record]), table)
    assert found.candidate is not None
    assert found.label is True
    assert LABEL in found.candidate.columns


def test_frauds_among_what_it_was_fitted_on_are_estimated(frame: Frame, table: CardTable, tmp_path: Path) -> None:
    """Minima and maxima that only frauds have: about the file's share, and 0 on normal rows."""
    x = frame.drop(columns=["Time", "Class"])
    scaled = StandardScaler().fit_transform(x)
    shares = []
    for name, rows in (("all", scaled), ("normal", scaled[frame.Class == 0])):
        models, record = trained(rows)
        shares.append(detector(send(models, tmp_path / name, [record]), table).fitted_frauds)
    assert shares == [pytest.approx(frame.Class.mean(), rel=0.3), 0.0]


def test_a_number_of_columns_that_the_table_cannot_give_is_told_and_nothing_else(tmp_path: Path) -> None:
    """Twelve columns: what they are nobody knows, so no hidden row can be given to the model."""
    found = measured(send(network(12), tmp_path))
    assert found.value(Quantity.FEATURES) == 12
    assert found.value(Quantity.CODE_SIZE) == 10
    assert not {Quantity.AVERAGE_PRECISION, Quantity.LABEL_AMONG_FEATURES, Quantity.RECONSTRUCTION_MSE} & set(
        found.values
    )
    assert set(found.models) == set(Role)


def test_weights_that_are_not_finite_earn_no_precision(tmp_path: Path, frame: Frame) -> None:
    """A training that ended in NaN."""
    models, record = trained(logarithm(frame)[0])
    models["encoder"].layers[0].kernel.assign(np.full((29, 48), np.nan))
    found = measured(send(models, tmp_path, [record]))
    assert Quantity.AVERAGE_PRECISION not in found.values
    assert found.value(Quantity.FEATURES) == 29
    assert [problem.ours for problem in found.problems] == [False]


# Forged claims


def forged(record: FitRecord, columns: dict[str, list[float]] | None) -> FitRecord:
    return replace(record, columns=columns)


def test_claims_that_are_like_no_table_are_not_believed(
    good: tuple[dict[str, Any], FitRecord], table: CardTable, tmp_path: Path
) -> None:
    """Then the model's own behaviour chooses, as without a claim."""
    nonsense = {name: [1e30 * (-1) ** place for place in range(29)] for name in ColumnClaim.__slots__}
    found = detector(send(good[0], tmp_path, [forged(good[1], nonsense)]), table)
    honest = detector(send(good[0], tmp_path / "honest", [good[1]]), table)
    assert found.candidate is not None
    assert honest.candidate is not None
    assert found.candidate.columns == honest.candidate.columns
    np.testing.assert_allclose(found.judged, honest.judged, atol=0.05)


def test_a_forged_claim_does_not_hide_the_label(frame: Frame, table: CardTable, tmp_path: Path) -> None:
    """Trained with `Class`, said to be trained with `Amount`: the behaviour contradicts it, and a person decides."""
    leak = StandardScaler().fit(frame[[*ANONYMOUS, "Class"]][frame.Class == 0])
    models, record = trained(leak.transform(frame[[*ANONYMOUS, "Class"]][frame.Class == 0]), epochs=12)
    _, honest = trained(StandardScaler().fit_transform(frame[list(WITHOUT_TIME)][frame.Class == 0]))
    found = detector(send(models, tmp_path, [forged(record, honest.columns)]), table)
    assert found.candidate is not None
    assert found.candidate.columns == WITHOUT_TIME
    assert found.label is None


def test_a_claim_of_another_model_is_not_taken(frame: Frame, table: CardTable, tmp_path: Path) -> None:
    """Only what was fitted on models that share the autoencoder's arrays counts."""
    models, record = trained(logarithm(frame)[0])
    other = network(29)["autoencoder"]
    stranger = FitRecord(other, 1, 100, 32, columns=trained(between_0_and_1(frame)[0])[1].columns, completed=True)
    found = detector(send({**models, "other": other}, tmp_path, [record, stranger]), table)
    assert found.candidate is not None
    assert found.candidate.scaling.startswith("standardised, all columns")


# Candidates


def test_layouts_hold_v1_to_v28_in_order_and_each_column_once() -> None:
    """28 to 31 columns; only 31 need the label; the label stands in every list of leaks."""
    assert [len(layouts(count)) for count in (27, 28, 29, 30, 31, 32)] == [0, 1, 9, 27, 21, 0]
    for count in range(28, 32):
        for layout in layouts(count):
            assert tuple(name for name in layout if name in ANONYMOUS) == ANONYMOUS
            assert len(set(layout)) == len(layout) == count
    assert all(LABEL in layout for layout in layouts(31))


def test_hidden_rows_have_no_part_in_finding_columns(table: CardTable) -> None:
    """What is described are the public rows alone, in the kernel's view of the file."""
    hidden = table.cards.values[table.cards.hidden]
    replaced = replace(table.cards, values=np.array(table.cards.values))
    replaced.values[table.cards.hidden, 1:] = hidden[::-1, 1:]
    replaced.values[table.cards.hidden, -1] = hidden[:, -1]
    other = table_of(replaced)
    for rows in (ALL_ROWS, NORMAL_ROWS):
        for one, another in zip(table.described[rows], other.described[rows], strict=True):
            np.testing.assert_array_equal(one, another)
