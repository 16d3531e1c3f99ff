"""A reference whose training takes a second, and an executor that makes its runs here and now."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from types import ModuleType
from typing import Any

import keras
import numpy as np
from keras import layers

from reference.contract import Autoencoder, Reference, reference_of


class Here(Executor):
    """Does at once what it is given, in this process, and remembers it."""

    def __init__(self) -> None:
        self.submitted: list[tuple[Any, ...]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted.append(args)
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future hands it on, as that of a process does
            future.set_exception(error)
        return future


def build(units: int = 2, activation: str | None = None) -> Autoencoder:
    """Image (28, 28) to `units` numbers and back."""
    encoder = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(units, activation=activation)])
    decoder = keras.Sequential([keras.Input((units,)), layers.Dense(784), layers.Reshape((28, 28))])
    return Autoencoder(encoder, decoder, keras.Sequential([encoder, decoder]))


def compile_model(autoencoder: keras.Model) -> None:
    """Nadam and the mean squared error."""
    autoencoder.compile(optimizer="nadam", loss="mse")


def training_split(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """64 images to train on."""
    return images[:64], images[64:]


def inputs_and_targets(images: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:
    """Images on both sides."""
    return images, images


def tiny(**changes: Any) -> Reference:
    """What a module offers as the contract wants it; `changes` replaces or adds names."""
    return reference_of(tiny_module(**changes))


def tiny_module(**changes: Any) -> ModuleType:
    """The module itself."""
    source = ModuleType("tiny")
    source.__dict__.update(
        {
            "ID": "tiny",
            "DATASET": "fashion_mnist",
            "CODE_SIZE": 2,
            "EPOCHS": 20,
            "BATCH_SIZE": 32,
            "PUBLISHED": "",
            "build": build,
            "compile_model": compile_model,
            "training_split": training_split,
            "inputs_and_targets": inputs_and_targets,
        }
        | changes
    )
    return source
