"""One network trained in several ways: the losses, the optimizers, the trainings, the number of epochs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

import numpy as np

from grader.domain.grade import Finding
from grader.domain.messages import message, verbatim
from grader.notebook.exercises.exercise import (
    COMPILE_AND_FIT,
    LOOK_AT_SCALE,
    Exercise,
    Names,
    differing,
    finding,
    one_an_epoch,
)
from grader.notebook.namespace import identities, steps_of


def _yardsticks(names: Names) -> Iterator[Finding]:
    """Pixels and outputs that include 0 and 1, as real ones do, so that a logarithm of 0 is found."""
    rng = np.random.default_rng(3)
    images = rng.random((6, 784)).astype("float32")
    images[:, :100], images[:, 100:200] = 0.0, 1.0
    copies = np.clip(images + rng.normal(0, 0.1, images.shape), 0, 1).astype("float32")
    measured = names["yardsticks"](images.copy(), copies.copy())
    x, y = images.astype(float), copies.astype(float)
    likely = np.clip(y, 1e-7, 1 - 1e-7)
    wanted = {
        "mse": ((x - y) ** 2).mean(),
        "mae": np.abs(x - y).mean(),
        "binary_crossentropy": -(x * np.log(likely) + (1 - x) * np.log(1 - likely)).mean(),
    }
    for name, value in wanted.items():
        if not isinstance(measured, dict) or name not in measured:
            hint = message("Return a dictionary with one number for each of the three names.")
            found = ", ".join(map(str, measured)) if isinstance(measured, dict) else type(measured).__name__
            yield finding(f'yardsticks()["{name}"]', verbatim(name), verbatim(found or "{}"), hint=hint)
            continue
        # The error of single precision in ln(1e-7) is allowed.
        if np.ndim(measured[name]) == 0 and abs(float(measured[name]) - value) <= 0.01 * value:
            continue
        hint = message("The mean over all pixels of all images; keep the logarithm away from 0 with `np.clip`.")
        yield from differing(f'yardsticks()["{name}"]', measured[name], np.asarray(value), why=_MEAN, hint=hint)


def _make_optimizer(names: Names) -> Iterator[Finding]:
    make = names["make_optimizer"]
    for name, (kind, rate) in _OPTIMIZERS.items():
        one, other = make(name), make(name)
        where = f'make_optimizer("{name}")'
        if type(one).__name__ != kind:
            yield finding(where, verbatim(kind), verbatim(type(one).__name__), hint=_TABLE)
            continue
        if one is other:
            why = message("An optimizer remembers the weights that it moves, so it belongs to one model.")
            expected, actual = message("a new optimizer each time"), message("the same one")
            yield finding(where, expected, actual, why=why, hint=message("Make it inside the function."))
        if abs(float(one.learning_rate) - rate) > 1e-4 * rate:
            expected = message("a rate of {rate:g}", rate=rate)
            actual = message("a rate of {rate:g}", rate=float(one.learning_rate))
            yield finding(where, expected, actual, hint=_TABLE)
        if name == "sgd":
            yield from _sgd(one, where)
    try:
        unknown = make("unknown")
    except KeyError:
        return
    hint = message("End with `raise KeyError(name)`.")
    yield finding('make_optimizer("unknown")', verbatim("KeyError"), verbatim(type(unknown).__name__), hint=hint)


def _sgd(optimizer: Any, where: str) -> Iterator[Finding]:  # noqa: ANN401 - a Keras optimizer
    settings = optimizer.get_config()
    if abs(float(settings.get("momentum") or 0) - 0.9) > 1e-6 or not settings.get("nesterov"):
        actual = verbatim(f"momentum={settings.get('momentum')}, nesterov={settings.get('nesterov')}")
        yield finding(where, verbatim("momentum=0.9, nesterov=True"), actual, hint=_TABLE)
    if not isinstance(settings.get("learning_rate"), dict):
        hint = message("Give a schedule of `keras.optimizers.schedules` in place of the rate.")
        yield finding(where, message("a rate that decays"), message("a constant rate"), hint=hint)


def _train(names: Names) -> Iterator[Finding]:
    wanted = list(names["NAMES"])
    for name in ("autoencoders", "valid_losses"):
        if not isinstance(names[name], dict) or set(names[name]) != set(wanted):
            keys = ", ".join(map(str, names[name])) if isinstance(names[name], dict) else type(names[name]).__name__
            hint = message("A dictionary with one entry for each name of NAMES.")
            yield finding(name, verbatim(", ".join(wanted)), verbatim(keys), hint=hint)
            return
    for name in wanted:
        yield from _one_training(names, name)
    for one, other in combinations(wanted, 2):
        if identities(names["autoencoders"][one]) & identities(names["autoencoders"][other]):
            why = message("A network that goes on learning where another stopped cannot be compared with it.")
            expected = message("a new network for each")
            actual = message("{one} and {other} share weights", one=one, other=other)
            hint = message("Call `build_models()` inside the loop.")
            yield finding("autoencoders", expected, actual, why=why, hint=hint)


def _one_training(names: Names, name: str) -> Iterator[Finding]:
    losses = np.asarray(names["valid_losses"][name], dtype=float).ravel()
    epochs = int(names.get("EPOCHS", 1))
    where = f'valid_losses["{name}"]'
    if steps_of(names["autoencoders"][name]) == 0:
        hint = COMPILE_AND_FIT
        expected = message("a trained model")
        yield finding(f'autoencoders["{name}"]', expected, message("it was not trained yet"), hint=hint)
    elif len(losses) != epochs:
        hint = message('`history.history["val_loss"]` is the list.')
        expected = one_an_epoch(count=epochs)
        yield finding(where, expected, message("{count} numbers", count=losses.size), hint=hint)
    elif epochs > 1 and not (np.isfinite(losses).all() and losses[-1] < losses[0]):
        hint = LOOK_AT_SCALE
        fell = verbatim(f"{losses[0]:.4f} → {losses[-1]:.4f}")
        yield finding(where, message("a loss that falls"), fell, hint=hint)


def _epochs_needed(names: Names) -> Iterator[Finding]:
    hint = message("Go through the losses in order, counting from 1, and stop at the first that is at most `goal`.")
    for losses, goal, wanted in _KNOWN:
        given = names["epochs_needed"](list(losses), goal)
        if given != wanted or isinstance(given, bool):
            where = f"epochs_needed({losses}, {goal})"
            yield finding(where, verbatim(str(wanted)), verbatim(str(given)), hint=hint)
            return


_KNOWN: Final = (
    ([0.5, 0.3, 0.2, 0.3], 0.25, 3),
    ([0.5, 0.3, 0.2], 0.3, 2),
    ([0.5, 0.3, 0.2], 0.9, 1),
    ([0.5, 0.2, 0.4, 0.1], 0.2, 2),
    ([0.5, 0.3, 0.2], 0.1, None),
)
_OPTIMIZERS: Final = {"sgd": ("SGD", 0.01), "adam": ("Adam", 0.001), "adadelta": ("Adadelta", 1.0)}
_TABLE: Final = message("The table above the cell has the settings of each.")
_MEAN: Final = message("All three networks are compared by the same numbers.")

TRAININGS: Final = Exercise(
    "train",
    message("Three networks were trained, each from its own start"),
    ("NAMES", "autoencoders", "valid_losses"),
    _train,
)
YARDSTICKS: Final = Exercise(
    "yardsticks", message("`yardsticks` gives three known means"), ("yardsticks",), _yardsticks
)
OPTIMIZERS: Final = (
    Exercise(
        "make_optimizer",
        message("`make_optimizer` has the settings of the table"),
        ("make_optimizer",),
        _make_optimizer,
    ),
    Exercise("epochs_needed", message("`epochs_needed` finds the first epoch"), ("epochs_needed",), _epochs_needed),
)
