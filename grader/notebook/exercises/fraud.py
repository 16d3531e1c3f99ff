"""The transactions, step by step: rows, features, scale, scores, threshold, on values with known results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message, verbatim
from grader.notebook.exercises.exercise import Exercise, Names, differing, finding
from grader.notebook.namespace import is_model

COLUMNS: Final = ("Time", *(f"V{number}" for number in range(1, 29)), "Amount", "Class")
_ROWS: Final = 2000
_SHARE: Final = 0.005


def _normal_rows(names: Names) -> Iterator[Finding]:
    column = _columns(names).index("Class")
    hint = message("Compare the column `Class` with 0, and choose rows with the answer.")
    why = message("A network that learns frauds as well reconstructs them, and then nothing gives them away.")
    for name, source in (("normal_train", "train_values"), ("normal_valid", "valid_values")):
        rows, table = np.asarray(names[name]), np.asarray(names[source])
        wanted = table[table[:, column] == 0]
        if rows.ndim == 2 and rows.shape[1] == table.shape[1] and (rows[:, column] != 0).any():
            actual = message("{count} frauds are still in it", count=int((rows[:, column] != 0).sum()))
            yield finding(name, message("no fraud"), actual, why=why, hint=hint)
        elif rows.shape != wanted.shape or not np.array_equal(rows, wanted):
            expected = message("the shape {shape}", shape=str(wanted.shape))
            actual = message("the shape {shape}", shape=str(rows.shape))
            yield finding(name, expected, actual, why=message("All normal rows, with all their columns."), hint=hint)


def _features(names: Names) -> Iterator[Finding]:
    columns = _columns(names)
    table = np.random.default_rng(2).normal(size=(6, len(columns)))
    amount, answer = columns.index("Amount"), columns.index("Class")
    table[:, amount], table[:, answer] = [0.0, 1.0, 9.0, 99.0, 999.0, 25000.0], 0.0
    given = np.asarray(_array(names["features"](table.copy())))
    other = table.copy()
    other[:, answer] = 1.0
    hint = message("V1 … V28 and log(1 + Amount), side by side: 29 columns.")
    if given.shape[:1] != (6,) or given.ndim != 2:
        actual = message("the shape {shape}", shape=str(given.shape))
        yield finding("features", message("one row for each row"), actual, hint=hint)
    elif not np.allclose(given, _array(names["features"](other)), equal_nan=True):
        why = message("Tomorrow there will be no `Class` to give to the network.")
        yield finding(
            "features", message("columns without the answer"), message("`Class` is among them"), why=why, hint=hint
        )
    elif given.shape[1] == 29:
        first = columns.index("V1")
        wanted = np.hstack([table[:, first : first + 28], np.log1p(table[:, [amount]])])
        why = message("A few huge amounts would dominate the squared error.")
        yield from differing("features", given, wanted, why=why, hint=hint)


def _scaling(names: Names) -> Iterator[Finding]:
    train = np.asarray(_array(names["X_train"]), dtype=float)
    hint = message("Mean and deviation of each column (axis=0) over the features of `normal_train`.")
    standard = np.abs(train.mean(axis=0)) < 0.02, np.abs(train.std(axis=0) - 1) < 0.02
    between = np.abs(train.min(axis=0)) < 1e-6, np.abs(train.max(axis=0) - 1) < 1e-6
    if not (np.all(standard) or np.all(between)):
        worst = int(np.argmax(np.abs(train.std(axis=0) - 1) + np.abs(train.mean(axis=0))))
        actual = message(
            "column {number}: mean {mean:.3g}, deviation {deviation:.3g}",
            number=worst,
            mean=float(train[:, worst].mean()),
            deviation=float(train[:, worst].std()),
        )
        why = message("The squared error would listen to the widest column.")
        yield finding("X_train", message("columns with mean 0 and deviation 1"), actual, why=why, hint=hint)
        return
    if not callable(names.get("features")):
        return
    fitted = np.asarray(_array(names["features"](names["normal_train"])), dtype=float)
    for name, source in (("X_valid", "normal_valid"), ("X_test", "test_values")):
        if source in names and fitted.shape == train.shape:
            rows = np.asarray(_array(names["features"](names[source][:_ROWS])), dtype=float)
            yield from _same_scale(name, np.asarray(_array(names[name]))[:_ROWS], rows, fitted, train)


def _same_scale(
    name: str, given: np.ndarray, rows: np.ndarray, fitted: np.ndarray, train: np.ndarray
) -> Iterator[Finding]:
    """Yield a finding if a table was scaled with other numbers than the training rows'."""
    slope = train.std(axis=0) / fitted.std(axis=0)
    wanted = (rows - fitted.mean(axis=0)) * slope + train.mean(axis=0)
    if given.shape != wanted.shape or not np.allclose(given, wanted, rtol=1e-3, atol=1e-3):
        why = message("What is fitted on the rows that judge has seen them; and the network would see another scale.")
        hint = message("Use the numbers of `normal_train` for all three tables.")
        expected, actual = message("the scale of `normal_train`"), message("another scale")
        yield finding(name, expected, actual, why=why, hint=hint)


