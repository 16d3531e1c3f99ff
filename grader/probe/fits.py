"""Records every training of a kernel: calls of `fit`, batches by hand, and loops of the notebook's own."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .created_models import CreatedModels
from .fast_fits import FastFits
from .fit_record import FitRecord, iterations_of
from .image_origins import ImageOrigins
from .patience import Patience
from .tested_images import KnownTestImages
from .training_data import arrays_given, describe_batch, describe_input

MAX_RECORDS = 1024
FIRST_HELD, LAST_HELD = 8, 40
"""Number of first and of last trained models that are kept in memory after their names are gone."""
MAX_HELD_NUMBERS = 48 * 2**20
"""Most weights in all models kept this way; with an optimizer, three times as many four-byte numbers."""


@dataclass
class FitTracker:
    """Every training, in order; holds the models, so that reassigning a name does not lose one.

    Attributes:
        records: Trainings, the newest last; at most about a thousand, including the last one of every model.
        after_fit: Called when a `fit` ends.
        names_of: Returns the current global names of a model.
        made: All models of this kernel in order of creation; None if their creation was not observed.
        steps: Number of observed trainings by single steps.
        origins: Identifies the images of a training; None if not needed, as when a notebook is graded.
        tested: Detects a training on test images alone; None if not needed.
        patience: Ends trainings that show nothing new; None if every training runs as asked for.
        fast: Accelerates trainings; None if each runs as Keras runs it.
    """

    records: list[FitRecord] = field(default_factory=list)
    after_fit: Callable[[], None] = lambda: None
    names_of: Callable[[Any], Sequence[str]] = lambda _model: ()
    made: CreatedModels | None = None
    steps: int = 0
    origins: ImageOrigins | None = None
    tested: KnownTestImages | None = None
    patience: Patience | None = None
    fast: FastFits | None = None
    _running: list[FitRecord] = field(default_factory=list)
    _by_steps: dict[tuple[int, ...], list[FitRecord]] = field(default_factory=dict)

    def wrap(self, fit: Callable[..., Any]) -> Callable[..., Any]:
        """Return `fit` with a record of each call."""

        @functools.wraps(fit)
        def recorded_fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            record = _describe(model, args, kwargs, self.origins, self.tested)
            self._add(record)
            before = iterations_of(model)
            patience = None if self._running else self.patience
            try:
                with self._during(record):
                    run = fit if self.fast is None else self.fast.around(fit, record)
                    run = run if patience is None else patience.around(run, record)
                    history = run(model, *args, **kwargs)
                record.completed = True
                record.epochs = record.epochs or len(getattr(history, "epoch", ()))
                with _never_stopping():
                    record.note_updates(before)
                with _never_stopping():
                    record.note_losses(history.history["loss"], history.history.get("val_loss", ()))
            finally:
                self.after_fit()
            return history

        return recorded_fit

    def wrap_batch(self, train: Callable[..., Any]) -> Callable[..., Any]:
        """Return `train_on_batch` with one record for all calls on the same model."""

        @functools.wraps(train)
        def recorded_batch(model: Any, *args: Any, **kwargs: Any) -> Any:
            record = self._batch_record(model, args, kwargs)
            with self._during(record):
                logs = train(model, *args, **kwargs)
            record.completed = True
            record.samples += record.batch_size
            self.steps += 1
            return logs

        return recorded_batch

    def wrap_apply(self, apply: Callable[..., Any]) -> Callable[..., Any]:
        """Return an optimizer's `apply` with one record for each model that a loop of the notebook trains."""

        @functools.wraps(apply)
        def recorded_apply(optimizer: Any, grads: Any, trainable_variables: Any = None, **kwargs: Any) -> Any:
            self._note_step(optimizer, trainable_variables)
            return apply(optimizer, grads, trainable_variables, **kwargs)

        return recorded_apply

    def see_batch(self, batch: Any) -> None:
        """Describe a batch that Keras has fetched, if the training data are still unknown."""
        if self._running and self._running[-1].input_shape is None:
            with _never_stopping():
                describe_batch(self._running[-1], batch, self.origins)

    def changes(self) -> int:
        """Return a number that grows with every training."""
        return len(self.records) + self.steps

    def note_names(self) -> None:
        """Record the current names of trained models that had none during training (in a function, say)."""
        for record in self.records[-LAST_HELD:]:
            model = record.living()
            if not record.names and model is not None:
                record.names = tuple(self.names_of(model))

    @contextmanager
    def _during(self, record: FitRecord) -> Iterator[None]:
        self._running.append(record)
        try:
            yield
        finally:
            self._running.pop()

    def _add(self, record: FitRecord) -> None:
        with _never_stopping():
            record.names = tuple(self.names_of(record.model))
        self.records.append(record)
        with _never_stopping():
            _keep_within_bounds(self.records)

    def _batch_record(self, model: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> FitRecord:
        known = self._by_steps.get((id(model),))
        if known and known[0].living() is model:
            return known[0]
        record = _describe(model, args, kwargs, self.origins)
        record.how, record.columns = "batches", None
        record.batch_size, record.samples = record.samples, 0
        self._by_steps[id(model),] = [record]
        self._add(record)
        return record

    def _note_step(self, optimizer: Any, variables: Any) -> None:
        if self._running:
            return
        with _never_stopping():
            changed = list(variables if variables is not None else optimizer._trainable_variables)
            key = tuple(map(id, changed))
            known = self._by_steps.get(key)
            self.steps += 1
            if self.made is None or (known is not None and all(one.living() is not None for one in known)):
                return
            self._by_steps[key] = [
                FitRecord(one, how="loop", completed=True, optimizer=optimizer) for one in self.made.holding(changed)
            ]
            for record in self._by_steps[key]:
                self._add(record)


class _never_stopping:  # noqa: N801 - reads as a word: `with _never_stopping()`; no generator, which AutoGraph would convert
    """Context in which errors are ignored: observing must never stop a student's training."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, Exception)


def exported_records(records: Sequence[FitRecord], most: int) -> list[FitRecord]:
    """Choose the records to export: the last of every model, then the newest, in their order."""
    last = {id(record.living()): index for index, record in enumerate(records)}
    newest = [index for index in range(len(records) - 1, -1, -1) if index not in set(last.values())]
    chosen = [*sorted(last.values(), reverse=True), *newest][:most]
    return [records[index] for index in sorted(chosen)]


def _keep_within_bounds(records: list[FitRecord]) -> None:
    """Release models beyond the first and the last, and those that are too large; drop the oldest records."""
    if len(records) > MAX_RECORDS:
        records[:] = exported_records(records, MAX_RECORDS // 2)
    held = list({id(record.model): record.model for record in reversed(records) if record.model is not None}.values())
    kept = [*held[:LAST_HELD], *held[LAST_HELD:][-FIRST_HELD:]]
    numbers, fitting = 0, set[int]()
    for model in kept:  # the newest first
        numbers += _numbers_in(model)
        if numbers <= MAX_HELD_NUMBERS or not fitting:
            fitting.add(id(model))
    for record in records:
        if record.model is not None and id(record.model) not in fitting:
            record.let_go()


def _numbers_in(model: Any) -> int:
    try:
        return sum(math.prod(variable.shape) for variable in model.weights)
    except Exception:  # not built yet, or broken by its author: it takes no memory
        return 0


def _describe(
    model: Any,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    origins: ImageOrigins | None = None,
    tested: KnownTestImages | None = None,
) -> FitRecord:
    x: Any = args[0] if args else kwargs.get("x")
    y: Any = args[1] if len(args) > 1 else kwargs.get("y")
    batch_size = args[2] if len(args) > 2 else kwargs.get("batch_size")
    record = FitRecord(model, batch_size=batch_size if isinstance(batch_size, int) else 0)
    with _never_stopping():
        describe_input(record, x, y, origins)
    if tested is not None:
        with _never_stopping():
            record.test_images_alone = tested.alone(*arrays_given(x, y))
    return record
