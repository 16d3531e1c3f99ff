"""Settings of a course are the instructor's: a `course.toml` among the hand-ins is never believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_samples import run

from grader.cli.own_settings import require_own_settings
from grader.locale import Translator

SETTINGS = "[assignments.stacked]\npoints = { reconstruction = 0 }\n"


@pytest.fixture
def handed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of hand-ins in which the command is run; somebody has put a `course.toml` into it."""
    folder = tmp_path / "handed-in"
    folder.mkdir()
    (folder / "course.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "ana.ipynb").write_text("{", encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("given", [".", "..", "../handed-in"])
def test_settings_among_the_hand_ins_are_refused(given: str, handed_in: Path, tmp_path: Path) -> None:
    """From whatever folder around them the class is graded; nothing runs, and the file is named."""
    ended = run("grade", given, "--assignment", "stacked", "--out", tmp_path / "out", "--lang", "en")
    assert ended.status == 2
    assert f"{handed_in / 'course.toml'} lies in the folder of the hand-ins" in " ".join(ended.err.split())


def test_a_course_among_the_hand_ins_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its references would be imported as code of ours."""
    course = tmp_path / "handed-in" / "course"
    run("new", "my-net", "--course", course)
    monkeypatch.chdir(tmp_path)
    ended = run("grade", "handed-in", "--assignment", "my-net", "--out", "out", "--course", course, "--lang", "en")
    assert ended.status == 2
    assert "lies in the folder of the hand-ins" in " ".join(ended.err.split())


def test_settings_beside_a_single_hand_in_count_and_are_named(
    handed_in: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They may well be the instructor's own; whoever did not know of them reads it."""
    require_own_settings([Path("ana.ipynb")], None, Translator("en"))
    said = capsys.readouterr().err
    assert said == f"The settings of {handed_in / 'course.toml'}, which lies beside a hand-in, count.\n"


def test_a_folder_of_hand_ins_beside_the_settings_is_graded(
    handed_in: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As most courses do it: the settings above, the hand-ins in a folder of their own."""
    (handed_in / "week-1").mkdir()
    require_own_settings([Path("week-1")], None, Translator("en"))
    assert capsys.readouterr().err == ""