def _scores(names: Names) -> Iterator[Finding]:
    """Only the order of scores matters, so a sum or a root is as good as a mean."""
    rng = np.random.default_rng(4)
    rows, copies = rng.normal(size=(2, 40, 29))
    given = np.asarray(_array(names["fraud_scores"](rows.copy(), copies.copy())))
    hint = message("The squared difference, averaged over the second axis.")
    if given.shape != (40,):
        actual = message("the shape {shape}", shape=str(given.shape))
        yield finding("fraud_scores", message("one number for each of 40 rows"), actual, hint=hint)
        return
    wanted = ((rows - copies) ** 2).mean(axis=1)
    if not np.array_equal(np.argsort(given), np.argsort(wanted)):
        yield from differing("fraud_scores", given, wanted, why=_ERROR, hint=hint)
    if np.shape(names["scores"]) != (len(names["X_test"]),):
        actual = message("the shape {shape}", shape=str(np.shape(names["scores"])))
        expected = message("one number for each row of X_test")
        yield finding("scores", expected, actual, hint=message("Predict X_test, and give both to `fraud_scores`."))


def _threshold(names: Names) -> Iterator[Finding]:
    valid = names["X_valid"]
    copies = names["autoencoder"].predict(valid, batch_size=4096, verbose=0)
    errors = np.asarray(names["fraud_scores"](np.asarray(valid), copies))
    share = float((errors > float(names["threshold"])).mean())
    if abs(share - _SHARE) > max(0.001, 2 / len(errors)):
        hint = message("The quantile 0.995 of the scores of X_valid, and of no other rows.")
        why = message("So you know beforehand how many false alarms you accept, and the test stays a test.")
        actual = message("{share:.2f} % of them", share=100 * share)
        yield finding("threshold", message("0.5 % of the scores of X_valid above it"), actual, why=why, hint=hint)
    alarms = np.asarray(names["alarms"])
    if alarms.shape != np.shape(names["scores"]) or not np.array_equal(
        alarms.astype(bool), np.asarray(names["scores"]) > float(names["threshold"])
    ):
        hint = message("Compare the scores with the threshold: one true or false for each row.")
        expected = message("an alarm where a score is above the threshold")
        actual = message("{count} alarms in {rows} rows", count=int(alarms.astype(bool).sum()), rows=alarms.size)
        yield finding("alarms", expected, actual, hint=hint)


def _encoder(names: Names) -> Iterator[Finding]:
    """Its layers are not prescribed, and there are no public rows to measure it on: only its input and output are."""
    encoder = names["encoder"]
    if not is_model(encoder):
        hint = message("Put the layers into a model: `keras.Sequential([…])`.")
        yield finding("encoder", message("a Keras model"), verbatim(type(encoder).__name__), hint=hint)
        return
    taken, given = (shape[-1] for shape in (encoder.input_shape, encoder.output_shape))
    features = names.get("FEATURES", taken)
    if taken != features:
        hint = message("The first line of the model says how many numbers go in: FEATURES.")
        expected, actual = message("{count} numbers", count=features), message("{count} numbers", count=taken)
        yield finding("encoder.input_shape", expected, actual, hint=hint)
    if given >= features:
        why = message("A network that can copy copies frauds as well, and detects nothing.")
        expected, actual = (
            message("fewer than {count} numbers", count=features),
            message("{count} numbers", count=given),
        )
        yield finding(
            "encoder.output_shape", expected, actual, why=why, hint=message("The last layer gives CODE_SIZE numbers.")
        )


def _columns(names: Names) -> list[str]:
    return list(names.get("COLUMNS", COLUMNS))


def _array(table: Any) -> Any:  # noqa: ANN401 - a pandas table is as good as an array
    return table.to_numpy() if hasattr(table, "to_numpy") else table


_ERROR: Final = message("The score of a row is its reconstruction error.")

EXERCISES: Final = (
    Exercise(
        "normal_rows",
        message("Training and validation rows are all normal"),
        ("train_values", "valid_values", "normal_train", "normal_valid"),
        _normal_rows,
    ),
    Exercise("features", message("The features leave the answer out"), ("features",), _features),
    Exercise(
        "scaling",
        message("All tables have the scale of the normal training rows"),
        ("X_train", "X_valid", "X_test", "normal_train"),
        _scaling,
    ),
    Exercise("encoder", message("The encoder takes the features and gives a smaller code"), ("encoder",), _encoder),
    Exercise("scores", message("One score for each row: its error"), ("fraud_scores", "scores", "X_test"), _scores),
    Exercise(
        "threshold",
        message("The threshold comes from validation rows alone"),
        ("threshold", "alarms", "scores", "X_valid", "autoencoder", "fraud_scores"),
        _threshold,
    ),
)
