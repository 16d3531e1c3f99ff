"""Fixtures and options that every test may use; each test gets its own temporary folder."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data-size", choices=("sample", "full"), default="sample", help="data for the solutions")
    parser.addoption("--solution-language", choices=("es", "en"), default="es", help="language of the solutions")
    parser.addoption("--update-goldens", action="store_true", help="write the golden files anew instead of comparing")
