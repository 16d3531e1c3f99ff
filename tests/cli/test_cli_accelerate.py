"""`grade` shortens trainings by default; the session then has a faster zone K beside the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_samples import run

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.checks.shortening import acceleration_of
from grader.cli import grading
from grader.domain.datasets import DataSize
from grader.sandbox.backends import OpenMachine
from grader.session import SessionOptions, open_session


@pytest.mark.parametrize(
    ("said", "accelerates"), [((), True), (("--accelerate",), True), (("--no-accelerate",), False)]
)
def test_grade_accelerates_unless_it_is_told_not_to(
    said: tuple[str, ...], accelerates: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The option reaches the session."""
    seen: list[SessionOptions] = []

    def remember(paths: Any, assignment: str, out: Path, options: SessionOptions, **_: Any) -> None:
        del paths, assignment, out
        seen.append(options)

    monkeypatch.setattr(grading, "grade_paths", remember)
    assert run("grade", tmp_path, "--assignment", "stacked", "--out", tmp_path / "out", *said).status == 0
    assert [options.accelerate for options in seen] == [accelerates]


def test_an_accelerating_session_has_both_kinds_of_zone() -> None:
    """The terms are those of the assignment and of the data that the notebooks see; the other zone has none."""
    stacked, facts = load_assignment("stacked"), load_facts("stacked")
    options = SessionOptions(sandbox="none", data_size=DataSize.SAMPLE, jobs=1, accelerate=True)
    with open_session(stacked, facts, options) as session:
        whole, fast = session.context.sandbox, session.context.fast
    assert isinstance(whole, OpenMachine)
    assert isinstance(fast, OpenMachine)
    assert whole.acceleration is None
    assert fast.acceleration == acceleration_of(session.context.assignment, facts, "sample")
    assert fast.acceleration.early_end is not None
