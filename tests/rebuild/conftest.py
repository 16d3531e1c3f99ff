"""Keras in the test process: quiet, imported once, with linear algebra that does not fight over cores."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Iterator
from types import SimpleNamespace

import keras
import pytest
import threadpoolctl

from grader.rebuild.quantities import reference_data
from reference import data


@pytest.fixture(autouse=True)
def few_threads() -> Iterator[None]:
    """The variable above comes too late where another test has imported NumPy already."""
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    keras.utils.set_random_seed(1)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the probe find named and fitted models only: this process is full of other tests' models."""
    monkeypatch.setattr("grader.probe.export.gc", SimpleNamespace(get_objects=list))


@pytest.fixture
def shipped_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user without data sets of their own."""
    monkeypatch.setattr(data, "search_places", lambda folder=None: [])
    reference_data._images.cache_clear()
    yield
    reference_data._images.cache_clear()
