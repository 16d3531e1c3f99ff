"""The record of what is fitted, and the data sets that a kernel without network gets."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.probe import hooks, training_data
from grader.probe.hooks import FitRecord, FitTracker

IMAGES = np.linspace(0, 1, 80, dtype=np.float32).reshape(10, 2, 4)


def fitted(*args: Any, **kwargs: Any) -> FitRecord:
    """Call a `fit` that does nothing but count epochs."""
    tracker = FitTracker()
    tracker.wrap(lambda *a, **k: SimpleNamespace(epoch=[0, 1, 2]))("model", *args, **kwargs)
    (record,) = tracker.records
    return record


@pytest.mark.parametrize(
    ("args", "kwargs", "same"),
    [
        ((IMAGES, IMAGES), {}, True),
        ((IMAGES, IMAGES.copy()), {}, True),
        ((IMAGES,), {"y": IMAGES}, True),
        ((), {"x": IMAGES, "y": IMAGES + 1}, False),
        ((IMAGES, np.arange(10)), {}, False),
        ((IMAGES,), {}, None),
        ((IMAGES, None, 16), {}, None),
    ],
    ids=["same array", "equal array", "by name", "another", "labels", "no target", "positional batch size"],
)
def test_a_fit_is_described(args: Any, kwargs: Any, same: bool | None) -> None:
    """Sizes, range and whether the target is the input; never the numbers themselves."""
    batch_size = 16 if len(args) > 2 else 32
    target = (1.0, 2.0) if "x" in kwargs else (None, None)  # of another array of this size
    assert fitted(*args, **kwargs) == FitRecord(
        "model", epochs=3, samples=10, batch_size=batch_size, same_target=same, input_minimum=0.0, input_maximum=1.0,
        input_shape=(2, 4), completed=True, target_minimum=target[0], target_maximum=target[1],
    )  # fmt: skip


@pytest.mark.parametrize(
    "x", [[1, 2, 3], iter([IMAGES]), {"image": IMAGES}, None], ids=["list", "generator", "dict", "none"]
)
def test_a_fit_on_something_else_is_only_counted(x: Any) -> None:
    """tf.data, generators, dictionaries: unknown, and no error of ours."""
    assert fitted(x) == FitRecord("model", epochs=3, completed=True)


def test_a_fit_on_a_data_frame_is_a_students_right() -> None:
    """`autoencoder.fit(frame, frame)` is how fraud notebooks train; watching must not make it raise."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(IMAGES.reshape(10, 8))
    record = fitted(frame, frame)
    assert (record.samples, record.input_shape, record.completed) == (10, (8,), True)


def test_columns_of_a_table_are_described() -> None:
    """Mean, deviation, minimum and maximum of each: how a fraud notebook scaled them shows in nothing else."""
    table = np.array([[0, 10], [1, 10], [2, 40]], np.float32)
    assert fitted(table, table).columns == {
        "means": [1.0, 20.0],
        "deviations": [pytest.approx((2 / 3) ** 0.5), pytest.approx(200**0.5)],
        "minima": [0.0, 10.0],
        "maxima": [2.0, 40.0],
    }
    pandas = pytest.importorskip("pandas")
    assert fitted(pandas.DataFrame(table), None).columns == fitted(table, None).columns


@pytest.mark.parametrize(
    "x",
    [
        IMAGES,
        np.zeros((4, 65)),
        np.zeros((0, 4)),
        np.arange(4),
        np.array([["a", "b"]], object),
        np.array([[1.0, np.nan]]),
        np.array([[1.0, -np.inf]]),
        np.array([[1e31, 1.0]]),
        np.array([[1 + 2j]]),
    ],
    ids=["images", "65 columns", "no rows", "one axis", "objects", "NaN", "infinity", "huge", "complex"],
)
def test_what_is_no_small_table_of_numbers_has_no_columns(x: Any) -> None:
    """Nothing is said of it, and the training goes on."""
    record = fitted(x, x)
    assert (record.columns, record.completed) == (None, True)


def test_many_rows_are_looked_at_here_and_there() -> None:
    """At most 50,000, spread evenly: watching takes no time worth speaking of."""
    table = np.arange(150_001.0)[:, np.newaxis]
    described = fitted(table, table).columns
    assert described is not None
    assert (described["minima"], described["maxima"]) == ([0.0], [150_000.0])
    assert described["means"] == [pytest.approx(75_000, abs=2)]
    assert len(table[:: -(-len(table) // training_data.MAX_ROWS)]) <= training_data.MAX_ROWS


@pytest.mark.parametrize("odd", [np.array(["a", None], object), np.zeros((0, 4)), np.float32(3)])
def test_watching_never_stops_a_training(odd: Any) -> None:
    """Objects, nothing at all, a single number: Keras judges them, not we."""
    assert fitted(odd, odd).completed is True


def test_a_fit_that_raises_is_told_and_raises() -> None:
    """KeyboardInterrupt by a limit, a student's mistake: the record stays, incomplete, and claims are written."""
    written = []
    tracker = FitTracker(after_fit=lambda: written.append(True))

    def fit(*_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tracker.wrap(fit)("model", IMAGES, IMAGES)
    assert [(record.model, record.completed) for record in tracker.records] == [("model", False)]
    assert written == [True]


def test_fit_keeps_its_name_and_what_it_returns() -> None:
    """`help(model.fit)` and `history = model.fit(…)` are as before."""

    def fit(model: Any, x: Any = None) -> Any:
        """Train."""
        return SimpleNamespace(epoch=[], history={"loss": [model, x]})

    wrapped = FitTracker().wrap(fit)
    assert (wrapped.__name__, wrapped.__doc__) == ("fit", "Train.")
    assert wrapped("m", IMAGES).history == {"loss": ["m", IMAGES]}


def test_data_sets_come_from_our_file_under_keras_names(tmp_path: Path) -> None:
    """`load_data()` as in Keras, whatever cache name it is given, and without network."""
    np.savez(tmp_path / "mnist.npz", x_train=IMAGES, y_train=np.arange(10), x_test=IMAGES[:2], y_test=np.arange(2))
    module = ModuleType("mnist")

    def load_data(path: str = "mnist.npz") -> Any:
        """Loads the MNIST dataset."""
        raise AssertionError(path)

    module.load_data = load_data  # type: ignore[attr-defined]
    hooks._patch_dataset(module, path=str(tmp_path / "mnist.npz"))
    for answer in (module.load_data(), module.load_data("other.npz"), module.load_data(path="other.npz")):
        (x_train, y_train), (x_test, y_test) = answer
        np.testing.assert_array_equal(x_train, IMAGES)
        assert (y_train.tolist(), len(x_test), y_test.tolist()) == ([*range(10)], 2, [0, 1])
    assert module.load_data.__doc__ == "Loads the MNIST dataset."
