"""Packages of somebody else, as pip would install them: modules, and the metadata that names their entry points."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent


def install(folder: Path, modules: Mapping[str, str], entry_points: Mapping[str, Mapping[str, str]]) -> Path:
    """Write a package `toy` 1.0 into a folder that then only has to be on Python's path.

    Args:
        folder: Where; made if it is not there.
        modules: Source by module.
        entry_points: By group, what each name stands for (`toy_check:CHECK`).
    """
    metadata = folder / "toy-1.0.dist-info"
    metadata.mkdir(parents=True)
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source, "utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n", "utf-8")
    lines = [
        f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in names.items()) for group, names in entry_points.items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines), "utf-8")
    return folder


def run_with(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with a package of `install` beside ours and our tests' samples, and return what it printed."""
    path = os.pathsep.join([str(folder), str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
