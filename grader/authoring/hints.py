"""Layered hints, stored beside the assignments in every language: a question, a direction, code with gaps."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from grader.authoring.assignment_catalogue import assignments_folder
from grader.authoring.specification import SHARED_TEXTS
from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Role

FILE_NAME: Final = "hints.toml"
LAYERS: Final = 3

CONVOLUTIONAL, RECURRENT, VARIATIONAL = "convolutional", "recurrent", "variational"
_SOME: Final[Mapping[str, str]] = {"es": "unos pocos", "en": "a few"}
"""Text in place of a code size that is free."""

Hints = Mapping[str, object]


def hint_names(assignment: Assignment) -> tuple[str, ...]:
    """Return everything that has a hint: the rubric's checks, the models, the assignment's own tasks."""
    shared, own = _read(_shared_file()), _read(assignment.folder / FILE_NAME)
    checks = [item.check for item in assignment.rubric]
    tasks = [] if _in_numpy(assignment) else [*(role.value for role in Role), "compile", "fit"]
    return tuple(dict.fromkeys(name for name in (*tasks, *own, *checks) if name in shared or name in own))


def hints_for(name: str, assignment: Assignment, facts: ReferenceFacts, language: str) -> tuple[str, ...]:
    """Return the three layers of a hint, () if there is none with this name.

    Args:
        name: A model, a check of the rubric, or a task.
        assignment: Its own file goes before the shared one.
        facts: Of its reference, which say the family, the size of the code and the shape of a sample.
        language: `es` or `en`.
    """
    own, shared = _read(assignment.folder / FILE_NAME).get(name), _read(_shared_file()).get(name)
    entry = own if isinstance(own, dict) else shared
    if not isinstance(entry, dict):
        return ()
    special = entry.get(_family(name, assignment, facts))
    layers = (special if isinstance(special, dict) else entry).get(language, ())
    return tuple(_filled_in(str(text), facts, language) for text in layers)


# ----------------------------------------------------------------------------------------------------------------------


def _shared_file() -> Path:
    return assignments_folder() / SHARED_TEXTS.parent / FILE_NAME


@cache
def _read(file: Path) -> Hints:
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


def _in_numpy(assignment: Assignment) -> bool:
    return any(item.check == "arrays" for item in assignment.rubric)


def _family(name: str, assignment: Assignment, facts: ReferenceFacts) -> str:
    if name == Role.ENCODER.value and any(item.check == "latent_distribution" for item in assignment.rubric):
        return VARIATIONAL
    architecture = facts.architectures.get(Role(name)) if name in {role.value for role in Role} else None
    for layer in () if architecture is None else architecture.layers:
        if layer.traits.recurrent:
            return RECURRENT
        if layer.traits.convolutional:
            return CONVOLUTIONAL
    return ""


def _filled_in(text: str, facts: ReferenceFacts, language: str) -> str:
    architecture = facts.architectures.get(Role.AUTOENCODER)
    shape = "" if architecture is None else str(architecture.input_shape)
    code = _SOME[language] if facts.code_size is None else str(facts.code_size)
    return text.replace("{code}", code).replace("{input}", shape)
