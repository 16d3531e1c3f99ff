"""What a student sees at a glance: difficulty, what comes before, minutes of training, reading, the diagram."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from grader.authoring.catalogue import assignments_folder, load_assignment, load_facts
from grader.authoring.diagrams import diagram
from grader.authoring.errors import AuthoringError
from grader.authoring.toml_source import read_toml
from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts

FILE_NAME: Final = "glance.toml"
HARDEST: Final = 3


@dataclass(frozen=True, slots=True)
class Glance:
    """One assignment at a glance; everything is empty where nothing is known of it.

    Attributes:
        difficulty: From 1 to 3 as filled and empty dots.
        after: Titles of the assignments to do before.
        minutes: Of one training of the reference on one processor core and the full data, as measured; 0 for unknown.
        read: Titles and addresses.
        diagram: A Markdown image.
    """

    difficulty: str = ""
    after: tuple[str, ...] = ()
    minutes: int = 0
    read: tuple[tuple[str, str], ...] = ()
    diagram: str = ""


def glance_of(assignment: Assignment, language: str, *, references: Path) -> Glance:
    """Return what is known of an assignment.

    Args:
        assignment: One of ours or a copy of one; where its reference is a course's own, it has the diagram alone.
        language: `es` or `en`.
        references: Folder of the references' modules; the facts lie in it, or beside it in a course.
    """
    facts = _facts(assignment.reference, references)
    if facts is None:
        return Glance()
    shown = diagram(facts, language)
    entry = _entries().get(assignment.reference)
    if not isinstance(entry, dict):
        return Glance(diagram=shown, minutes=minutes(facts))
    level = int(entry["difficulty"])
    return Glance(
        difficulty="●" * level + "○" * (HARDEST - level),
        after=tuple(_titles(name)[language] for name in entry["after"]),
        minutes=minutes(facts),
        read=tuple((title, address) for title, address in entry["read"]),
        diagram=shown,
    )


def minutes(facts: ReferenceFacts) -> int:
    """Return the median of the reference's own trainings on its largest data, in begun minutes."""
    data = facts.calibrated.get("full") or next(iter(facts.calibrated.values()), None)
    seconds = [run.seconds for run in data.records if run.variation == "reference"] if data is not None else []
    return math.ceil(statistics.median(seconds) / 60) if seconds else 0


@cache
def _entries() -> Mapping[str, object]:
    return read_toml(assignments_folder() / "_base" / FILE_NAME).data


@cache
def _titles(name: str) -> Mapping[str, str]:
    return load_assignment(name).title


def _facts(reference: str, references: Path) -> ReferenceFacts | None:
    """Return the facts of a reference, None where there are none that can be used.

    A notebook without a picture is one all the same; `calibrate`, `check` and `grade` say what is wrong with facts.
    """
    ours = assignments_folder().parent / "reference" / "facts"
    folders = (references / "facts", references.parent / "facts", ours)
    found = next((folder for folder in folders if (folder / f"{reference}.json").is_file()), None)
    try:
        return None if found is None else load_facts(reference, folder=found)
    except AuthoringError:
        return None
