"""Shortens the one wait that a trial cannot choose."""

from __future__ import annotations

import pytest
from laboratory import WARM, warm_process

from grader.sandbox import driver


@pytest.fixture(scope="session", autouse=True)
def begin_warm() -> None:
    """Start the process that forks kernels before a test lends it a folder for temporary files."""
    if WARM:
        with warm_process().run_folder():
            pass


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a kernel that was interrupted two seconds to show it, instead of fifteen."""
    monkeypatch.setattr(driver, "INTERRUPT_SECONDS", 2.0)
