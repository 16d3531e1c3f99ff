"""The reference modules of the course, and how tests read a Keras model as rows of a layer table."""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

import keras

from reference.contract import IDS as IDS
from reference.contract import Autoencoder

KERAS_IDS = tuple(name for name in IDS if name != "from-scratch")
"""Every id of the course's table that is a Keras model, in its order."""

Row = tuple[str, tuple[int | None, ...], int]
"""Kind (Keras's class name), shape of one sample of the output, parameters."""


def reference(name: str) -> ModuleType:
    """Import `reference/some_id.py` for `some-id`."""
    return importlib.import_module(f"reference.{name.replace('-', '_')}")


@functools.cache
def built(name: str) -> Autoencoder:
    """Build a reference once for all tests that only look at it; tests that compile or train build their own."""
    models: Autoencoder = reference(name).build()
    return models


def rows(model: keras.Model) -> list[Row]:
    """Return the layer table of a model without nested models; the input is no row."""
    return [
        (type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
        if not isinstance(layer, keras.layers.InputLayer)
    ]
