"""`assignment.toml` → `Assignment`: read, validated as a whole, with the digest of everything that decides points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import grader
from grader.authoring.consistency import assignment_problems, text_problems
from grader.authoring.errors import Problem, nearest, unusable
from grader.authoring.schema import (
    OWN_DECIMALS,
    AssignmentTable,
    DueTable,
    ImportsTable,
    QuestionTable,
    RubricTable,
    ScaleTable,
    SharedTexts,
)
from grader.authoring.schema_errors import schema_problems
from grader.authoring.staleness import is_stale
from grader.authoring.toml_source import TomlSource, read_toml
from grader.domain.assignment import Assignment, DuePolicy, ImportPolicy, LetterBound, RubricItem
from grader.domain.course import Course
from grader.domain.languages import LANGUAGES
from grader.domain.messages import Message, MessageValue, message
from grader.domain.questions import QuestionItem
from grader.domain.run import Limits

FILE_NAME = "assignment.toml"
SHARED_TEXTS = Path("_base") / "texts.toml"

RUBRIC_SCHEMA_VERSION = 1
"""Increased when the meaning of an unchanged rubric changes; earlier grades are then computed anew."""

LETTERS: Final = "letters"
DEFAULT_KIND: Final = "0-5"
KINDS: Final[Mapping[str, tuple[float, float, int]]] = MappingProxyType(
    {
        DEFAULT_KIND: (0.0, 5.0, 1),
        "0-10": (0.0, 10.0, 1),
        "0-20": (0.0, 20.0, 0),
        "0-100": (0.0, 100.0, 0),
        "1-5": (1.0, 5.0, 1),
        "1-7": (1.0, 7.0, 1),
        LETTERS: (0.0, 100.0, 0),
    }
)
"""Minimum, maximum and decimals of known scales; the first one is Colombia's."""

DEFAULT_LETTERS: Final[Mapping[str, float]] = MappingProxyType({"A": 90.0, "B": 80.0, "C": 70.0, "D": 60.0, "F": 0.0})
"""Lowest percentage of each letter."""


def read_assignment(
    folder: Path, *, facts_folder: Path, course: Course | None = None, shared_texts: Path | None = None
) -> Assignment:
    """Read the assignment in `folder`, with the texts that it shares with its neighbours.

    Args:
        folder: `assignments/<id>`; `_base/texts.toml` beside it is read where it is there.
        facts_folder: Where `<reference>.json` is, which decides points and so enters the rubric's hash.
        course: The instructor's own course that it belongs to, if any: facts of its references stand there.
        shared_texts: Texts below those of the neighbours, for a course that takes over ours.

    Raises:
        AuthoringError: Anything is wrong in either file, or the facts are missing; every mistake, with file and line.
    """
    source = read_toml(folder / FILE_NAME)
    shared_files = [path for path in (shared_texts, folder.parent / SHARED_TEXTS) if path is not None]
    shared = [read_toml(path) for path in shared_files if path.is_file()]
    facts_folder = _facts_folder(source, facts_folder, course)
    problems = [*schema_problems(source, AssignmentTable), *assignment_problems(source)]
    problems += _facts_problems(source, facts_folder, course)
    for texts in shared:
        problems += [*schema_problems(texts, SharedTexts), *text_problems(texts)]
    if problems:
        raise unusable(folder.name, problems)
    table = AssignmentTable.model_validate(source.data)
    facts = facts_folder / f"{table.reference}.json"
    return _assignment(table, folder, _merged_texts(table, shared), digest_of(facts.read_bytes()))


