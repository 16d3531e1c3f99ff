"""What an observation depends on is in its key: the code that runs and measures is, a check is not."""

from __future__ import annotations

from pathlib import Path

import pytest

import grader
from grader.settings_key import OBSERVING, observing_digest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with the parts of ours."""
    for part in (*OBSERVING, "checks", "report"):
        if part.endswith(".py"):
            (tmp_path / part).write_text("1\n", encoding="utf-8")
        else:
            (tmp_path / part / "inner").mkdir(parents=True)
            (tmp_path / part / "inner" / "module.py").write_text("1\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("part", OBSERVING)
def test_a_change_of_what_observes_runs_everything_again(package: Path, part: str) -> None:
    """A correction there may change what is measured."""
    before = observing_digest(package)
    changed = package / part if part.endswith(".py") else package / part / "inner" / "module.py"
    changed.write_text("2\n", encoding="utf-8")
    assert observing_digest(package) != before


@pytest.mark.parametrize("part", ["checks", "report"])
def test_a_corrected_check_is_applied_to_what_was_observed(package: Path, part: str) -> None:
    """Points are given anew each time, so nothing has to run."""
    before = observing_digest(package)
    (package / part / "inner" / "module.py").write_text("2\n", encoding="utf-8")
    assert observing_digest(package) == before


def test_every_part_that_observes_is_there() -> None:
    """A folder that is renamed must be renamed here as well."""
    root = Path(grader.__file__).parent
    assert [part for part in OBSERVING if not (root / part).exists()] == []
