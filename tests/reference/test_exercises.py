"""The two exercises on `simple-dense`: other optimizers, other losses."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from reference import losses, optimizers


def test_the_optimizers_are_those_of_the_exercise() -> None:
    """SGD with rate 0.01, momentum 0.9 and Nesterov as the course says; adadelta at the rate that its name meant."""
    sgd, adam, adadelta = (optimizers.make_optimizer(name) for name in optimizers.NAMES)
    assert (type(sgd).__name__, sgd.momentum, sgd.nesterov) == ("SGD", 0.9, True)
    assert float(sgd.learning_rate) == pytest.approx(0.01)
    assert (type(adam).__name__, float(adam.learning_rate)) == ("Adam", pytest.approx(0.001))
    assert (type(adadelta).__name__, float(adadelta.learning_rate)) == ("Adadelta", pytest.approx(1.0))


def test_the_rate_of_sgd_decays_as_the_old_decay_did() -> None:
    """The old `decay=1e-6` divided the rate by 1 + 1e-6·updates: by 2 after a million updates."""
    schedule = optimizers.make_optimizer("sgd")._learning_rate
    assert [float(schedule(step)) for step in (0, 1_000_000)] == pytest.approx([0.01, 0.005], rel=1e-5)


def test_keras_3_does_not_take_the_names_of_the_lecture() -> None:
    """The trap of the docstring is true: `lr=` is refused, `decay=` is ignored with a warning."""
    with pytest.raises(ValueError, match="lr"):
        keras.optimizers.SGD(lr=0.01)
    with pytest.warns(UserWarning, match="`decay` is no longer supported"):
        keras.optimizers.SGD(learning_rate=0.01, decay=1e-6)


def test_adadelta_by_name_has_a_thousandth_of_its_old_rate() -> None:
    """The trap that raises no error: 0.001 in Keras 3."""
    assert float(keras.optimizers.get("adadelta").learning_rate) == pytest.approx(0.001)


def test_the_comparison_trains_with_each_optimizer(digits, monkeypatch) -> None:
    """One loss for each epoch and optimizer; with rate 0.01 SGD is behind Adam after two epochs (two of the three)."""
    monkeypatch.setattr(optimizers, "NAMES", ("sgd", "adam"))
    found = optimizers.compare(digits[:240], epochs=2)
    assert {name: len(values) for name, values in found.items()} == {"sgd": 2, "adam": 2}
    assert found["sgd"][-1] > found["adam"][-1]


def test_epochs_needed_is_the_first_at_or_below_the_goal() -> None:
    """By hand; None if the goal was never reached."""
    assert optimizers.epochs_needed([0.3, 0.2, 0.1, 0.2], 0.2) == 2
    assert optimizers.epochs_needed([0.3, 0.2], 0.1) is None


def test_an_unknown_name_is_refused() -> None:
    """A misspelt optimizer or loss is an error, and no silent default."""
    with pytest.raises(KeyError, match="adamax"):
        optimizers.make_optimizer("adamax")
    with pytest.raises(KeyError, match="huber"):
        losses.compile_model(losses.build().autoencoder, loss="huber")


def test_the_yardsticks_are_means_over_pixels_and_images() -> None:
    """By hand for one pixel at 1 predicted 0.8 and one at 0 predicted 0.4."""
    found = losses.yardsticks(np.array([[1.0, 0.0]]), np.array([[0.8, 0.4]]))
    expected = {
        "mse": (0.04 + 0.16) / 2,
        "mae": (0.2 + 0.4) / 2,
        "binary_crossentropy": -(np.log(0.8) + np.log(0.6)) / 2,
    }
    assert found == pytest.approx(expected)


def test_a_perfect_copy_of_mnist_has_a_cross_entropy_near_0_058(digits) -> None:
    """The floor that the docstring of `simple-dense` names: 0.0583 on MNIST's test images, measured before."""
    flat = digits.reshape(len(digits), -1)
    assert losses.yardsticks(flat, flat)["binary_crossentropy"] == pytest.approx(0.0583, abs=0.003)


def test_the_comparison_judges_each_network_by_every_yardstick(digits, monkeypatch) -> None:
    """Three numbers for each network; the one trained for the mean absolute error goes for the median, black."""
    monkeypatch.setattr(losses, "NAMES", ("mse", "mae"))
    found = losses.compare(digits[:240], epochs=3)
    assert {name: set(values) for name, values in found.items()} == {
        "mse": {"mse", "mae", "binary_crossentropy"},
        "mae": {"mse", "mae", "binary_crossentropy"},
    }
    assert found["mae"]["mae"] < found["mse"]["mae"]
