"""Shortens the one wait that a trial cannot choose."""

from __future__ import annotations

import pytest

from grader.sandbox import driver


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a kernel that was interrupted two seconds to show it, instead of fifteen."""
    monkeypatch.setattr(driver, "INTERRUPT_SECONDS", 2.0)
