"""Says at the end how many examples of each kind were tried."""

from __future__ import annotations

import pytest
from fuzz_targets import COUNTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if COUNTS:
        terminalreporter.write_line("fuzzing: " + ", ".join(f"{name} {COUNTS[name]:,}" for name in sorted(COUNTS)))
