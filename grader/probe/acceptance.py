"""Ends a training early once its model is good enough for all points that it can earn; a hint, never a verdict.

The estimate is the mean squared error on some of the images given to `fit`. The grader still measures the model, and
runs the whole notebook again if a point is missing. It could miss only a training that would have spoilt its model
later. So only an ordinary training is ended: an optimizer of Keras with a usual, constant rate, a usual loss, no
penalty, only callbacks of Keras, and not many more epochs than the reference takes.

The rest of the training then takes no time but looks as usual: each epoch begins and ends, with the last numbers
repeated; the optimizer counts the steps; the history has its full length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .fit_record import FitRecord
from .joined_steps import MOST_STEPS, FitPace

SAMPLES = 1000
FIRST_LOOK = 100
GROWTH = 1.25
"""Steps after which the model is first checked, and the growth of the interval between checks."""

LEAST_TRAINING_A_LOOK = 10.0
"""Largest share of the training time since the last check that a check may take."""

CONFIRMATIONS = 2
SHARE_OF_TIME = 0.5
"""A training estimated to take more than half of a cell's time runs in full, since it might not end in time."""

LARGEST_RATES = {
    "Adam": 0.002, "Nadam": 0.002, "Adamax": 0.002, "RMSprop": 0.002, "Adadelta": 1.0, "Adagrad": 0.1, "SGD": 0.1,
}  # fmt: skip
LOSSES = frozenset({"mean_squared_error", "binary_crossentropy"})
CALLBACKS = frozenset({
    "CSVLogger", "EarlyStopping", "History", "ModelCheckpoint", "ProgbarLogger", "ReduceLROnPlateau", "TerminateOnNaN",
})  # fmt: skip


@dataclass(frozen=True)
class EarlyEndTerms:
    """When a training may end before its last epoch.

    Attributes:
        target: Largest estimated error.
        same_target: Whether the input is also the target; otherwise `fit` gets two different arrays.
        noisy_layer: Whether the error is measured with the model's own noise layer active.
        least_samples: Number of images that the training must have seen.
        most_epochs: Epochs that it may ask for.
        most_seconds: Time limit of the whole training.
    """

    target: float
    same_target: bool
    noisy_layer: bool
    least_samples: int
    most_epochs: int
    most_seconds: float


class AcceptingPace(FitPace):
    """The course of a training that may end early.

    Args:
        terms: When it may end.
        model: The model that is trained.
        rows: Inputs and targets of the estimate.
        epochs: Epochs asked for.
        most: Most steps of an execution.
    """

    def __init__(
        self, terms: EarlyEndTerms, model: Any, rows: tuple[Any, Any], epochs: int, most: int = MOST_STEPS
    ) -> None:
        super().__init__(most)
        self.accepted = self.ended_early = False
        self.steps_done = 0
        self._terms, self._model, self._rows, self._epochs = terms, model, rows, epochs
        self._error: Callable[[Any, Any], Any] | None = None
        self._next_look = FIRST_LOOK
        self._confirmed = 0
        self._seconds = self._seconds_since_look = self._slowest_look = 0.0
        self._steps_timed = 0
        self._epoch_steps = 0
        self._epoch_logs: Any = None
        self._validation_logs: Any = None
        self._validating = False
        self._hopeless = False

    @classmethod
    def of(
        cls, terms: EarlyEndTerms, model: Any, asked: Mapping[str, Any], record: FitRecord, *, most: int
    ) -> AcceptingPace | None:
        """Return the course of a call of `fit`, None if anything about it is unusual."""
        epochs = asked["epochs"]
        ordinary = (
            asked["initial_epoch"] == 0
            and all(asked[name] is None for name in ("class_weight", "sample_weight", "steps_per_epoch"))
            and 1 <= epochs <= terms.most_epochs
            and record.samples >= terms.least_samples
            and record.input_minimum is not None
            and record.input_minimum >= 0
            and record.input_maximum is not None
            and record.input_maximum <= 1
            and bool(record.same_target) == terms.same_target
            and _has_ordinary_steps(model)
            and has_ordinary_loss(model)
            and has_ordinary_optimizer(model)
            and all(_is_ordinary_callback(one) for one in _flat(asked["callbacks"]))
        )
        rows = _rows(asked["x"], asked["y"]) if ordinary else None
        return None if rows is None else cls(terms, model, rows, epochs, most)

    def next_count(self, left: int) -> int:
        """Return how many steps to do at once; 0 once the model has been accepted."""
        self._epoch_steps = max(self._epoch_steps, left)
        if self.accepted:
            self.ended_early = True
            self._model.optimizer.iterations.assign_add(left)
            return 0
        to_look = self._next_look - self.steps_done
        return min(super().next_count(left), max(1, to_look))

    def done(self, count: int, seconds: float) -> None:
        """Record finished steps, and check the model when it is time."""
        super().done(count, seconds)
        if self.steps_done:  # the first execution includes the tracing
            self._steps_timed += count
            self._seconds += seconds
        self.steps_done += count
        self._seconds_since_look += seconds
        late_enough = self._seconds_since_look >= LEAST_TRAINING_A_LOOK * self._slowest_look
        if self.steps_done >= self._next_look and late_enough and not self._hopeless:
            self._look()

    def validated(self, evaluate: Callable[[], Any]) -> Any:
        """Return the numbers of a validation: the last ones again if the model no longer changes."""
        if self._validation_logs is not None:
            return dict(self._validation_logs)
        self._validating = True
        try:
            found = evaluate()
        finally:
            self._validating = False
        if self.accepted:
            self._validation_logs = dict(found)
        return found

    def reported_logs(self, numbers: Any) -> Any:
        """Return the numbers of an epoch: the last ones again if the model no longer changes."""
        if not self.accepted or self._validating:
            return numbers
        if self._epoch_logs is None:
            self._epoch_logs = {name: float(value) for name, value in dict(numbers).items()}
        return dict(self._epoch_logs)

    def _look(self) -> None:
        began = time.perf_counter()
        error = self._estimate()
        self._slowest_look = time.perf_counter() - began if self._slowest_look else 1e-9  # the first is traced
        self._seconds_since_look = 0.0
        self._confirmed = self._confirmed + 1 if error is not None and error <= self._terms.target else 0
        self._next_look = int(self.steps_done * (GROWTH if not self._confirmed else 1.1)) + 1
        self.accepted = self._confirmed >= CONFIRMATIONS and self._would_have_ended()

    def _would_have_ended(self) -> bool:
        """Return whether the whole training would have ended well within its limit, on this machine as busy as now."""
        whole = self._seconds / max(1, self._steps_timed) * self._epoch_steps * self._epochs
        return whole <= SHARE_OF_TIME * self._terms.most_seconds

    def _estimate(self) -> float | None:
        """Return the error on the rows, None if the model's outputs do not fit."""
        try:
            if self._error is None:
                self._error = _error_of(self._model, noisy=self._terms.noisy_layer)
            if self._model.losses:  # a penalty: another lesson, or another solution of this one
                self._hopeless = True
                return None
            return float(self._error(*self._rows))
        except Exception:  # whatever the model does with these rows, the training continues as usual
            self._hopeless = True
            return None


