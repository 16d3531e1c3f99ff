"""Notebooks of several eras in the real kernel and the real measuring process, as handed in and translated."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.domain.datasets import DataSize
from grader.domain.graded import GradedSubmission
from grader.domain.run import RunStatus
from grader.domain.submission import Submission
from grader.pipeline import grade_submission
from grader.session import SessionOptions, open_session

from .eras import ERAS, SESSIONS, Era


def graded(era: Era, folder: Path, *, compat: bool) -> GradedSubmission:
    """The era's notebook, graded on the embedded sample."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in era.cells
    ]
    path = folder / "ana.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": cells}), encoding="utf-8")
    raw = path.read_bytes()
    assignment = load_assignment(era.assignment)
    options = SessionOptions(data_size=DataSize.SAMPLE, jobs=1, compat=compat)
    with open_session(assignment, load_facts(assignment.reference), options) as session:
        mine = Submission("ana", path.name, path, hashlib.sha256(raw).hexdigest(), len(raw))
        return grade_submission(mine, session.context)


@pytest.mark.slow
@pytest.mark.parametrize("era", ERAS, ids=lambda era: era.name)
def test_a_right_answer_of_its_time_runs_once_it_is_translated(era: Era, tmp_path: Path) -> None:
    """As handed in it ends with errors; translated it runs to its end and earns most of the points."""
    as_it_is = graded(era, tmp_path, compat=False)
    assert (as_it_is.run.status, as_it_is.fault) == (RunStatus.RAISED, "")
    translated = graded(era, tmp_path, compat=True)
    assert translated.fault == ""
    if era is SESSIONS:
        assert translated.run.status is RunStatus.RAISED
        assert [note.msgid for note in translated.notes] == [
            note.msgid for note in as_it_is.notes
        ]  # none of translation
        return
    assert (translated.run.status, translated.run.errors) == (RunStatus.COMPLETED, ())
    assert translated.grade.points_awarded >= 80
