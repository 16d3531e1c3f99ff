"""What a kernel leaves behind on our disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Trial, cases, make_sandbox, run
from trials import FOLDERS

from grader.domain.folders import private_folder


@pytest.fixture
def lent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Lend the folder that the pipeline lends to a run, and see that nothing of it is left afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with private_folder() as folder:
        yield folder
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("backend", "trial"), cases(FOLDERS))
def test_trial(backend: str, trial: Trial, lent: Path) -> None:
    """The rule of each trial holds in every backend that claims it."""
    trial.holds(run(make_sandbox(backend), trial.cells, lent, trial.limits))
