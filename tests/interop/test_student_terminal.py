"""`grader check NOTEBOOK` as a student has it: a fresh folder, no sandbox program, no course around it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tools import ROOT, Generated

pytestmark = pytest.mark.interop


def checked(notebook: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the command with nothing of this machine's on the path."""
    environment = {**os.environ, "PATH": str(home), "HOME": str(home), "PYTHONPATH": str(ROOT)}
    program = "import sys; from grader.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, "check", notebook.name, "--lang", "es", "--data-size", "sample"],
        cwd=notebook.parent,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1200,
        check=False,
    )


@pytest.mark.parametrize(
    ("solution", "status", "points"), [(False, 1, "0 de 100 puntos"), (True, 0, "100 de 100 puntos")]
)
def test_a_notebook_is_checked_in_an_empty_folder_without_a_sandbox(
    *, solution: bool, status: int, points: str, tmp_path: Path, generated: Generated
) -> None:
    """The status tells whether something is missing, the text what, and the folder holds what it held."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    notebook = work / "linear-pca.ipynb"
    notebook.write_text(generated("linear-pca", "es", solution=solution), encoding="utf-8")
    before = notebook.read_bytes()

    reported = checked(notebook, home)

    assert reported.returncode == status, reported.stdout + reported.stderr
    assert points in reported.stdout
    for words in ("Se ejecutó sin el entorno aislado (sandbox).", "NotImplementedError"):  # how it ran, if not well
        assert (words in " ".join(reported.stdout.split())) is not solution
    assert notebook.read_bytes() == before
    assert [path.name for path in work.iterdir()] == ["linear-pca.ipynb"]
