"""The check that CONTRIBUTING.md shows: it runs as it stands there, in a rubric beside the others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from grader.checks import registry
from grader.checks.core.subject import Subject
from grader.checks.registry import run_checks
from grader.domain.grade import Outcome

from .builders import COMPLETED, FACTS, dense_chain, item, measured, models

PAGE = (Path(__file__).parent.parent.parent / "CONTRIBUTING.md").read_text("utf-8")
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> registry.Check:
    """The check of the page, named in the registry as the page says."""
    names: dict[str, Any] = {}
    exec(CODE, names)  # noqa: S102 - it is our own text
    check = names["CHECK"]
    assert isinstance(check, registry.Check)
    monkeypatch.setattr(registry, "CHECKS", {**registry.CHECKS, check.id: check})
    return check


@pytest.mark.parametrize(("width", "outcome"), [(100, Outcome.PASSED), (500, Outcome.FAILED)])
def test_the_check_in_fifteen_lines_runs(example: registry.Check, width: int, outcome: Outcome) -> None:
    """163,814 parameters are few enough, 815,814 are not; and the student is told where to look."""
    found = models(dense_chain(width, 30, width, 784))
    rubric = (item("runs"), item(example.id, requires=("runs",)))
    runs, small = run_checks(rubric, Subject(COMPLETED, measured(found), FACTS))
    assert (runs.outcome, small.check, small.outcome) == (Outcome.PASSED, "small", outcome)
    assert (small.points_awarded == small.points_possible) is (outcome is Outcome.PASSED)
    assert len(small.findings) == (outcome is Outcome.FAILED)


def test_the_check_is_as_short_as_it_says() -> None:
    """Without imports and empty lines."""
    lines = [line for line in CODE.splitlines() if line.strip() and not line.startswith("from ")]
    assert len(lines) <= 15
