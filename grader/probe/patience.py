"""Ends a training that shows nothing new: for `grader inspect`, never for a grade.

What a notebook trains is visible after seconds; hundreds of epochs improve its numbers only a little. A training is
ended

- when its loss no longer changes: less than 1 % better than five epochs before, once it has run for some seconds;
- when it has used its share of the notebook's time, after two epochs, or within one epoch that is very long;

and its history keeps the expected form: as many numbers as epochs asked for, with the last one repeated.
`FitRecord.epochs_asked` holds that number, `epochs` the number of epochs that ran, and `stood_still` which of the two
conditions ended it. Time is processor time, so that a busy machine ends nothing earlier than an idle one.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from .fit_record import FitRecord

STILL_EPOCHS = 5
STILL = 0.01
"""A loss that five epochs improved by less than 1 % shows nothing new."""

LEAST_SECONDS = 10.0
"""Seconds before which nothing is ended: short trainings run as they are."""

LEAST_SHARE_SECONDS = 8.0
"""Seconds of each training once the notebook's time is used up."""

LEAST_EPOCHS = 2
WITHIN_AN_EPOCH = 3
"""Multiple of its share of time after which a training is ended within an epoch."""

_CALLBACKS_PLACE = 5
"""Position of `callbacks` among the arguments of `fit(x, y, batch_size, epochs, verbose, callbacks, …)`."""


class Patience:
    """Time limits for the trainings of one notebook.

    Args:
        fit_seconds: For one call of `fit`, in processor seconds.
        notebook_seconds: For all calls together; each still gets a few seconds after these are used up.
    """

    def __init__(self, fit_seconds: float, notebook_seconds: float) -> None:
        self.fit_seconds = fit_seconds
        self.left_seconds = notebook_seconds

    def around(self, fit: Callable[..., Any], record: FitRecord) -> Callable[..., Any]:
        """Return a `fit` that ends before its last epoch if nothing new shows, and records that."""

        @functools.wraps(fit)
        def patient_fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            seconds = max(LEAST_SHARE_SECONDS, min(self.fit_seconds, self.left_seconds))
            watch = _watch(seconds)
            try:
                history = fit(model, *_with_callback(args, kwargs, watch), **kwargs)
            finally:
                self.left_seconds -= time.process_time() - began
            if watch.ended:
                record.epochs, record.epochs_asked = len(history.epoch), int(watch.params.get("epochs") or 0)
                record.stood_still = watch.stood_still
                _keep_form(history, record.epochs_asked)
            return history

        return patient_fit


def _with_callback(args: tuple[Any, ...], kwargs: dict[str, Any], watch: Any) -> tuple[Any, ...]:
    """Return the positional arguments with our callback added to the notebook's own, or add it to the others."""
    import keras

    own = args[_CALLBACKS_PLACE] if len(args) > _CALLBACKS_PLACE else kwargs.get("callbacks")
    if isinstance(own, keras.callbacks.CallbackList):
        own.append(watch)
        return args
    known = list(own) if isinstance(own, list | tuple) else [own] if own is not None else []
    if len(args) > _CALLBACKS_PLACE:
        return (*args[:_CALLBACKS_PLACE], [*known, watch], *args[_CALLBACKS_PLACE + 1 :])
    kwargs["callbacks"] = [*known, watch]
    return args


def _keep_form(history: Any, asked: int) -> None:
    """Repeat the last numbers of a history until it has the length that the notebook expects."""
    ran = len(history.epoch)
    if not ran or ran >= asked:
        return
    first = history.epoch[0]
    for numbers in history.history.values():
        if isinstance(numbers, list) and numbers:
            wanted = round(len(numbers) / ran * (asked - first))  # validated only every so many epochs
            numbers.extend(numbers[-1:] * (wanted - len(numbers)))
    history.epoch.extend(range(history.epoch[-1] + 1, asked))


def _watch(seconds: float) -> Any:
    """Return a callback that ends a training; made here because the notebook imports Keras."""
    import keras

    class Watch(keras.callbacks.Callback):
        """Ends a training by Keras's own means."""

        def __init__(self) -> None:
            super().__init__()
            self.ended = self.stood_still = False
            self._began = time.process_time()
            self._losses: list[float] = []

        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - Keras's own names
            self._began = time.process_time()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            """End an epoch that would take several times the share of the whole training."""
            if time.process_time() - self._began > WITHIN_AN_EPOCH * seconds:
                self._end()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            passed = time.process_time() - self._began
            loss = (logs or {}).get("loss")
            self._losses += [float(loss)] if loss is not None else []
            if epoch + 1 >= int(self.params.get("epochs") or 0) or self.ended:
                return
            self.stood_still = passed > LEAST_SECONDS and self._stands_still()
            if self.stood_still or (passed > seconds and len(self._losses) >= LEAST_EPOCHS):
                self._end()

        def _stands_still(self) -> bool:
            if len(self._losses) <= STILL_EPOCHS:
                return False
            before, now = self._losses[-1 - STILL_EPOCHS], min(self._losses[-STILL_EPOCHS:])
            return not before - now > STILL * abs(before)  # NaN counts as no change

        def _end(self) -> None:
            self.ended = True
            self.model.stop_training = True

    return Watch()
