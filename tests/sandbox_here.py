"""Whether this machine has a sandbox that works, for tests that need a real one."""

from __future__ import annotations

import pytest

from grader.sandbox.bubblewrap import SandboxUnavailableError, find_bubblewrap


def sandbox_is_missing() -> bool:
    """Whether no sandbox works here."""
    try:
        find_bubblewrap()
    except SandboxUnavailableError:
        return True
    return False


needs_sandbox = pytest.mark.skipif(sandbox_is_missing(), reason="no sandbox works here: `grader doctor` says why")
