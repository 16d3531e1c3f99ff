"""Fixtures and options that every test may use; each test gets its own temporary folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

PUBLISHED_VARIABLE = "AUTOENCODER_GRADER_PUBLISHED"
"""The same as `grader.authoring.bundle.PUBLISHED_VARIABLE`, which is not imported for every test."""


@pytest.fixture(autouse=True)
def nothing_published_stays() -> Iterator[None]:
    """A published assignment hands constants on by the environment; the next test knows nothing of them."""
    yield
    os.environ.pop(PUBLISHED_VARIABLE, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data-size", choices=("sample", "full"), default="sample", help="data for the solutions")
    parser.addoption("--no-accelerate", action="store_true", help="train the solutions to their end")
    parser.addoption("--solution-language", choices=("es", "en"), default="es", help="language of the solutions")
    parser.addoption("--update-goldens", action="store_true", help="write the golden files anew instead of comparing")
