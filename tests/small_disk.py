"""A real file system of a few KiB, so that a disk is really full."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, *, size_kib: int) -> Iterator[Path]:
    """Mount a tmpfs at `folder`; skips the test where that is not allowed (it needs root)."""
    folder.mkdir()
    if _mount("-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)) != 0:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "umount", str(folder)], check=True)


def resize(folder: Path, *, size_kib: int) -> None:
    """Make room on it."""
    assert _mount("-o", f"remount,size={size_kib}k", str(folder)) == 0


def _mount(*arguments: str) -> int:
    program = shutil.which("mount")
    if program is None:
        pytest.skip("there is no mount command")
    return subprocess.run([program, *arguments], capture_output=True, check=False).returncode
