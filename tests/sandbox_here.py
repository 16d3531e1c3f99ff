"""Whether this machine has a sandbox that works, for tests that need a real one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.domain.ports import Sandbox
from grader.sandbox.backends import BubblewrapSandbox, OpenMachine
from grader.sandbox.bubblewrap import SandboxUnavailableError, find_bubblewrap


def sandbox_is_missing() -> bool:
    """Whether no sandbox works here."""
    try:
        find_bubblewrap()
    except SandboxUnavailableError:
        return True
    return False


needs_sandbox = pytest.mark.skipif(sandbox_is_missing(), reason="no sandbox works here: `grader doctor` says why")


def make_sandbox(name: str, files: Mapping[str, Path]) -> Sandbox:
    """Return the place of this name where notebooks run, with these data files; skip the test where it does not work."""
    if name == "open machine":
        return OpenMachine(files, threads=1)
    try:
        return BubblewrapSandbox(find_bubblewrap(), files, threads=1)
    except SandboxUnavailableError as error:
        pytest.skip(f"no sandbox on this machine: {error.reason.msgid}")
