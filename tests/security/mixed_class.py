"""Everybody's hand-in in one class, honest ones between the hostile, graded in pieces: what was found is kept in a file.

`make attacks` sets ATTACKS_STORE, where results are kept, and may set ATTACKS_SECONDS, after which no further hand-in
is begun. Called again, it goes on where it stopped; in each piece an honest hand-in is graded between the hostile ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil
from hostile import HOSTILE, Hostile
from laboratory import QUICK, WARM

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.domain.datasets import DataSize
from grader.domain.graded import GradedSubmission
from grader.domain.run import RunRecord
from grader.domain.submission import Submission
from grader.intake.submissions import collect
from grader.pipeline import grade_submission
from grader.session import SessionOptions, open_session
from grader.settings_key import observing_digest

ASSIGNMENT = "from-scratch"
"""Its solution needs no library but NumPy; the honest train it for two epochs, which is quick and earns most points."""

SHORT = replace(QUICK, cell_seconds=15.0, notebook_seconds=30.0, memory_mib=2500, work_mib=256, file_mib=64)
EVERY = 12
"""An honest hand-in stands before each so many hostile ones."""

ALONE = "honest-alone"


@dataclass(frozen=True)
class Row:
    """What one hand-in was given; a line of the table.

    Attributes:
        name: Of the attack, or `honest` and a number.
        tries: What it is after.
        seen: How its run ended.
        points: It earned.
        status: Of its grade.
        wrong: In which way it did not end as it must.
        digest: Of the notebook and of the code that graded it; another one makes the row count no more.
    """

    name: str
    tries: str
    seen: str
    points: float
    status: str
    wrong: tuple[str, ...]
    digest: str

    def __str__(self) -> str:
        said = "; ".join(self.wrong) or ("as alone" if self.name.startswith("honest") else "stopped")
        return f"{self.name:32} {self.tries[:40]:40} {self.seen:26} {self.points:5.1f} {said}"


class Store:
    """Rows that were found so far, one JSON object a line.

    Args:
        path: Of the file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        rows = [Row(**json.loads(line)) for line in lines]
        self.rows = {row.name: replace(row, wrong=tuple(row.wrong)) for row in rows}

    def known(self, name: str, digest: str) -> Row | None:
        """Return a row that still counts."""
        row = self.rows.get(name)
        return row if row is not None and row.digest == digest else None

    def keep(self, row: Row) -> None:
        """Append a row at once, so that a run that is ended loses none."""
        self.rows[row.name] = row
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")


@dataclass(frozen=True)
class HandIn:
    """One student's notebook.

    Attributes:
        name: The student's.
        text: Of the notebook.
        hostile: The attack; None for an honest one.
    """

    name: str
    text: str
    hostile: Hostile | None = None

    @property
    def digest(self) -> str:
        """Name what a result depends on."""
        return hashlib.sha256(f"{self.text}\n{SHORT}\n{observing_digest()}".encode()).hexdigest()[:16]


def everybody() -> list[HandIn]:
    """Return the class in the order in which it is graded."""
    honest = re.sub(r"EPOCHS = \d+", "EPOCHS = 2", generate(load_assignment(ASSIGNMENT), language="en", solution=True))
    members = [HandIn(ALONE, honest)]
    for place, hostile in enumerate(HOSTILE):
        if place % EVERY == 0:
            members.append(HandIn(f"honest-{place:03}", honest + " " * (place + 1)))
        members.append(HandIn(hostile.name, notebook(hostile.cells), hostile))
    return members


def notebook(cells: Sequence[str]) -> str:
    """Return a notebook of code cells."""
    made = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None} for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def complaints(hostile: Hostile, record: RunRecord) -> list[str]:
    """Return in what a run did not end as it must."""
    found = [] if record.status in hostile.ends else [f"ended as {record.status}, by {record.stopped_by}"]
    if hostile.stopped_by not in (None, record.stopped_by):
        found.append(f"ended by {record.stopped_by}")
    return found + [f"got through: {error.text[:200]}" for error in record.errors if error.name == "AssertionError"]


def most_points() -> float:
    """Return what a notebook earns that learns nothing: for cells that end."""
    return sum(item.points for item in load_assignment(ASSIGNMENT).rubric if item.check == "runs")


def grade_piece(store: Store, folder: Path, seconds: float) -> tuple[int, list[str]]:
    """Grade who has no row yet, two at a time in one session, for so long.

    Returns:
        How many have none afterwards, and what the session left behind (processes of kernels).
    """
    members = everybody()
    waiting = [one for one in members if store.known(one.name, one.digest) is None]
    if not waiting:
        return 0, []
    alone, others = ([one for one in waiting if (one.name == ALONE) is first] for first in (True, False))
    until = time.monotonic() + seconds
    assignment = load_assignment(ASSIGNMENT)
    options = SessionOptions(data_size=DataSize.SAMPLE, jobs=2, warm=WARM)
    with open_session(assignment, load_facts(assignment.reference), options) as session:
        short = replace(session.context, assignment=replace(assignment, limits=SHORT))

        def grade(member: HandIn) -> None:
            """Wait less for those that never end, and keep what was seen as soon as it is."""
            if time.monotonic() > until:
                return
            given = grade_submission(_submitted(member, folder), session.context if member.hostile is None else short)
            row = _row(member, given)
            store.keep(row)
            print(row, flush=True)  # noqa: T201 - for whoever waits

        for member in alone:
            grade(member)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(grade, others))
        children = psutil.Process().children(recursive=True)
        left = [line for line in map(_command, children) if "kernel_main" in line]
    return sum(store.known(one.name, one.digest) is None for one in members), left


def _submitted(member: HandIn, folder: Path) -> Submission:
    place = folder / member.name
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{member.name}.ipynb").write_text(member.text, encoding="utf-8")
    (submission,) = collect([place / f"{member.name}.ipynb"], place / "intake")
    return submission


def _row(member: HandIn, given: GradedSubmission) -> Row:
    wrong: list[str] = []
    if member.hostile is not None:
        wrong += complaints(member.hostile, given.run)
        wrong += [f"{given.grade.points_awarded} points"] if given.grade.points_awarded > most_points() else []
    wrong += ["our fault: " + given.fault.strip().splitlines()[-1]] if given.fault else []
    seen = f"{given.run.status}/{given.run.stopped_by}"
    tries = member.hostile.tries if member.hostile else "nothing"
    return Row(
        member.name, tries, seen, given.grade.points_awarded, str(given.grade.status), tuple(wrong), member.digest
    )


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # ended meanwhile
        return ""


def seconds_allowed() -> float:
    """Return for how long hand-ins are begun."""
    return float(os.environ.get("ATTACKS_SECONDS", "inf"))
