"""Keras in the test process, quiet."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from types import SimpleNamespace

import keras
import pytest


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    keras.utils.set_random_seed(1)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the probe find named and fitted models only: this process is full of other tests' models."""
    monkeypatch.setattr("grader.probe.export.gc", SimpleNamespace(get_objects=list))
