"""The check that CONTRIBUTING.md shows: it runs as it stands there, in a rubric beside the others."""

from __future__ import annotations

from typing import Any

import pytest
from contributing_page import FIFTEEN_LINES

from grader.checks.core.check import Check
from grader.checks.core.subject import Subject
from grader.domain.grade import Outcome

from .builders import COMPLETED, FACTS, dense_chain, item, measured, models


@pytest.fixture
def example() -> Check:
    """The check of the page."""
    names: dict[str, Any] = {}
    exec(FIFTEEN_LINES, names)  # noqa: S102 - it is our own text
    (check,) = names["CHECKS"]
    assert isinstance(check, Check)
    return check


@pytest.mark.parametrize(("width", "outcome"), [(100, Outcome.PASSED), (500, Outcome.FAILED)])
def test_the_check_in_fifteen_lines_runs(example: Check, width: int, outcome: Outcome) -> None:
    """163,814 parameters are few enough, 815,814 are not; and the finding says where to look."""
    found = models(dense_chain(width, 30, width, 784))
    verdict = example.function(Subject(COMPLETED, measured(found), FACTS), item("small"))
    assert (example.id, verdict.outcome) == ("small", outcome)
    assert (verdict.share == 1) is (outcome is Outcome.PASSED)
    assert len(verdict.findings) == (outcome is Outcome.FAILED)


def test_the_check_is_as_short_as_it_says() -> None:
    """Without imports and empty lines."""
    lines = [line for line in FIFTEEN_LINES.splitlines() if line.strip() and not line.startswith("from ")]
    assert len(lines) <= 15