def rubric_hash(
    rubric: tuple[RubricItem, ...],
    reference: str,
    limits: Limits,
    facts_digest: str,
    *,
    imports: ImportPolicy | None = None,
) -> str:
    """Return the SHA-256 (hexadecimal) of everything that decides points, as canonical JSON.

    Titles, texts, the grade scale and the due date are left out: they change what is read, or what is taken off at the
    very end, not what is earned; and so are open questions, whose points a person gives afterwards. So is the import
    policy where there is none, for grades made before it existed.
    """
    decisive: dict[str, object] = {
        "schema": RUBRIC_SCHEMA_VERSION,
        "reference": reference,
        "facts": facts_digest,
        "limits": asdict(limits),
        "rubric": [
            {"check": item.check, "points": item.points, "parameters": item.parameters, "requires": item.requires}
            for item in rubric
        ],
    }
    if imports is not None:
        decisive["imports"] = asdict(imports)
    return digest_of(json.dumps(decisive, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii"))


# ----------------------------------------------------------------------------------------------------------------------


def _assignment(
    table: AssignmentTable, folder: Path, texts: Mapping[str, Mapping[str, str]], facts_digest: str
) -> Assignment:
    rubric = tuple(_rubric_item(item) for item in table.rubric)
    limits = Limits(**table.limits.model_dump(exclude_unset=True))
    scale = scale_of(table.scale)
    due, imports = _due(table.due), _imports(table.imports)
    return Assignment(
        assignment=table.id,
        reference=table.reference,
        folder=folder,
        title=table.title.model_dump(exclude_none=True),
        rubric=rubric,
        limits=limits,
        texts=texts,
        scale_maximum=scale.maximum,
        scale_decimals=scale.decimals,
        rubric_hash=rubric_hash(rubric, table.reference, limits, facts_digest, imports=imports),
        scale_letters=scale.letters,
        scale_minimum=scale.minimum,
        due=due,
        imports=imports,
        compat=table.compat,
        questions=tuple(_question(item) for item in table.question),
    )


def _rubric_item(table: RubricTable) -> RubricItem:
    return RubricItem(
        table.check, table.points, table.parameters, tuple(table.requires), table.title.model_dump(exclude_none=True)
    )


def _question(table: QuestionTable) -> QuestionItem:
    criteria = {} if table.criteria is None else table.criteria.model_dump(exclude_none=True)
    return QuestionItem(table.id, table.points, table.title.model_dump(exclude_none=True), criteria)


@dataclass(frozen=True, slots=True)
class Scale:
    """A grade scale; the best letter first."""

    minimum: float
    maximum: float
    decimals: int
    letters: tuple[LetterBound, ...]


def scale_of(table: ScaleTable) -> Scale:
    """Return the scale that a table states."""
    if table.maximum is None:
        minimum, maximum, decimals = KINDS[table.kind or DEFAULT_KIND]
    else:
        minimum, maximum, decimals = table.minimum or 0.0, table.maximum, OWN_DECIMALS
    bounds = (table.letters or DEFAULT_LETTERS) if table.kind == LETTERS else {}
    letters = (LetterBound(letter, percent) for letter, percent in bounds.items())
    ordered = tuple(sorted(letters, key=lambda bound: bound.percent, reverse=True))
    return Scale(minimum, maximum, decimals if table.decimals is None else table.decimals, ordered)


def _due(table: DueTable | None) -> DuePolicy | None:
    return None if table is None else DuePolicy(**table.model_dump())


def _imports(table: ImportsTable | None) -> ImportPolicy | None:
    if table is None:
        return None
    return ImportPolicy(None if table.allow is None else tuple(table.allow), tuple(table.forbid or ()))


def _merged_texts(table: AssignmentTable, shared: Sequence[TomlSource]) -> dict[str, dict[str, str]]:
    """Return the shared texts by language, later ones over earlier ones and the assignment's own over all."""
    merged: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    tables: list[SharedTexts | AssignmentTable] = [SharedTexts.model_validate(source.data) for source in shared]
    tables.append(table)
    for texts in (one.text.model_dump() for one in tables):
        for language in LANGUAGES:
            merged[language] |= texts[language]
    return merged


def _facts_folder(source: TomlSource, facts_folder: Path, course: Course | None) -> Path:
    """Return the folder of the course's own facts if the reference is its own, else `facts_folder`."""
    is_own = course is not None and course.module(str(source.data.get("reference"))).is_file()
    return course.facts if course is not None and is_own else facts_folder


def _facts_problems(source: TomlSource, facts_folder: Path, course: Course | None) -> list[Problem]:
    reference = source.data.get("reference")
    if not isinstance(reference, str):
        return []
    own = course is not None and facts_folder == course.facts
    facts = facts_folder / f"{reference}.json"
    if facts.is_file():
        modules = course.references if course is not None and own else facts_folder.parent
        if is_stale(reference, facts, module_folder=modules, shared_folder=_shared_references()):
            return [source.problem(("reference",), _stale(reference, course if own else None))]
        return []
    if course is not None:
        return [source.problem(("reference",), (no_facts_yet if own else _nobodys)(reference, course))]
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


def _nobodys(reference: str, course: Course) -> Message:
    return message(
        "{reference} is no reference of the grader's, and none of this course: {file} is not there.",
        reference=reference,
        file=str(course.module(reference)),
    )


def _shared_references() -> Path:
    """Return the folder of our references, which an instructor's own ones may import."""
    return Path(grader.__file__).parent.parent / "reference"


def _stale(reference: str, course: Course | None) -> Message:
    return message(
        "{reference} has changed since its facts were made, and every threshold comes from them: run `{command}`.",
        reference=reference,
        command=f"grader calibrate {reference}" if course is None else course.command("calibrate", reference),
    )


def no_facts_yet(reference: str, course: Course) -> Message:
    """Name the command that makes the missing facts of an instructor's own reference."""
    return without_facts(reference=reference, command=course.command("calibrate", reference))


def digest_of(data: bytes) -> str:
    """Return the SHA-256 (hexadecimal)."""
    return hashlib.sha256(data).hexdigest()


def without_facts(*, reference: MessageValue, command: MessageValue) -> Message:
    """Say that a reference was never calibrated, and how to do it."""
    return message(
        "{reference} has no facts yet, and every threshold comes from them: run `{command}`.",
        reference=reference,
        command=command,
    )
