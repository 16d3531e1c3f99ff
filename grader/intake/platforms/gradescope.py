"""Gradescope: `submission_55/t.ipynb`, and `submission_metadata.yml` beside such folders, which says who and when.

Of the metadata, only `submission_<id>: {:submitters: [{:name, :sid, :email}], :created_at}` is read. The file also
holds every test's output, which may be long and deep, so it is read as a stream of events: that takes no recursion,
builds no objects, and keeps a student number such as `0123` as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import yaml  # type: ignore[import-untyped]

from grader.domain.messages import Message, message
from grader.domain.people import TEAM_SEPARATOR
from grader.intake.folder_levels import Division, FolderLevel, divided, is_below
from grader.intake.naming import student_name
from grader.intake.owners import Owner
from grader.intake.platforms.platform import Contents, Platform
from grader.intake.platforms.platform_times import moment

METADATA_NAME = "submission_metadata.yml"
_EXPORT_FOLDER = re.compile(r"assignment_\d+_export")
_SUBMISSION_FOLDER = re.compile(r"submission_\w+")

_SUBMITTERS = ":submitters"
_CREATED = ((":created_at",), (":created_at", "utc"))
"""Keys below a submission that lead to its time: Gradescope writes it plainly, or as a Ruby object with a zone."""

_DEEPEST = 100
"""Gradescope nests about six levels; the parser takes quadratic time in the depth."""

_KEYS_TO_FIELD = 3
"""Keys that lead to a field of a submitter: the submission, `:submitters`, `:name`."""

_Leaf = tuple[tuple[str, ...], int, str]
"""Keys that lead to a text, the number of its mapping, and the text."""


class MetadataError(Exception):
    """The metadata is not YAML; the text says where."""


@dataclass(frozen=True, slots=True)
class Received:
    """What Gradescope says about a submission.

    Attributes:
        student: See `grader.intake.naming.student_name`.
        submitted_at: When it was handed in, or None if it does not say.
    """

    student: str
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExportMetadata:
    """What an export says about its submissions.

    Attributes:
        received: Student and time by the name of the submission's folder.
        doubt: Why nothing is known, or None.
    """

    received: Mapping[str, Received]
    doubt: Message | None = None

    def owner(self, folder: str) -> Owner:
        """Return the owner of a submission; its number replaces the student if the export does not name one."""
        if (found := self.received.get(folder)) is not None:
            return Owner(found.student, submitted_at=found.submitted_at)
        missing = message(
            "{file} does not name the student of {folder}. Look the submission up in Gradescope.",
            file=METADATA_NAME,
            folder=folder,
        )
        return Owner(folder, doubt=self.doubt or missing)


def read_gradescope(metadata: Path, *, shown: str) -> ExportMetadata:
    """Return the metadata of an export; if it is broken, that is the doubt about every submission."""
    try:
        return ExportMetadata(read_received(metadata))
    except MetadataError as error:
        return ExportMetadata(
            {},
            message(
                "{file} cannot be read ({problem}), so the student is known by the number of the submission only. "
                "Export the submissions from Gradescope again.",
                file=shown,
                problem=str(error),
            ),
        )


def read_received(metadata: Path) -> Mapping[str, Received]:
    """Return student and time by the name of the submission's folder.

    A team has one name: those of its members, joined by ` + `.

    Raises:
        MetadataError: The file is no YAML, nests absurdly, or cannot be read.
    """
    submitters: dict[str, dict[int, dict[str, str]]] = {}
    created: dict[str, datetime] = {}
    try:
        for keys, member, text in _leaves(metadata):
            if keys[1:] in _CREATED and (time := moment(text)):
                created[keys[0]] = time
            elif len(keys) == _KEYS_TO_FIELD and keys[1] == _SUBMITTERS:
                submitters.setdefault(keys[0], {}).setdefault(member, {})[keys[2]] = text
    except (yaml.YAMLError, ValueError, OSError) as error:
        raise MetadataError(_words(error)) from error
    return {
        folder: Received(_team(list(members.values()), folder), created.get(folder))
        for folder, members in submitters.items()
    }


class Gradescope(Platform):
    """Exports of all submissions of an assignment."""

    name = "Gradescope"
    own_files = frozenset({METADATA_NAME})

    def divide(self, level: FolderLevel, contents: Contents) -> Division | None:
        """Return the owners of files below `submission_…` folders that have metadata beside them."""
        folders = [name for name in level.folders if _SUBMISSION_FOLDER.fullmatch(name)]
        metadata = next((item for item in level.files if item.filename == METADATA_NAME), None)
        exported = _EXPORT_FOLDER.fullmatch(level.above[-1] if level.above else "") is not None
        if metadata is None or not (folders or exported):
            return None
        said = read_gradescope(contents.paths([metadata])[metadata], shown=metadata.shown)
        owners = {name: said.owner(name) for name in folders}
        return divided(level, lambda item: owners.get(item.parts[level.depth]) if is_below(item, level) else None)


PLATFORM: Final = Gradescope()


# Private functions


def _words(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem} in line {error.problem_mark.line + 1}"
    return str(error).splitlines()[0]


def _team(members: list[dict[str, str]], folder: str) -> str:
    return TEAM_SEPARATOR.join(
        student_name(member.get(":name", ""), member.get(":sid") or member.get(":email") or folder)
        for member in members
    )


@dataclass(slots=True)
class _Mapping:
    """An open mapping: its number in the document, and the key whose value comes next (None: a key comes next)."""

    number: int
    key: str | None = None


@dataclass(slots=True)
class _Position:
    """The position in the document: all open collections from the outside in, None for a list."""

    levels: list[_Mapping | None] = field(default_factory=list)
    mappings: int = 0

    def open(self, *, is_mapping: bool) -> None:
        if len(self.levels) == _DEEPEST:
            raise MetadataError(f"more than {_DEEPEST} levels")
        self.mappings += is_mapping
        self.levels.append(_Mapping(self.mappings) if is_mapping else None)

    def close(self) -> None:
        self.levels.pop()
        self.end_value()

    def end_value(self) -> None:
        """In a mapping, the next text is a key again."""
        if self.levels and (innermost := self.levels[-1]):
            innermost.key = None

    def keys(self) -> tuple[str, ...]:
        """Return the keys that lead here."""
        return tuple(level.key or "" for level in self.levels if level)


def _leaves(metadata: Path) -> Iterator[_Leaf]:
    """Go through the events and yield every text that is the value of a key."""
    position = _Position()
    with metadata.open("rb") as file:
        for event in yaml.parse(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.CollectionStartEvent):
                position.open(is_mapping=isinstance(event, yaml.MappingStartEvent))
            elif isinstance(event, yaml.CollectionEndEvent):
                position.close()
            elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                yield from _text(position, _value(event))


def _text(position: _Position, text: str) -> Iterator[_Leaf]:
    innermost = position.levels[-1] if position.levels else None
    if innermost is None:
        return
    if innermost.key is None:
        innermost.key = text
        return
    yield position.keys(), innermost.number, text
    position.end_value()


def _value(event: yaml.ScalarEvent | yaml.AliasEvent) -> str:
    text = str(getattr(event, "value", ""))
    return "" if text in ("null", "~") and not event.style else text
