"""Fakes at the two ports, and submissions to grade with them: no kernel and no TensorFlow.

The right submission is that of `checks.builders`: the stacked autoencoder of the course under its rubric.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks import builders

from grader.domain.assignment import Assignment
from grader.domain.datasets import DataSize
from grader.domain.evidence import CLAIMS_SCHEMA_VERSION, Evidence
from grader.domain.grade import GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import Measurements
from grader.domain.messages import Message
from grader.domain.ports import MeasuringTask
from grader.domain.run import Limits, RunRecord
from grader.domain.submission import Notebook, Submission
from grader.locale import Translator
from grader.pipeline import GradingContext

ASSIGNMENT = Assignment(
    assignment="stacked",
    reference="stacked",
    folder=Path("assignments/stacked"),
    title={"es": "Autoencoder apilado", "en": "Stacked autoencoder"},
    rubric=builders.RUBRIC,
    limits=Limits(cell_seconds=7.0),
    texts={},
    scale_maximum=5.0,
    scale_decimals=1,
    rubric_hash="r" * 64,
)

EMPTY_CLAIMS: dict[str, Any] = {
    "schema_version": CLAIMS_SCHEMA_VERSION,
    "models": [],
    "operations": {},
    "fits": [],
    "requests": [],
    "versions": {},
}
"""What a notebook leaves behind that made no model."""

DIES = "# this cell ends the worker"


@dataclass
class FakeSandbox:
    """Zone K that runs nothing.

    Attributes:
        record: What it observed.
        claims: The text of `claims.json` that it leaves, or None for no claims at all.
        error: Raised instead of everything else.
        spoil: Called with the exchange folder at the end, as a notebook that leaves more than claims.
        seconds: How long it takes.
        seen: Every notebook that it was given.
        limits: The limits of the last run.
        folders: Every exchange folder.
    """

    record: RunRecord = builders.COMPLETED
    claims: str | None = None
    error: BaseException | None = None
    spoil: Callable[[Path], None] | None = None
    seconds: float = 0.0
    seen: list[Notebook] = field(default_factory=list)
    limits: Limits | None = None
    folders: list[Path] = field(default_factory=list)

    def run(self, notebook: Notebook, limits: Limits, exchange: Path) -> RunRecord:
        """Leave the claims in `exchange` and return the record."""
        self.seen.append(notebook)
        self.limits = limits
        self.folders.append(exchange)
        time.sleep(self.seconds)
        if any(cell.source == DIES for cell in notebook.cells):
            os._exit(1)
        if self.error is not None:
            raise self.error
        folder = exchange / "claims"
        folder.mkdir(parents=True)
        if self.claims is not None:
            (folder / "claims.json").write_text(self.claims, encoding="utf-8")
            (folder / "weights.npz").write_bytes(b"PK\x05\x06" + bytes(18))  # a zip without members
        if self.spoil is not None:
            self.spoil(exchange)
        return self.record


@dataclass
class FakeMeasurer:
    """Zone M that measures nothing.

    Attributes:
        measurements: What it says of every submission.
        error: Raised instead.
        seen: Every piece of evidence and task that it was given.
    """

    measurements: Measurements = field(default_factory=builders.measured)
    error: BaseException | None = None
    seen: list[tuple[Evidence, MeasuringTask]] = field(default_factory=list)

    def measure(self, evidence: Evidence, task: MeasuringTask) -> Measurements:
        """Return the measurements."""
        self.seen.append((evidence, task))
        if self.error is not None:
            raise self.error
        return self.measurements


def context(sandbox: FakeSandbox | None = None, measurer: FakeMeasurer | None = None, **changes: Any) -> GradingContext:
    """A context of fakes; a right submission where nothing else is said."""
    parts: dict[str, Any] = {"assignment": ASSIGNMENT, "facts": builders.FACTS, "data": DataSize.SAMPLE} | changes
    return GradingContext(sandbox=sandbox or FakeSandbox(), measurer=measurer or FakeMeasurer(), **parts)


def notebook_text(*sources: str, **document: Any) -> str:
    """A notebook with these code cells as JSON; `document` replaces whole parts of it."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in sources or ("autoencoder = 1",)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": cells} | document)


def submission(
    folder: Path, student: str = "ana", content: str | bytes | None = None, *, conflict: Message | None = None
) -> Submission:
    """A submission on disk: a notebook with a cell of its own, or the given bytes."""
    if content is None:
        content = notebook_text(f"print({student!r})")
    raw = content.encode() if isinstance(content, str) else content
    path = folder / f"{student}.ipynb"
    path.write_bytes(raw)
    return Submission(student, path.name, path, hashlib.sha256(raw).hexdigest(), len(raw), conflict)


def in_english(message: Message) -> str:
    """The sentence in English."""
    return Translator("en", strict=True).text(message)


def reasons(graded: GradedSubmission) -> list[str]:
    """Why a person must look, in English."""
    return [in_english(reason) for reason in graded.grade.reasons]


def outcomes(graded: GradedSubmission) -> dict[str, Outcome]:
    """The outcome of each check."""
    return {result.check: result.outcome for result in graded.grade.results}


def waits_for_a_person(graded: GradedSubmission) -> bool:
    """Whether every point of the rubric is held back: no zero that anyone could take for a grade."""
    return (
        graded.grade.status is GradeStatus.NEEDS_REVIEW
        and set(outcomes(graded).values()) == {Outcome.UNGRADABLE}
        and list(outcomes(graded)) == [item.check for item in ASSIGNMENT.rubric]
        and graded.grade.points_possible == 100
    )
