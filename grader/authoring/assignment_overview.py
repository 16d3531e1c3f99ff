"""Key facts of an assignment for students: difficulty, prerequisites, minutes of training, reading, the diagram."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, cast

from grader.authoring.assignment_catalogue import assignments_folder, load_assignment, load_facts
from grader.authoring.diagrams import diagram
from grader.authoring.errors import AuthoringError
from grader.authoring.targets import target
from grader.authoring.toml_source import read_toml
from grader.domain.assignment import Assignment
from grader.domain.datasets import DataSize, datasets
from grader.domain.facts import CalibratedData, ReferenceFacts

FILE_NAME: Final = "glance.toml"
CHALLENGES: Final = "challenges.toml"
HARDEST: Final = 3

_RECURRENT_STEP: Final = 12.0
_CONVOLUTIONAL_STEP: Final = 5.0
_DENSE_STEP: Final = 3.0
"""Milliseconds for a step of `fit` on a GPU, estimated: starting it takes longer than computing it."""

_IN_NUMPY: Final = frozenset({"from-scratch"})


@dataclass(frozen=True, slots=True)
class AssignmentOverview:
    """The key facts of one assignment; all are empty if nothing is known.

    Attributes:
        difficulty: From 1 to 3 as filled and empty dots.
        after: Titles of the assignments to do before.
        minutes: Of the notebook's trainings on one processor core and the full data, as measured; 0 for unknown.
        minutes_on_gpu: The same on a GPU, estimated from the number of steps; 0 if it would not be used.
        read: Titles and addresses.
        diagram: A Markdown image.
        target: A Markdown image of what training should lead to.
        challenge: An optional challenge, Markdown.
    """

    difficulty: str = ""
    after: tuple[str, ...] = ()
    minutes: int = 0
    minutes_on_gpu: int = 0
    read: tuple[tuple[str, str], ...] = ()
    diagram: str = ""
    target: str = ""
    challenge: str = ""


def overview_of(assignment: Assignment, language: str, *, references: Path) -> AssignmentOverview:
    """Return the key facts of an assignment.

    Args:
        assignment: One of ours or a copy of one; where its reference is a course's own, it has the diagram alone.
        language: `es` or `en`.
        references: Folder of the references' modules; the facts lie in it, or beside it in a course.
    """
    facts = _facts(assignment.reference, references)
    if facts is None:
        return AssignmentOverview()
    drawn = AssignmentOverview(diagram=diagram(facts, language), target=target(facts, language), minutes=minutes(facts))
    entry = _entries().get(assignment.reference)
    if not isinstance(entry, dict):
        return drawn
    level, trainings = int(entry["difficulty"]), int(entry.get("trainings", 1))
    return replace(
        drawn,
        difficulty="●" * level + "○" * (HARDEST - level),
        after=tuple(_titles(name)[language] for name in entry["after"]),
        minutes=minutes(facts, trainings),
        minutes_on_gpu=minutes_on_gpu(facts, trainings),
        read=tuple((title, address) for title, address in entry["read"]),
        challenge=str(_challenges()[assignment.reference][language]).strip(),
    )


def minutes(facts: ReferenceFacts, trainings: int = 1) -> int:
    """Return the median time of the reference's own trainings on its largest data, in minutes rounded up.

    Args:
        facts: Of the reference.
        trainings: How often the notebook trains a network like it.
    """
    data = _largest(facts)
    seconds = [run.seconds for run in data.records if run.variation == "reference"] if data is not None else []
    return math.ceil(trainings * statistics.median(seconds) / 60) if seconds else 0


def minutes_on_gpu(facts: ReferenceFacts, trainings: int = 1) -> int:
    """Estimate the minutes on a GPU, where small networks wait for the start of each step; 0 for a network in NumPy."""
    data, batch = _largest(facts), facts.recipe.get("batch_size")
    if data is None or not isinstance(batch, int) or facts.reference in _IN_NUMPY:
        return 0
    milliseconds = _milliseconds_a_step(facts)
    known = datasets().get(facts.dataset)
    samples = 0 if known is None else known.training.get(DataSize.FULL) or known.training.get(DataSize.SAMPLE, 0)
    return math.ceil(trainings * data.epochs * math.ceil(samples / batch) * milliseconds / 60_000)


def _milliseconds_a_step(facts: ReferenceFacts) -> float:
    traits = [layer.traits for architecture in facts.architectures.values() for layer in architecture.layers]
    if any(one.recurrent for one in traits):
        return _RECURRENT_STEP
    return _CONVOLUTIONAL_STEP if any(one.convolutional for one in traits) else _DENSE_STEP


def _largest(facts: ReferenceFacts) -> CalibratedData | None:
    return facts.calibrated.get(DataSize.FULL) or next(iter(facts.calibrated.values()), None)


@cache
def _entries() -> Mapping[str, object]:
    return read_toml(assignments_folder() / "_base" / FILE_NAME).data


@cache
def _challenges() -> Mapping[str, Mapping[str, str]]:
    """Return the texts by reference and language; a test validates the file, which is ours."""
    return cast("Mapping[str, Mapping[str, str]]", read_toml(assignments_folder() / "_base" / CHALLENGES).data)


@cache
def _titles(name: str) -> Mapping[str, str]:
    return load_assignment(name).title


def _facts(reference: str, references: Path) -> ReferenceFacts | None:
    """Return the facts of a reference, None if there are no usable ones.

    A notebook without a picture is one all the same; `calibrate`, `check` and `grade` say what is wrong with facts.
    """
    ours = assignments_folder().parent / "reference" / "facts"
    folders = (references / "facts", references.parent / "facts", ours)
    found = next((folder for folder in folders if (folder / f"{reference}.json").is_file()), None)
    try:
        return None if found is None else load_facts(reference, folder=found)
    except AuthoringError:
        return None
