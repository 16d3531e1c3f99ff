"""Backs a graded class up to one file, and restores it: gradebook, hand-ins, and results.

The file contains the gradebook as SQLite, so that a backup of PostgreSQL can be restored into SQLite and vice versa,
and one of an earlier version into today's tables.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from grader.delivery import GRADEBOOK_FILE
from grader.domain.messages import message
from grader.gradebook import Gradebook, GradebookError, sqlite_url
from grader.gradebook.copying import copy_rows
from grader.gradebook.faults import file_fault
from grader.review.book import BookPlace

MANIFEST: Final = "manifest.json"
SCHEMA_VERSION: Final = 1

_KEPT: Final = ("grades.json", "grades.csv", "index.html", "class.html", "reports/*.html", "notebooks/*.ipynb")
_NAMES: Final = re.compile(
    r"gradebook\.sqlite|grades\.json|grades\.csv|(?:index|class)\.html|reports/[^/\\]+\.html|notebooks/[0-9a-f]{64}\.ipynb"
)
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """The content of a backup.

    Attributes:
        made_at: When it was made.
        tables: Rows of the gradebook by table.
        files: SHA-256 of every other member by its name.
    """

    made_at: str
    tables: dict[str, int]
    files: dict[str, str]

    @property
    def hand_ins(self) -> int:
        """How many files were handed in."""
        return self.tables.get("submission", 0)

    @property
    def rows(self) -> int:
        """How many rows the gradebook has."""
        return sum(self.tables.values())


def write_backup(place: BookPlace, path: Path) -> Backup:
    """Write a graded class into one file atomically; graders may continue meanwhile.

    Raises:
        GradebookError: The gradebook does not answer, or the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with tempfile.TemporaryDirectory() as workspace:
            copy = Path(workspace) / GRADEBOOK_FILE
            with Gradebook.open(place.url) as source, Gradebook.open(sqlite_url(copy)) as target:
                tables = copy_rows(source, target)
            members = {GRADEBOOK_FILE: copy, **_files(place.folder)}
            backup = Backup(
                datetime.now(UTC).isoformat(), tables, {name: _digest(one) for name, one in members.items()}
            )
            with zipfile.ZipFile(temporary, "x", zipfile.ZIP_DEFLATED) as archive:
                for name, one in members.items():
                    archive.write(one, name)
                archive.writestr(MANIFEST, _document(backup))
        read_backup(temporary)
        temporary.replace(path)
    except OSError as error:
        raise file_fault(error, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return backup


def read_backup(path: Path) -> Backup:
    """Read the content of a backup, and compare every member with its digest.

    Raises:
        GradebookError: It is no backup, it is damaged, or a newer version wrote it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            document = json.loads(archive.read(MANIFEST))
            if document["schema_version"] > SCHEMA_VERSION:
                raise GradebookError(
                    message("{path} was written by a newer version of the grader. Update it.", path=str(path))
                )
            backup = Backup(document["made_at"], document["tables"], document["files"])
            if {*archive.namelist()} != {MANIFEST, *backup.files} or not all(map(_NAMES.fullmatch, backup.files)):
                raise _damaged(path)
            for name, digest in backup.files.items():
                with archive.open(name) as member:
                    if _digest_of(iter(lambda: member.read(_CHUNK_BYTES), b"")) != digest:
                        raise _damaged(path)
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    return backup


def restore_backup(path: Path, place: BookPlace) -> Backup:
    """Write a backup into an empty folder and an empty gradebook.

    Raises:
        GradebookError: It is no backup, or something is there already; then nothing was written.
    """
    folder = place.folder or Path()
    backup = read_backup(path)
    if folder.exists() and any(folder.iterdir()):
        raise GradebookError(
            message("{folder} holds something already. Restore into an empty or a new folder.", folder=str(folder))
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as workspace, zipfile.ZipFile(path) as archive:
            archive.extract(GRADEBOOK_FILE, workspace)
            source = Gradebook.open(sqlite_url(Path(workspace) / GRADEBOOK_FILE))
            with source, Gradebook.open(place.url) as target:
                copy_rows(source, target)
            archive.extractall(folder, [name for name in backup.files if name != GRADEBOOK_FILE])
    except OSError as error:
        raise file_fault(error, str(folder)) from error
    return backup


# Private -------------------------------------------------------------------------------------------------------------


def _files(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    found = sorted(path for pattern in _KEPT for path in folder.glob(pattern) if path.is_file())
    return {name: path for path in found if _NAMES.fullmatch(name := path.relative_to(folder).as_posix())}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return _digest_of(iter(lambda: file.read(_CHUNK_BYTES), b""))


def _digest_of(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _document(backup: Backup) -> str:
    values = {
        "schema_version": SCHEMA_VERSION, "made_at": backup.made_at, "tables": backup.tables, "files": backup.files,
    }  # fmt: skip
    return json.dumps(values, ensure_ascii=False, indent=2)


def _damaged(path: Path) -> GradebookError:
    return GradebookError(message("{path} is no backup that `grader backup` wrote, or it is damaged.", path=str(path)))
