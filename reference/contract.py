"""What every module of `reference/` offers, so that one loop can build, train and calibrate them all."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any, NamedTuple

IDS = ("stacked",)
"""Ids of the references that exist, in the order of the course; `some-id` lives in `reference/some_id.py`."""


class Autoencoder(NamedTuple):
    """The three models of the lecture; `autoencoder(x)` is `decoder(encoder(x))` with the same layers.

    Attributes:
        encoder: Image to code.
        decoder: Code to image.
        autoencoder: Image to image.
    """

    encoder: Any
    decoder: Any
    autoencoder: Any


def module(reference: str) -> ModuleType:
    """Import the module of a reference.

    Each has: `ID`, `DATASET`, `CODE_SIZE`, `EPOCHS`, `BATCH_SIZE`, `PUBLISHED`, and the functions
    `build() -> Autoencoder`, `compile_model(autoencoder)`, `training_split(images) -> (train, validation)` and
    `inputs_and_targets(images, rng) -> (x, y)`.

    Raises:
        KeyError: No reference has this id.
    """
    if reference not in IDS:
        raise KeyError(reference)
    return importlib.import_module(f"reference.{reference.replace('-', '_')}")
