"""Does a training that an early end would have accepted ever spoil its model later? In Markdown.

Run with `python benchmarks/late_spoiling.py [ID…]`. A reference is trained, on the embedded sample and for three times
its epochs (the most that a training which may be ended early can ask for), with each optimizer of
`grader/probe/acceptance.py` at the largest rate that counts as ordinary there. After each epoch its error on hidden
images is measured. The exit status is 1 where a training was within the target once and beyond full credit in the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import keras.src.backend.tensorflow.trainer as trainer_module
import numpy as np

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.checks.shortening import acceleration_of
from grader.domain.datasets import DataSize
from grader.domain.measurement import Quantity
from grader.probe.acceptance import LARGEST_RATES
from grader.probe.fast_fits import FastFits
from grader.probe.fits import FitTracker
from reference import contract, data

LOSSES = ("mse", "binary_crossentropy")


class Errors(keras.callbacks.Callback):  # type: ignore[misc]
    """The error on hidden images after each epoch."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        super().__init__()
        self._x, self._y, self.found = x, y, list[float]()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Measure."""
        del epoch, logs
        self.found.append(float(np.mean((self.model.predict(self._x, verbose=0, batch_size=500) - self._y) ** 2)))


def main() -> None:
    """Train everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", default=["stacked", "simple-dense"])
    given = parser.parse_args()
    tracker = FitTracker(fast=FastFits())
    assert tracker.fast is not None
    tracker.fast.patch(trainer_module)
    trainer_module.TensorFlowTrainer.fit = tracker.wrap(trainer_module.TensorFlowTrainer.fit)
    print("| training | target | full | met in | best | last | spoilt | s |\n|---|---|---|---|---|---|---|---|")
    every = ((name, one, loss) for name in given.assignments for one in LARGEST_RATES for loss in LOSSES)
    spoilt = [_is_spoilt(*one) for one in every]
    print(f"\n{sum(spoilt)} of {len(spoilt)} trainings were spoilt after they would have been accepted.")
    sys.exit(1 if any(spoilt) else 0)


def _is_spoilt(name: str, optimizer: str, loss: str) -> bool:
    """Train once; print a line; say whether full credit was lost after the target had been met."""
    assignment = load_assignment(name)
    facts, module = load_facts(assignment.reference), contract.module(assignment.reference)
    terms, calibrated = acceleration_of(assignment, facts, DataSize.SAMPLE).early_end, facts.on(DataSize.SAMPLE)
    assert terms is not None
    assert calibrated is not None
    full = min(curve.full for curve in calibrated.statistics[Quantity.RECONSTRUCTION_MSE].curves)
    images = data.load(module.DATASET, size="sample")
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    train, _ = module.training_split(images.x_train / np.float32(255))
    x, y = module.inputs_and_targets(train, rng)
    errors = Errors(*module.inputs_and_targets(images.x_test[images.hidden] / np.float32(255), rng))
    model = module.build().autoencoder
    model.compile(getattr(keras.optimizers, optimizer)(LARGEST_RATES[optimizer]), loss)
    began = time.monotonic()
    model.fit(x, y, epochs=terms.most_epochs, batch_size=module.BATCH_SIZE, verbose=0, callbacks=[errors])
    met = next((place + 1 for place, error in enumerate(errors.found) if error <= terms.target), None)
    spoilt = met is not None and not errors.found[-1] <= full
    title = f"{name}: {optimizer} {LARGEST_RATES[optimizer]:g}, {loss}"
    numbers = (
        f"{terms.target:.4f} | {full:.4f} | {met or 'never'} | {np.nanmin(errors.found):.4f} | {errors.found[-1]:.4f}"
    )
    print(f"| {title} | {numbers} | {'YES' if spoilt else 'no'} | {time.monotonic() - began:.0f} |", flush=True)
    return spoilt


if __name__ == "__main__":
    main()
