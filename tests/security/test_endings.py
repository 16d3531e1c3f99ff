"""How a run ends: time, memory, signals, and what it started."""

from __future__ import annotations

from pathlib import Path

import pytest
from laboratory import Trial, cases, make_sandbox, run
from trials import ENDINGS


@pytest.mark.parametrize(("backend", "trial"), cases(ENDINGS))
def test_trial(backend: str, trial: Trial, tmp_path: Path) -> None:
    """The rule of each trial holds in every backend that claims it."""
    trial.holds(run(make_sandbox(backend), trial.cells, tmp_path, trial.limits))
