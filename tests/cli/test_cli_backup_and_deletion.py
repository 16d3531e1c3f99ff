"""`grader backup`, `restore`, `student-data` and `delete-student` at the command line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from cli_samples import run
from regrading_samples import points, write_judged_otherwise


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Results of a class of two."""
    return write_judged_otherwise(tmp_path)


def test_a_class_goes_into_a_file_and_back(out: Path, tmp_path: Path) -> None:
    """What was written is reported, and a second time there is something already."""
    made = run("backup", tmp_path / "class.zip", "--out", out, "--lang", "en")
    assert made.status == 0
    assert made.out.startswith(f"{tmp_path / 'class.zip'}: 2 hand-ins, ")
    back = tmp_path / "back"
    assert run("restore", tmp_path / "class.zip", "--out", back, "--lang", "en").status == 0
    assert points(back) == points(out)
    again = run("restore", tmp_path / "class.zip", "--out", back, "--lang", "en")
    assert (again.status, again.err) == (
        2, f"{back} holds something already. Restore into an empty or a new folder.\n",
    )  # fmt: skip


def test_a_student_gets_a_file_and_is_deleted_only_with_yes(out: Path, tmp_path: Path) -> None:
    """Without it, what would be deleted is shown and nothing is."""
    given = run("student-data", "bruno", "--to", tmp_path / "bruno.zip", "--out", out, "--lang", "en")
    assert given.status == 0
    assert "holds everything about bruno: 1 hand-ins" in given.out
    with zipfile.ZipFile(tmp_path / "bruno.zip") as archive:
        assert "student.json" in archive.namelist()
    shown = run("delete-student", "bruno", "--out", out, "--lang", "en")
    assert shown.out.startswith("This would delete of bruno: 1 hand-ins, 1 grades")
    assert set(points(out)) == {"ana", "bruno"}
    asked = run("delete-student", "bruno", "--yes", "--out", out, "--lang", "en")
    assert (asked.status, asked.err) == (2, "Why? A decision needs a reason, which the student can read.\n")
    gone = run("delete-student", "bruno", "--yes", "--reason", "asked for it", "--out", out, "--lang", "en")
    assert (gone.status, set(points(out))) == (0, {"ana"})
    assert "bruno" not in (out / "grades.json").read_text("utf-8")
    assert [path.name for path in (out / "reports").iterdir()] == ["ana.html"]


def test_a_name_that_nobody_has_is_refused(out: Path, tmp_path: Path) -> None:
    """By both, and no file is written."""
    for command in (("student-data", "eva", "--to", tmp_path / "eva.zip"), ("delete-student", "eva", "--yes")):
        ended = run(*command, "--out", out, "--reason", "why") if "--yes" in command else run(*command, "--out", out)
        assert ended.status == 2
    assert not (tmp_path / "eva.zip").exists()


def test_names_are_understood_as_they_are_shown(tmp_path: Path) -> None:
    """With the platform's id in brackets, or without it and without accents; deleting asks for the whole name."""
    out = write_judged_otherwise(tmp_path, ("Ana Gómez-105", "bruno"))
    assert run("review", "ana gomez", "--out", out, "--lang", "en").out.lstrip().startswith("Ana Gómez (105)")
    assert run("student-data", "Ana Gómez", "--to", tmp_path / "ana.zip", "--out", out).status == 0
    assert run("delete-student", "ana gomez", "--yes", "--reason", "x", "--out", out, "--lang", "en").status == 2
    assert run("delete-student", "Ana Gómez (105)", "--yes", "--reason", "x", "--out", out).status == 0
    assert set(points(out)) == {"bruno"}
