"""When something was handed in: what a platform wrote down, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from intake_samples import notebook_bytes, plant, zip_bytes

from grader.intake.platforms.platform_times import moment
from grader.intake.submissions import collect

TEN = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
ANA, LUIS = notebook_bytes("a = 1"), notebook_bytes("b = 2")


def times(workspace: Path, *paths: Path) -> list[tuple[str, datetime | None]]:
    """Student and time of every submission."""
    return [(one.student, one.submitted_at) for one in collect(paths, workspace)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01 10:00:00 Z", TEN),
        ("2026-03-01 10:00:00.000000000 Z", TEN),
        ("2026-03-01 05:00:00.000000000 -05:00", TEN),
        ("2026-03-01T05:00:00-0500", TEN),
        ("2026-03-01 10:00:00.250000 UTC\n", TEN.replace(microsecond=250_000)),
        ("2026-03-01 05:00:00.000000 America/Bogota", TEN),
        ("2026-03-01 10:00:00", TEN),
    ],
)
def test_a_moment_is_read_with_its_zone(text: str, expected: datetime) -> None:
    """Ruby's and nbgrader's ways to write it; both mean UTC where they name no zone."""
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-03-01", "2026-13-01 10:00:00 Z", "2026-03-01 10:00:00 CST", "2026-03-01 10:00:00 EST",
        "2026-03-01 10:00:00 Nowhere/Land", "2026-03-01 10:00:00 ../../etc/passwd", "2026-03-01 10:00:00 +99:00",
        "0001-01-01 00:00:00 +14:00", "2026-03-01 10:00:00 Z and more",
    ],
)  # fmt: skip
def test_what_is_not_certain_is_no_moment(text: str) -> None:
    """`CST` is in America and in China; nobody loses points for a guess."""
    assert moment(text) is None


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_gradescope_says_when(tmp_path: Path, packed: bool) -> None:
    """`:created_at` of each submission; None if it is missing."""
    metadata = (
        "submission_55:\n  :submitters:\n  - :name: Ana\n    :sid: '1'\n  :created_at: 2026-03-01 05:00:00.0 -05:00\n"
        "submission_56:\n  :submitters:\n  - :name: Luis\n    :sid: '2'\n"
    )
    files = {
        "assignment_9_export/submission_metadata.yml": metadata.encode(),
        "assignment_9_export/submission_55/t.ipynb": ANA,
        "assignment_9_export/submission_56/t.ipynb": LUIS,
    }
    given = plant(tmp_path / "given", files)
    if packed:
        given = tmp_path / "export.zip"
        given.write_bytes(zip_bytes(files))
    assert times(tmp_path / "work", given) == [("Ana-1", TEN), ("Luis-2", None)]


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("top", ["", "course/"])
def test_nbgrader_says_when(tmp_path: Path, packed: bool, top: str) -> None:
    """`timestamp.txt` beside the notebook; one that is no time, and one in another place, say nothing."""
    files = {
        f"{top}submitted/ana/ps1/t.ipynb": ANA,
        f"{top}submitted/ana/ps1/timestamp.txt": b"2026-03-01 10:00:00.000000 UTC",
        f"{top}submitted/eva/ps1/t.ipynb": notebook_bytes("c = 3"),
        f"{top}submitted/eva/ps1/timestamp.txt": b"\xff soon",
        f"{top}submitted/luis/ps1/t.ipynb": LUIS,
        f"{top}submitted/luis/ps1/mine/timestamp.txt": b"2026-03-01 10:00:00.000000 UTC",
    }
    given = plant(tmp_path / "given", files)
    if packed:
        given = tmp_path / "course.zip"
        given.write_bytes(zip_bytes(files))
    assert times(tmp_path / "work", given) == [("ana", TEN), ("eva", None), ("luis", None)]


def test_the_folder_submitted_itself_may_be_given(tmp_path: Path) -> None:
    """Then its name lies above what was found."""
    files = {"ana/ps1/t.ipynb": ANA, "ana/ps1/timestamp.txt": b"2026-03-01 10:00:00 UTC"}
    given = plant(tmp_path / "submitted", files)
    assert times(tmp_path / "work", given) == [("ana", TEN)]


def test_the_time_of_a_file_is_not_taken_for_it(tmp_path: Path) -> None:
    """It is that of a download or a copy: Moodle and Canvas name no time, and a plain notebook has none."""
    moodle = plant(tmp_path / "moodle", {"Ana_12_assignsubmission_file/t.ipynb": ANA})
    canvas = plant(tmp_path / "canvas", {"luis_LATE_1234_98765_t.ipynb": LUIS})
    for file in tmp_path.rglob("*.ipynb"):
        os.utime(file, (0, 0))
    assert times(tmp_path / "work", moodle) == [("Ana-12", None)]
    assert times(tmp_path / "work", canvas) == [("luis-1234", None)]


def test_a_student_cannot_say_when(tmp_path: Path) -> None:
    """A time stamp in a zip that a student handed in is the student's."""
    inner = zip_bytes({"submitted/ana/ps1/t.ipynb": ANA, "submitted/ana/ps1/timestamp.txt": b"2020-01-01 00:00:00 UTC"})
    given = plant(tmp_path / "given", {"Ana_12_assignsubmission_file/work.zip": inner})
    assert times(tmp_path / "work", given) == [("Ana-12", None)]
