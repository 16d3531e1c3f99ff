"""What `course.toml` changes in assignments, the shipped ones above all, without copying them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment
from grader.authoring.configured import load_configured
from grader.authoring.errors import AuthoringError
from grader.authoring.notebooks import generate
from grader.domain.assignment import DuePolicy

COURSE = """\
language = "en"

[assignments.all]
scale = { kind = "1-7" }
late = { percent_per_day = 10, percent_maximum = 50, grace_minutes = 15, refuse_after_days = 7 }
limits = { notebook_seconds = 7200 }

[assignments.stacked]
due = 2026-12-01T23:59:00-05:00
points = { code_size = 20, reconstruction = 30 }
limits = { cell_seconds = 1200 }
compat = true
title.es = "Taller 3"

[assignments.stacked.text.es]
goal = "Otra meta: {{ reference.CODE_SIZE }} números."
"""


def settings(folder: Path, text: str) -> Path:
    """A folder with this `course.toml`."""
    (folder / "course.toml").write_text(text, "utf-8")
    return folder


def test_every_setting_lies_on_top_of_the_assignments_own_file(tmp_path: Path) -> None:
    """For all, and for one before all; what is not said stays."""
    before, found = load_assignment("stacked"), load_configured("stacked", settings=settings(tmp_path, COURSE))
    due = datetime(2026, 12, 2, 4, 59, tzinfo=UTC)
    assert found.due == DuePolicy(due, 15, 10.0, 50.0, 7)
    assert (found.scale_minimum, found.scale_maximum, found.scale_decimals) == (1.0, 7.0, 1)
    assert {item.check: item.points for item in found.rubric} == {
        item.check: {"code_size": 20.0, "reconstruction": 30.0}.get(item.check, item.points) for item in before.rubric
    }
    assert (found.limits.notebook_seconds, found.limits.cell_seconds) == (7200, 1200)
    assert found.limits.memory_mib == before.limits.memory_mib
    assert (found.compat, found.language) == (True, "en")
    assert found.title == before.title | {"es": "Taller 3"}
    assert found.texts["en"] == before.texts["en"]
    assert "Otra meta: 30 números." in generate(found, language="es", solution=False)


def test_points_make_a_grade_stale_and_a_due_date_does_not(tmp_path: Path) -> None:
    """As in the assignment's own file."""
    before = load_assignment("stacked").rubric_hash
    due = "[assignments.stacked]\ndue = 2026-12-01T23:59:00-05:00\n"
    assert load_configured("stacked", settings=settings(tmp_path, due)).rubric_hash == before
    points = "[assignments.stacked.points]\nruns = 6\n"
    assert load_configured("stacked", settings=settings(tmp_path, points)).rubric_hash != before


@pytest.mark.parametrize("assignment", assignment_ids())
def test_every_shipped_assignment_can_be_configured(tmp_path: Path, assignment: str) -> None:
    """A due date, a scale and points of its first check; without the file it is what it was."""
    assert load_configured(assignment, settings=tmp_path) == load_assignment(assignment)
    check = load_assignment(assignment).rubric[0].check
    text = (
        f'[assignments.{assignment}]\ndue = 2026-12-01T23:59:00Z\nscale = {{ kind = "0-20" }}\npoints.{check} = 1.5\n'
    )
    found = load_configured(assignment, settings=settings(tmp_path, text))
    assert (found.rubric[0].points, found.scale_maximum) == (1.5, 20.0)
    assert found.due is not None


WRONG = """\
[assignments.stakced]
due = 2026-12-01T23:59:00Z
"""
WRONG_KEYS = """\
colour = "red"
[assignments.all]
scale = { minimum = 3 }
[assignments.stacked]
due = 2026-12-01T23:59:00
points = { runs = 0 }
pionts = 3
late = { per_day = 10 }
"""
WRONG_NAMES = """\
[assignments.stacked.points]
codesize = 10
[assignments.stacked.text.es]
gaol = "x"
"""


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (WRONG, ["1: assignments.stakced: there is no assignment stakced; did you mean stacked?"]),
        (
            WRONG_KEYS,
            [
                "1: colour: this key is unknown; known here: language, assignments, publication.",
                "3: assignments.all.scale.minimum: a minimum needs a maximum above it.",
                (
                    "5: assignments.stacked.due: must be a date and time with its time zone, such as "
                    "2026-12-01T23:59:00-05:00, found 2026-12-01T23:59:00."
                ),
                "6: assignments.stacked.points.runs: must be greater than 0.0, found 0.",
                (
                    "7: assignments.stacked.pionts: this key is unknown; known here: due, late, scale, limits, points, compat, "
                    "title, text."
                ),
                (
                    "8: assignments.stacked.late.per_day: this key is unknown; known here: grace_minutes, percent_per_day, "
                    "percent_maximum, refuse_after_days."
                ),
            ],
        ),
        (
            WRONG_NAMES,
            [
                "2: assignments.stacked.points.codesize: codesize is not a check of this rubric; did you mean code_size?",
                "4: assignments.stacked.text.es.gaol: the notebook has no text gaol; did you mean goal?",
            ],
        ),
    ],
    ids=["assignment", "keys", "names"],
)
def test_mistakes_are_told_together_with_their_lines(tmp_path: Path, text: str, reported: list[str]) -> None:
    """Unknown assignments, keys, checks and texts; types and bounds."""
    with pytest.raises(AuthoringError) as caught:
        load_configured("stacked", settings=settings(tmp_path, text))
    first, *rest = str(caught.value).splitlines()
    assert first == "The settings of the course cannot be used. To be fixed:"
    assert sorted(line.strip().removeprefix(f"{tmp_path}/course.toml:") for line in rest) == reported


def test_the_example_of_the_readme_is_understood(tmp_path: Path) -> None:
    """As it stands there."""
    readme = (Path(__file__).parents[2] / "docs" / "author.en.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    found = load_configured("stacked", settings=settings(tmp_path, text))
    assert (found.scale_maximum, found.language) == (20.0, "es")
    assert found.due is not None
    assert found.due.late_percent_maximum == 50
