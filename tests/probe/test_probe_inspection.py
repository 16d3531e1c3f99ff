"""What only an inspection does in the kernel: it finds images again, and ends trainings that show nothing new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import Input, Sequential, layers

from grader.probe import patience
from grader.probe.fits import FitTracker
from grader.probe.image_origins import ImageOrigins
from grader.probe.patience import Patience
from reference import data

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, np.ndarray]]:
    """The sample of every data set as the kernel sees it."""
    return {name: data.kernel_view(data.load(name, size="sample")) for name in data.NAMES}


@pytest.fixture(scope="module")
def origins(here: dict[str, dict[str, np.ndarray]], tmp_path_factory: pytest.TempPathFactory) -> ImageOrigins:
    """Files in a folder, and one that is no set of images."""
    folder = tmp_path_factory.mktemp("data")
    for name, arrays in here.items():
        np.savez(folder / f"{name}.npz", **arrays)
    return ImageOrigins({name: str(folder / f"{name}.npz") for name in here} | {"creditcard": "creditcard.csv"})


SAME: dict[str, Any] = {
    "bytes": lambda x: x,
    "between 0 and 1": lambda x: x.astype("float32") / 255,
    "between -1 and 1": lambda x: x / 127.5 - 1,
    "standardised": lambda x: (x - x.mean()) / x.std(),
    "inverted": lambda x: 1 - x / 255,
    "flat": lambda x: x.reshape(len(x), -1) / 255,
    "with a channel": lambda x: x[..., None] / 255,
    "shuffled": lambda x: np.random.default_rng(1).permutation(x) / 255,
    "one batch": lambda x: x[:32] / 255,
    "half precision": lambda x: (x / 255).astype("float16"),
    "black and white": lambda x: (x > 127).astype("float32"),
}


@pytest.mark.parametrize("how", SAME)
@pytest.mark.parametrize("name", data.NAMES)
def test_images_are_found_again_however_they_are_scaled(
    name: str, how: str, origins: ImageOrigins, here: dict[str, dict[str, np.ndarray]]
) -> None:
    """All ten classes, and the right set of the two."""
    assert origins.of(SAME[how](here[name]["x_train"])) == (name, ())


OTHER: dict[str, Any] = {
    "random numbers": lambda x: RNG.random(x.shape),
    "mirrored": lambda x: x[:, :, ::-1],
    "16 by 16": lambda x: x[:, 6:22, 6:22],
    "32 by 32": lambda x: np.pad(x, ((0, 0), (2, 2), (2, 2))),
    "one grey": lambda x: np.full(x.shape, 0.5),
    "not finite": lambda x: x / 0.0,
    "text": lambda x: np.full((3, 784), "a"),
    "one number": lambda x: x[0, 0, 0],
}


@pytest.mark.parametrize("how", OTHER)
@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning")
def test_other_images_are_none_of_these(
    how: str, origins: ImageOrigins, here: dict[str, dict[str, np.ndarray]]
) -> None:
    """What was drawn, turned, cut, padded, or is no image at all."""
    assert origins.of(OTHER[how](here["mnist"]["x_train"].astype("float64"))) == ("", ())


def test_noisy_images_are_told_by_their_target(origins: ImageOrigins, here: dict[str, dict[str, np.ndarray]]) -> None:
    """A denoiser is given noise, and answers with the images."""
    x = here["fashion_mnist"]["x_train"] / 255
    noisy = np.clip(x + RNG.normal(0, 0.5, x.shape), 0, 1)
    assert (origins.of(noisy, x), origins.of(noisy)) == (("fashion_mnist", ()), ("", ()))


def test_classes_are_told_where_some_are_left_out(
    origins: ImageOrigins, here: dict[str, dict[str, np.ndarray]]
) -> None:
    """One class, two, nine; not of so few images that a class may be missing by chance."""
    x, y = here["mnist"]["x_train"] / 255, here["mnist"]["y_train"]
    for classes in ((7,), (0, 1), tuple(range(9))):
        assert origins.of(x[np.isin(y, classes)]) == ("mnist", classes)
    assert origins.of(x[y == 7][:50]) == ("mnist", ())


# Trainings that are ended


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> FitTracker:
    """`fit` with a record of each call, and time enough for all of them."""
    from keras.src.backend.tensorflow import trainer

    watching = FitTracker(patience=Patience(100.0, 100.0))
    monkeypatch.setattr(patience, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(patience, "LEAST_SHARE_SECONDS", 0.1)
    monkeypatch.setattr(trainer.TensorFlowTrainer, "fit", watching.wrap(trainer.TensorFlowTrainer.fit))
    return watching


X = RNG.random((64, 8)).astype("float32")


def model(rate: float = 1e-3) -> Any:
    made = Sequential([Input((8,)), layers.Dense(2), layers.Dense(8)])
    made.compile(keras.optimizers.SGD(rate), "mse")
    return made


def test_a_training_that_stands_still_is_ended_and_its_history_keeps_its_form(tracker: FitTracker) -> None:
    """A loss that no longer moves ends after some epochs; as many numbers as epochs asked for, and the form of both."""
    made = model(rate=0.0)
    history = made.fit(X, X, epochs=40, verbose=0, validation_data=(X[:8], X[:8]), validation_freq=2)
    record = tracker.records[-1]
    assert (record.epochs, record.epochs_asked, record.stood_still) == (patience.STILL_EPOCHS + 1, 40, True)
    assert (history.epoch, len(history.history["loss"]), len(history.history["val_loss"])) == (list(range(40)), 40, 20)
    assert made.history is history


def test_a_training_whose_time_is_up_is_ended(tracker: FitTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two epochs at least, even where the whole notebook has no time left; that is another reason."""
    monkeypatch.setattr(patience, "STILL", -1e9)
    tracker.patience = Patience(1e-9, 0.0)
    monkeypatch.setattr(patience, "LEAST_SHARE_SECONDS", 1e-9)
    monkeypatch.setattr(patience, "WITHIN_AN_EPOCH", 1e12)
    made = model()
    history = made.fit(X, X, 32, 50, 0, [keras.callbacks.TerminateOnNaN()], initial_epoch=10)
    record = tracker.records[-1]
    assert (record.epochs, record.epochs_asked, record.stood_still) == (2, 50, False)
    assert history.epoch == list(range(10, 50))


def test_short_trainings_are_run_as_they_stand(tracker: FitTracker) -> None:
    """Within their time, and with a loss that moves, nothing is ended and no list of callbacks is changed."""
    own: list[Any] = [keras.callbacks.TerminateOnNaN()]
    history = model(rate=0.5).fit(X, X, epochs=3, verbose=0, callbacks=own)
    record = tracker.records[-1]
    assert (record.epochs, record.epochs_asked, history.epoch, len(own)) == (3, 0, [0, 1, 2], 1)


def test_a_grade_ends_nothing() -> None:
    """Nobody but an inspection gives a tracker patience, or asks whose images they are."""
    assert (FitTracker().patience, FitTracker().origins) == (None, None)
    backends = (Path(patience.__file__).parent.parent / "session.py").read_text(encoding="utf-8")
    assert "patience" not in backends
