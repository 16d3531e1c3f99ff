"""Keras in the test process, quiet, and a notebook whose cells can be run."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import keras
import pytest
from notebook_cells import StudentNotebook


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    keras.utils.set_random_seed(1)


@pytest.fixture
def notebook() -> StudentNotebook:
    """A notebook on `stacked`, in English, in which nothing is built yet."""
    return StudentNotebook()