def _error_of(model: Any, *, noisy: bool) -> Callable[[Any, Any], Any]:
    """Return the mean squared error of a model as a function of inputs and targets."""
    import tensorflow as tf

    def error(inputs: Any, targets: Any) -> Any:
        outputs = model(inputs, training=noisy)
        outputs.shape.assert_is_compatible_with(targets.shape)
        return tf.reduce_mean(tf.square(tf.cast(targets, tf.float32) - tf.cast(outputs, tf.float32)))

    return tf.function(tf.autograph.experimental.do_not_convert(error))


def spread_evenly(length: int, most: int) -> Any:
    """Return the places of at most so many rows, spread evenly over all of them."""
    import numpy as np

    return np.linspace(0, length - 1, min(most, length)).astype(int)


def _rows(x: Any, y: Any) -> tuple[Any, Any] | None:
    """Return samples spread evenly over the training data, None if they are no images in [0, 1]."""
    import numpy as np
    import tensorflow as tf

    if not all(isinstance(one, np.ndarray | tf.Tensor) for one in (x, y)) or x.shape != y.shape:
        return None
    places = spread_evenly(len(x), SAMPLES)
    inputs, targets = (
        np.asarray(one[places] if isinstance(one, np.ndarray) else tf.gather(one, places)) for one in (x, y)
    )
    if inputs.dtype.kind != "f" or not (targets.min() >= 0 and targets.max() <= 1 and np.ptp(targets) > 0.5):
        return None
    return tf.constant(inputs, tf.float32), tf.constant(targets, tf.float32)


def _has_ordinary_steps(model: Any) -> bool:
    """Return whether a step is entirely Keras's own."""
    import keras

    own = ("train_step", "test_step", "compute_loss", "_compute_loss", "compute_metrics", "fit", "evaluate")
    return all(
        getattr(type(model), name, None) is getattr(keras.Model, name, None) and name not in vars(model) for name in own
    )


def has_ordinary_loss(model: Any) -> bool:
    """Return whether a model has one loss, and one of Keras's own."""
    import keras

    if not isinstance(model.loss, str) and not callable(model.loss):
        return False
    loss = keras.losses.get(model.loss)
    if not (type(loss).__module__ if not hasattr(loss, "__name__") else loss.__module__).startswith("keras.src.losses"):
        return False
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", "")) in LOSSES


def has_ordinary_optimizer(model: Any) -> bool:
    """Return whether a model has an optimizer of Keras, with a constant rate small enough not to diverge late."""
    import keras

    optimizer = model.optimizer
    largest = LARGEST_RATES.get(type(optimizer).__name__)
    if largest is None or not type(optimizer).__module__.startswith("keras.src.optimizers"):
        return False
    if isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        return False
    extras = ("weight_decay", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")
    usual = 0 < float(optimizer.learning_rate) <= largest * (1 + 1e-6)  # float32 writes 0.002 as 0.0020000001
    return usual and not any(getattr(optimizer, one, None) for one in extras)


def _is_ordinary_callback(callback: Any) -> bool:
    kind = type(callback)
    return kind.__name__ in CALLBACKS and kind.__module__.startswith("keras.src.")


def _flat(callbacks: Any) -> list[Any]:
    import keras

    return list(keras.tree.flatten(callbacks)) if callbacks else []
