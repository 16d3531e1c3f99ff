"""A check of another package: named in a rubric like ours, and no reason to stop where that package is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checks.reading import english
from contributing_page import FIFTEEN_LINES
from toy_packages import install, run_with

from grader.checks.check_registry import GROUP, Checks
from grader.domain.grade import Outcome
from grader.domain.plugins import plug_ins

GRADE = """
import json
import sys
from dataclasses import replace
from pathlib import Path

from checks import builders
from grading_samples import ASSIGNMENT, context, submission
from grader.pipeline import grade_submission

rubric = (*ASSIGNMENT.rubric, builders.item("small", points=7.0, requires=("runs",)))
graded = grade_submission(submission(Path(sys.argv[1])), context(assignment=replace(ASSIGNMENT, rubric=rubric)))
last = graded.grade.results[-1]
print(json.dumps([graded.fault, last.check, last.outcome.value, last.points_awarded, graded.grade.points_awarded]))
"""
"""Grades one hand-in, the course's stacked autoencoder, with the samples of the pipeline's own tests."""


def test_a_hand_in_is_graded_with_a_check_of_another_package(tmp_path: Path) -> None:
    """The check of CONTRIBUTING.md, as it stands there, in a package of its own: no file of ours knows it."""
    toy = install(tmp_path / "site", {"toy_check": FIFTEEN_LINES}, {GROUP: {"small": "toy_check:CHECKS"}})
    done = run_with(toy, "-c", GRADE, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["", "small", Outcome.PASSED.value, 7.0, 107.0]


def test_a_rubric_without_the_package_is_refused() -> None:
    """Where the package is not installed the check is unknown, and grading does not begin."""
    assert "small" not in Checks()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's path."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


def test_our_checks_stay_when_a_package_is_broken(site: Path) -> None:
    """It is reported with its name and reason; an object of another type and a name that is taken are reported, too."""
    sources = {
        "toy_broken": "import a_module_that_nobody_has",
        "toy_wrong": "CHECK = 7",
        "toy_taken": "from grader.checks.core.check import Check\nCHECK = Check('runs', None)",
    }
    install(site, sources, {GROUP: {name: f"{name}:CHECK" for name in sources}})
    checks = Checks()
    assert set(checks) == set(Checks()) == {one for one in checks if checks[one].function is not None}
    assert [(one.name, one.package, english(one.reason)) for one in checks.broken] == [
        ("toy_broken", "toy", "ModuleNotFoundError: No module named 'a_module_that_nobody_has'"),
        ("toy_wrong", "toy", "TypeError: toy_wrong:CHECK is no Check, but int"),
        ("runs", "", "there is another check of this name"),
    ]


def test_a_group_that_nobody_offers_anything_in_is_empty() -> None:
    """As on most machines."""
    found = plug_ins("autoencoder_grader.no_such_group", int)
    assert (found.objects, found.broken) == ((), ())
