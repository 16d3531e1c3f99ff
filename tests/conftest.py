"""Fixtures and options that every test may use; each test gets its own temporary folder."""

from __future__ import annotations

import os

import pytest
from skips import expected_skips, skips, summary, unexpected


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data-size", choices=("sample", "full"), default="sample", help="data for the solutions")
    parser.addoption("--no-accelerate", action="store_true", help="train the solutions to their end")
    parser.addoption("--solution-language", choices=("es", "en"), default="es", help="language of the solutions")
    parser.addoption("--update-goldens", action="store_true", help="write the golden files anew instead of comparing")
    parser.addoption(
        "--strict-skips",
        action="store_true",
        default=bool(os.environ.get("CI")),
        help="fail where a test was skipped that tests/expected_skips.toml does not name",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = list(skips(terminalreporter.stats.get("skipped", [])))
    if found:
        terminalreporter.section("skipped tests")
        for line in summary(found, expected_skips()):
            terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or exitstatus != pytest.ExitCode.OK or not session.config.getoption("--strict-skips"):
        return
    if unexpected(skips(reporter.stats.get("skipped", [])), expected_skips()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
