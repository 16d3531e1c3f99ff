"""An assignment in the form for students: rubric, facts and titles in one JSON file, without template or solution.

`grader publish` writes it, and `grader.use(…)` and `grader check --assignment …` read it from a file or an address, so
that an instructor's own assignment can be checked on students' machines. It is data: nothing in it is ever run. From an
own reference it contains some constants (which data, how large a code) and none of its functions; checks that need
these are left to the instructor's grading.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from grader.authoring.assignment_catalogue import (
    assignment_ids,
    course_ids,
    facts_adapter,
    load_assignment,
    load_facts,
    reference_constants,
)
from grader.authoring.errors import AuthoringError
from grader.authoring.schema import ID_PATTERN
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.messages import Message, message

FORMAT: Final = "autoencoder-grader-assignment"
SCHEMA_VERSION: Final = 1
LARGEST_BYTES: Final = 5_000_000
"""Facts of our references take up to 79 kB."""

_CONSTANTS: Final = ("ID", "DATASET", "DATASETS", "CODE_SIZE", "EPOCHS", "BATCH_SIZE", "PUBLISHED")
"""The published part of an own reference."""

_NOT_PUBLISHED: Final = frozenset({"folder", "texts", "reference_constants"})
_Constants = dict[str, Any]


@dataclass(frozen=True)
class Bundle:
    """A published assignment.

    Attributes:
        assignment: Without texts and folder, with the constants of an own reference.
        facts: Of its reference.
    """

    assignment: Assignment
    facts: ReferenceFacts


def published(assignment: Assignment, course: Course | None) -> str:
    """Return the bundle of an assignment as JSON text.

    Raises:
        AuthoringError: The facts of its reference cannot be used.
    """
    facts = load_facts(assignment.reference, course=course)
    stated = _assignment_adapter().dump_python(assignment, mode="json")
    document = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "assignment": {name: value for name, value in stated.items() if name not in _NOT_PUBLISHED},
        "facts": facts_adapter().dump_python(facts, mode="json"),
        "reference": {} if assignment.reference in course_ids() else _constants(assignment.reference, course),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def is_address(name: str) -> bool:
    """Return whether a name is not the id of an assignment but a file or an address."""
    return _has_scheme(name) or name.endswith(".json") or (("/" in name or "\\" in name) and Path(name).is_file())


@lru_cache(maxsize=32)
def open_bundle(source: str) -> Bundle:
    """Read a bundle from a file or an address that begins with `https://`; once per process.

    Raises:
        AuthoringError: It cannot be had, is too large, or is no bundle that this version understands.
    """
    text = _downloaded(source) if _has_scheme(source) else _read(Path(source))
    try:
        return _understood(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _refused(source, message("it is no published assignment")) from error


def load_known(name: str, folder: Path | None = None) -> tuple[Assignment, ReferenceFacts]:
    """Return the assignment that a notebook names: one of ours, a published one, or one in a file beside it.

    Args:
        name: Id, file or address.
        folder: Where `<id>.json` is looked for where the id is none of ours; the working folder where nothing is said.

    Raises:
        AuthoringError: There is no such assignment, or it cannot be used.
    """
    beside = (folder or Path()) / f"{name}.json"
    ours = not is_address(name) and (name in assignment_ids() or not beside.is_file())
    if ours:
        assignment = load_assignment(name)
        return assignment, load_facts(assignment.reference)
    bundle = open_bundle(name if is_address(name) else str(beside))
    return bundle.assignment, bundle.facts


# Private functions


@cache
def _assignment_adapter() -> TypeAdapter[Assignment]:
    """Return what reads and writes assignments; made once, if a published one is met."""
    return TypeAdapter(Assignment)


def _constants(reference: str, course: Course | None) -> _Constants:
    stated = reference_constants(reference, folder=None if course is None else course.references)
    return {"ID": reference} | {name: stated[name] for name in _CONSTANTS if name in stated}


def _understood(document: dict[str, Any]) -> Bundle:
    """Return the bundle; any error means that the text is not one."""
    if document["format"] != FORMAT:
        raise ValueError(document["format"])
    if document["schema_version"] > SCHEMA_VERSION:
        raise AuthoringError(
            message(
                "The assignment was published by a newer version of the grader. Update yours: pip install --upgrade."
            )
        )
    stated = document["assignment"] | {"folder": "", "texts": {}, "reference_constants": {}}
    assignment = _assignment_adapter().validate_json(json.dumps(stated))
    facts = facts_adapter().validate_json(json.dumps(document["facts"]))
    known = {name: document["reference"][name] for name in _CONSTANTS if name in document["reference"]}
    sound = (
        re.fullmatch(ID_PATTERN, assignment.assignment)
        and assignment.rubric
        and all(math.isfinite(item.points) and item.points > 0 for item in assignment.rubric)
        and facts.reference == assignment.reference
        and (assignment.reference in course_ids() or known.get("ID") == assignment.reference)
    )
    if not sound:
        raise ValueError(assignment.assignment)
    # A check of one's own work has no lateness.
    constants = {} if assignment.reference in course_ids() else known
    return Bundle(replace(assignment, due=None, reference_constants=constants), facts)


def _has_scheme(source: str) -> bool:
    return "://" in source


def _downloaded(address: str) -> str:
    from grader.authoring import secure_download

    if urlsplit(address).scheme != "https":
        raise _refused(address, message("an address begins with https://"))
    try:
        return _decoded(secure_download.first_bytes(address, LARGEST_BYTES + 1), address)
    except (TimeoutError, OSError, ValueError) as error:
        raise _refused(address, message("{problem}", problem=str(getattr(error, "reason", error)))) from error


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _decoded(file.read(LARGEST_BYTES + 1), str(path))
    except OSError as error:
        raise _refused(str(path), message("{problem}", problem=error.strerror or str(error))) from error


def _decoded(data: bytes, source: str) -> str:
    if len(data) > LARGEST_BYTES:
        raise _refused(source, message("it is larger than {size} MB", size=LARGEST_BYTES // 1_000_000))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(source, message("it is no published assignment")) from error


def _refused(source: str, reason: Message) -> AuthoringError:
    return AuthoringError(message("{source} cannot be used: {reason}.", source=source, reason=reason))
