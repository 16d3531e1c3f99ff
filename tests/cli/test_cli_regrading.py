"""`grader regrade`: points anew from what was observed, shown as old → new, and kept beside the old ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_samples import run
from regrading_samples import points, write_judged_otherwise


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Results of a class of two, of whom ana's run is on record."""
    return write_judged_otherwise(tmp_path)


def test_old_and_new_points_are_shown_and_kept(out: Path) -> None:
    """The grades of the class and the reports follow; what was never observed stays and is counted."""
    before = points(out)
    ended = run("regrade", "--out", str(out), "--lang", "en")
    assert ended.status == 0
    assert ended.out.splitlines()[1].startswith("ana")
    assert "→" in ended.out
    assert ended.out.splitlines()[-1] == (
        "1 of 2 grades changed. Of 1 nothing is known of the run, so they stay: grade them again with `grader grade`."
    )
    assert points(out) == before | {"ana": 100.0}
    grades = json.loads((out / "grades.json").read_text(encoding="utf-8"))["grades"]
    assert {one["student"]: one["points_awarded"] for one in grades} == points(out)
    assert {file.name for file in (out / "reports").iterdir()} == {"ana.html", "bruno.html"}


def test_a_dry_run_keeps_nothing(out: Path) -> None:
    """The same table, and gradebook and files as before."""
    before, written = points(out), (out / "grades.json").read_bytes()
    ended = run("regrade", "--out", str(out), "--dry-run", "--student", "ana", "--lang", "en")
    assert (ended.status, points(out)) == (0, before)
    assert ended.out.splitlines()[-1] == "1 of 1 grades would change. Nothing was kept."
    assert (out / "grades.json").read_bytes() == written


def test_a_dry_run_says_that_nothing_was_kept_also_where_a_run_is_unknown(out: Path) -> None:
    """What would change, what cannot be said, and that nothing was kept."""
    ended = run("regrade", "--out", str(out), "--dry-run", "--lang", "en")
    assert ended.out.splitlines()[-1] == (
        "1 of 2 grades would change. Nothing was kept. Of 1 nothing is known of the run, so they stay: grade them again "
        "with `grader grade`."
    )


def test_a_second_time_changes_nothing(out: Path) -> None:
    """What was kept is what today's rules say."""
    run("regrade", "--out", str(out), "--student", "ana")
    ended = run("regrade", "--out", str(out), "--student", "ana", "--lang", "en")
    assert ended.out == "0 of 1 grades changed and were kept; the old ones stay on record.\n"


def test_changes_are_there_for_programs(out: Path) -> None:
    """One object a hand-in, with both grades."""
    ended = run("regrade", "--out", str(out), "--json", "--dry-run")
    ana, bruno = json.loads(ended.out)
    assert (ana["student"], ana["observed"], ana["changed"]) == ("ana", True, True)
    assert ana["before"]["points_awarded"] < ana["now"]["points_awarded"] == 100.0
    assert (bruno["student"], bruno["observed"], bruno["changed"]) == ("bruno", False, False)


def test_a_name_that_nobody_has_is_refused(out: Path) -> None:
    """With the name."""
    ended = run("regrade", "--out", str(out), "--student", "eva", "--lang", "en")
    assert (ended.status, ended.err) == (2, "Nobody of this class is called eva. Names are those of the table.\n")
