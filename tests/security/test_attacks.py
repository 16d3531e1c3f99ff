"""Hostile notebooks in one class with honest ones between them: `make attacks` runs all and prints a table."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from hostile import FAST, HOSTILE, Hostile
from laboratory import BUBBLEWRAP, QUICK, WARM, make_sandbox, run

from grader.authoring.catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.domain.graded import GradedSubmission
from grader.domain.run import RunRecord
from grader.domain.submission import Submission
from grader.intake.submissions import collect
from grader.pipeline import grade_submission
from grader.sandbox import driver
from grader.session import SessionOptions, open_session

ASSIGNMENT = "from-scratch"
"""Its solution needs no library but NumPy; the honest train it for two epochs, which is quick and earns most points."""

SHORT = replace(QUICK, cell_seconds=15.0, notebook_seconds=30.0, memory_mib=2500, work_mib=256, file_mib=64)
EVERY = 32
"""An honest hand-in stands before each so many hostile ones."""


def complaints(hostile: Hostile, record: RunRecord) -> list[str]:
    """Return in what a run did not end as it must."""
    found = [] if record.status in hostile.ends else [f"ended as {record.status}, by {record.stopped_by}"]
    if hostile.stopped_by not in (None, record.stopped_by):
        found.append(f"ended by {record.stopped_by}")
    return found + [f"got through: {error.text[:200]}" for error in record.errors if error.name == "AssertionError"]


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


@dataclass(frozen=True)
class Class:
    """What a class of hostile and honest students was given.

    Attributes:
        alone: The honest hand-in by itself.
        graded: Everybody's, by the student's name.
        left: What a grader left behind: folders and processes.
    """

    alone: GradedSubmission
    graded: dict[str, GradedSubmission]
    left: list[str]


def notebook(cells: tuple[str, ...] | list[str]) -> str:
    """Return a notebook of code cells."""
    made = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None} for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def hand_in(folder: Path) -> list[Submission]:
    """Write everybody's notebook, honest ones between the hostile."""
    honest = generate(load_assignment(ASSIGNMENT), language="en", solution=True)
    honest = re.sub(r"EPOCHS = \d+", "EPOCHS = 2", honest)
    for place, hostile in enumerate(HOSTILE):
        if place % EVERY == 0:
            (folder / f"{place:03}-honest.ipynb").write_text(honest + " " * place, encoding="utf-8")
        (folder / f"{place:03}-{hostile.name}.ipynb").write_text(notebook(list(hostile.cells)), encoding="utf-8")
    return collect([folder], folder.parent / "intake")


@pytest.fixture(scope="module")
def the_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    """Grade all of them in one session, two at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "INTERRUPT_SECONDS", 2.0)
        yield grade_class(tmp_path_factory)


def grade_class(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Return what everybody was given."""
    make_sandbox(BUBBLEWRAP)
    folder = tmp_path_factory.mktemp("class") / "handed-in"
    folder.mkdir()
    assignment = load_assignment(ASSIGNMENT)
    short = replace(assignment, limits=SHORT)
    options = SessionOptions(data_size="sample", jobs=2, warm=WARM)
    with open_session(assignment, load_facts(assignment.reference), options) as session:
        submissions = sorted(hand_in(folder), key=lambda one: one.filename)
        alone = grade_submission(submissions[0], session.context)

        def grade(one: Submission) -> GradedSubmission:
            """Wait less for those that never end, and say what was seen as soon as it is."""
            short_of_time = replace(session.context, assignment=short)
            given = grade_submission(one, session.context if "honest" in one.filename else short_of_time)
            seen = f"{given.run.status}/{given.run.stopped_by} {given.grade.points_awarded}"
            print(f"{one.filename:48} {seen}", flush=True)  # noqa: T201 - for whoever waits
            return given

        with ThreadPoolExecutor(2) as pool:
            graded = list(pool.map(grade, submissions))
        own = {process.pid for process in psutil.Process().children(recursive=True)}
        names = [" ".join(process.cmdline()) for process in psutil.process_iter() if process.pid in own]
    left = [name for name in names if "kernel_main" in name]
    return Class(alone, {Path(one.filename).stem.partition("-")[2] + one.filename[:3]: one for one in graded}, left)


def row(name: str, tries: str, one: GradedSubmission, wrong: list[str]) -> str:
    """Return one line of the table."""
    seen = f"{one.run.status}/{one.run.stopped_by}"
    return f"{name:28} {tries[:40]:40} {seen:24} {one.grade.points_awarded:5.1f} {'; '.join(wrong) or 'stopped'}"


@pytest.mark.slow
def test_a_class_of_attackers_gains_nothing_and_harms_nobody(the_class: Class) -> None:
    """Each run ends as it must, earns at most what needs no network, and the honest grades are as alone."""
    rubric = load_assignment(ASSIGNMENT).rubric
    assert sum(item.points for item in rubric if item.check == "runs") <= 5
    most = sum(
        item.points for item in rubric if item.check in ("runs", "imports")
    )  # cells that end, and nothing imported
    failures = []
    for place, hostile in enumerate(HOSTILE):
        one = the_class.graded[f"{hostile.name}{place:03}"]
        wrong = complaints(hostile, one.run)
        wrong += [f"{one.grade.points_awarded} points"] if one.grade.points_awarded > most else []
        wrong += ["our fault: " + one.fault.strip().splitlines()[-1]] if one.fault else []
        print(row(hostile.name, hostile.tries, one, wrong))  # noqa: T201 - the table
        failures += [(hostile.name, wrong)] if wrong else []
    honest = {name: one for name, one in the_class.graded.items() if name.startswith("honest")}
    for name, one in honest.items():
        print(row(name, "nothing", one, []))  # noqa: T201 - the same
    print(f"{len(HOSTILE)} attacks as {'root' if os.geteuid() == 0 else 'an ordinary user'}")  # noqa: T201 - the same
    assert failures == []
    assert {one.grade.points_awarded for one in honest.values()} == {the_class.alone.grade.points_awarded}
    assert {one.grade.status for one in honest.values()} == {the_class.alone.grade.status}
    assert the_class.left == []
