"""Hostile notebooks in one class with honest ones between them: `make attacks` runs all and prints a table."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import FAST, HOSTILE, Hostile
from laboratory import BUBBLEWRAP, QUICK, make_sandbox, run
from mixed_class import ALONE, Row, Store, complaints, everybody, grade_piece, most_points, seconds_allowed

from grader.authoring.assignment_catalogue import load_assignment
from grader.sandbox import driver


@pytest.mark.parametrize("hostile", [one for one in HOSTILE if one.name in FAST], ids=lambda one: one.name)
def test_a_hostile_notebook_is_stopped(hostile: Hostile, tmp_path: Path) -> None:
    """A handful in the sandbox alone, for every change."""
    limits = replace(QUICK, memory_mib=2500)
    assert complaints(hostile, run(make_sandbox(BUBBLEWRAP), hostile.cells, tmp_path, limits).record) == []


def test_eighty_attacks_have_names_of_their_own() -> None:
    """A name stands for one line of the table, and is the student's who hands it in."""
    names = [one.name for one in HOSTILE]
    assert len(names) == len(set(names)) >= 80
    assert set(FAST) <= set(names)


def test_results_of_an_earlier_piece_count_until_something_changes(tmp_path: Path) -> None:
    """A class that was graded in part is gone on with; a notebook or a grader that is another one is graded anew."""
    row = Row("exit_0", "an end", "killed/own_exit", 0.0, "needs_review", (), "digest")
    Store(tmp_path / "rows").keep(row)
    assert Store(tmp_path / "rows").known("exit_0", "digest") == row
    assert Store(tmp_path / "rows").known("exit_0", "other") is None
    assert Store(tmp_path / "rows").known("exit_3", "digest") is None


def test_honest_hand_ins_stand_between_the_hostile() -> None:
    """The first one is graded alone; each is another file, so that none is taken for another's."""
    members = everybody()
    honest = [one for one in members if one.hostile is None]
    assert members[0].name == ALONE
    assert len(honest) >= 8
    assert len({one.text for one in honest}) == len(honest)


@pytest.mark.slow
def test_a_class_of_attackers_gains_nothing_and_harms_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run ends as it must, earns at most what needs no network, and the honest grades are as alone."""
    make_sandbox(BUBBLEWRAP)
    assert sum(one.points for one in load_assignment("from-scratch").rubric if one.check == "runs") <= 5
    monkeypatch.setattr(driver, "INTERRUPT_SECONDS", 2.0)
    store = Store(Path(os.environ.get("ATTACKS_STORE", tmp_path)) / "rows.jsonl")
    waiting, left = grade_piece(store, tmp_path, seconds_allowed())
    assert left == []
    if waiting:
        pytest.skip(f"{waiting} hand-ins of the class are left; the same command goes on with them")
    rows = [store.rows[one.name] for one in everybody()]
    print("", *rows, sep="\n")  # noqa: T201 - the table
    user = "root" if os.geteuid() == 0 else "an ordinary user"
    print(f"{len(HOSTILE)} attacks as {user}, at most {most_points():g} points for what needs no network")  # noqa: T201
    assert [(row.name, row.wrong) for row in rows if row.wrong] == []
    honest = {(row.points, row.status) for row in rows if row.name.startswith("honest")}
    assert len(honest) == 1
