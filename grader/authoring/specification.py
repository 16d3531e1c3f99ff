"""`assignment.toml` → `Assignment`: read, validated as a whole, signed with the digest of all that decides points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from grader.authoring.consistency import LANGUAGES, assignment_problems, text_problems
from grader.authoring.errors import Problem, nearest, unusable
from grader.authoring.schema import AssignmentTable, RubricTable, SharedTexts, schema_problems
from grader.authoring.toml_source import TomlSource, read_toml
from grader.domain.assignment import Assignment, RubricItem
from grader.domain.messages import message
from grader.domain.run import Limits

FILE_NAME = "assignment.toml"
SHARED_TEXTS = Path("_base") / "texts.toml"

RUBRIC_SCHEMA_VERSION = 1
"""Raised when the same rubric comes to mean something else; grades made before are then made again."""


def read_assignment(folder: Path, *, facts_folder: Path) -> Assignment:
    """Read the assignment in `folder`, with the texts that it shares with its neighbours.

    Args:
        folder: `assignments/<id>`; `_base/texts.toml` beside it is read where it is there.
        facts_folder: Where `<reference>.json` is, which decides points and so enters the rubric's hash.

    Raises:
        AuthoringError: Anything is wrong in either file, or the facts are missing; every mistake, with file and line.
    """
    source = read_toml(folder / FILE_NAME)
    shared_path = folder.parent / SHARED_TEXTS
    shared = read_toml(shared_path) if shared_path.is_file() else None
    problems = [*schema_problems(source, AssignmentTable), *assignment_problems(source)]
    problems += _facts_problems(source, facts_folder)
    if shared is not None:
        problems += [*schema_problems(shared, SharedTexts), *text_problems(shared)]
    if problems:
        raise unusable(folder.name, problems)
    table = AssignmentTable.model_validate(source.data)
    facts = facts_folder / f"{table.reference}.json"
    return _assignment(table, folder, _merged_texts(table, shared), _digest(facts.read_bytes()))


def rubric_hash(rubric: tuple[RubricItem, ...], reference: str, limits: Limits, facts_digest: str) -> str:
    """Return the SHA-256 (hexadecimal) of everything that decides points, as canonical JSON.

    Titles, texts and the grade scale are left out: they change what is read, not what is earned.
    """
    decisive = {
        "schema": RUBRIC_SCHEMA_VERSION,
        "reference": reference,
        "facts": facts_digest,
        "limits": asdict(limits),
        "rubric": [
            {"check": item.check, "points": item.points, "parameters": item.parameters, "requires": item.requires}
            for item in rubric
        ],
    }
    return _digest(json.dumps(decisive, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii"))


# ----------------------------------------------------------------------------------------------------------------------


def _assignment(
    table: AssignmentTable, folder: Path, texts: Mapping[str, Mapping[str, str]], facts_digest: str
) -> Assignment:
    rubric = tuple(_rubric_item(item) for item in table.rubric)
    limits = Limits(**table.limits.model_dump(exclude_unset=True))
    return Assignment(
        assignment=table.id,
        reference=table.reference,
        folder=folder,
        title=table.title.model_dump(),
        rubric=rubric,
        limits=limits,
        texts=texts,
        scale_maximum=table.scale.maximum,
        scale_decimals=table.scale.decimals,
        rubric_hash=rubric_hash(rubric, table.reference, limits, facts_digest),
    )


def _rubric_item(table: RubricTable) -> RubricItem:
    return RubricItem(table.check, table.points, table.parameters, tuple(table.requires), table.title.model_dump())


def _merged_texts(table: AssignmentTable, shared: TomlSource | None) -> dict[str, dict[str, str]]:
    """Return the shared texts with the assignment's own on top, by language."""
    own: dict[str, dict[str, str]] = table.text.model_dump()
    if shared is None:
        return own
    common: dict[str, dict[str, str]] = SharedTexts.model_validate(shared.data).text.model_dump()
    return {language: common[language] | own[language] for language in LANGUAGES}


def _facts_problems(source: TomlSource, facts_folder: Path) -> list[Problem]:
    reference = source.data.get("reference")
    if not isinstance(reference, str) or (facts_folder / f"{reference}.json").is_file():
        return []
    file = str(facts_folder / f"{reference}.json")
    closest = nearest(reference, (path.stem for path in facts_folder.glob("*.json")))
    if closest is None:
        reason = message("{reference} has no facts file {file}: calibrate it first.", reference=reference, file=file)
    else:
        reason = message(
            "{reference} has no facts file {file}: calibrate it first, or did you mean {nearest}?",
            reference=reference,
            file=file,
            nearest=closest,
        )
    return [source.problem(("reference",), reason)]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
