"""The record of one training."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FitRecord:
    """One observed training; the fields are those of `grader.domain.evidence.FitClaim`."""

    model: Any
    epochs: int = 0
    samples: int = 0
    batch_size: int = 0
    same_target: bool | None = None
    input_minimum: float | None = None
    input_maximum: float | None = None
    target_minimum: float | None = None
    target_maximum: float | None = None
    input_shape: tuple[int | None, ...] | None = None
    completed: bool = False
    columns: dict[str, list[float]] | None = None
    names: tuple[str, ...] = ()
    how: str = "fit"
    steps_an_epoch: int = 0
    data: str | None = None
    classes: tuple[int, ...] = ()
    epochs_asked: int = 0
    stood_still: bool = False
    first_loss: float | None = None
    last_loss: float | None = None
    test_images_alone: bool | None = None
    joined: bool = False
    accepted_after: int = 0
    optimizer: Any = field(default=None, repr=False, compare=False)
    _updates: int = field(default=0, init=False, repr=False, compare=False)
    losses: tuple[float, ...] = ()
    validation_losses: tuple[float, ...] = ()
    _weak: Any = field(default=None, init=False, repr=False, compare=False)

    def note_losses(self, losses: Any, validation: Any = ()) -> None:
        """Keep the losses of the first and last epoch, if both are numbers, and some for a curve.

        For a training that we ended early, the epochs after its end repeat the last one, and are left out.
        """
        first, last = float(losses[0]), float(losses[-1])
        if math.isfinite(first) and math.isfinite(last):
            self.first_loss, self.last_loss = first, last
        done = len(losses)
        if self.accepted_after and self.steps_an_epoch:
            done = min(done, -(-self.accepted_after // self.steps_an_epoch))
        self.losses, self.validation_losses = _some(losses[:done]), _some(validation[:done])

    def note_updates(self, before: int) -> None:
        """Keep how many updates the model's own optimizer has made since a `fit` began, 0 if it made none itself."""
        self._updates = max(0, iterations_of(self.model) - before)

    def updates_made(self) -> int:
        """Return how many updates were made, 0 if unknown."""
        if self.how == "loop" and self.optimizer is not None:
            try:
                self._updates = max(0, int(self.optimizer.iterations))
            except Exception:  # an optimizer of the notebook's own
                self._updates = 0
        return self._updates

    def let_go(self) -> None:
        """Hold the model weakly from now on: it lives as long as the notebook keeps it."""
        self.updates_made()
        self.optimizer = None
        try:
            self._weak = weakref.ref(self.model)
        except TypeError:  # an object without weak references is no model
            return
        self.model = None

    def living(self) -> Any:
        """Return the model, None if it no longer exists."""
        return self._weak() if self._weak is not None else self.model


def iterations_of(model: Any) -> int:
    """Return how many updates a model's optimizer has made, 0 if it has none yet or one of the notebook's own."""
    try:
        return max(0, int(model.optimizer.iterations))
    except Exception:  # whatever an object of the notebook's own raises
        return 0


MOST_LOSSES = 60
"""Most losses that are kept; a curve needs no more, and claims should be small."""


def _some(losses: Any) -> tuple[float, ...]:
    """Return up to 60 losses, spread evenly, including the first and the last; empty if one is not a number."""
    numbers = [float(loss) for loss in losses]
    if not all(map(math.isfinite, numbers)):
        return ()
    if len(numbers) <= MOST_LOSSES:
        return tuple(numbers)
    last = len(numbers) - 1
    return tuple(numbers[round(index * last / (MOST_LOSSES - 1))] for index in range(MOST_LOSSES))
