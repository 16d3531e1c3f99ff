"""Remembers which data earlier sessions found, so that grading an unchanged class opens no zone.

Only the measuring process, which takes seconds to start, can say which data a session uses, and their digest. Its
answer is kept in the user's cache with size and time of every file that could have been used instead; it is valid while
none of these files is added, removed or changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from pydantic import TypeAdapter, ValidationError

import grader
from grader.domain.datasets import DataSize
from grader.rebuild.protocol import PublishedData

FILE_NAME = "published.json"


@dataclass(frozen=True, slots=True)
class DataQuestion:
    """Which data a session asks for.

    Attributes:
        dataset: Its id.
        size: `full` or `sample`.
        folder: Folder that is searched for the user's own full set before the usual places.
    """

    dataset: str
    size: DataSize
    folder: Path | None

    def key(self) -> str:
        """Return a key with everything that decides where data are searched, so that no other question shares it."""
        surroundings = (os.environ.get("KERAS_HOME", ""), str(Path("~").expanduser()), str(Path.cwd()))
        folder = "" if self.folder is None else str(self.folder.absolute())
        text = json.dumps((self.dataset, self.size, folder, *surroundings, grader.__version__))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Known:
    """An answer, and the time (ns) and size (bytes) of the files when it was given, None for a missing file."""

    size: DataSize
    digest: str
    files: dict[str, tuple[int, int] | None]


_BOOK: TypeAdapter[dict[str, _Known]] = TypeAdapter(dict[str, _Known])


def remember(question: DataQuestion, published: PublishedData) -> None:
    """Store an answer. If the cache cannot be written, nothing is stored, and the next session takes seconds longer."""
    known = _Known(published.size, published.digest, _state(published.looked_for))
    with suppress(OSError):
        _write(_read() | {question.key(): known})


def recall(question: DataQuestion) -> tuple[str, str] | None:
    """Return size and digest of the data from an earlier answer, None if the data may have changed."""
    known = _read().get(question.key())
    if known is None or _state([Path(file) for file in known.files]) != known.files:
        return None
    return known.size, known.digest


def cache_file() -> Path:
    """Return the file in which answers are kept; `XDG_CACHE_HOME` moves it."""
    return platformdirs.user_cache_path("autoencoder-grader") / FILE_NAME


def _state(files: Sequence[Path]) -> dict[str, tuple[int, int] | None]:
    return {str(file): _stamp(file) for file in files}


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def _read() -> dict[str, _Known]:
    """Read the stored answers; a missing, foreign or incomplete file counts as empty."""
    try:
        return _BOOK.validate_json(cache_file().read_bytes())
    except (OSError, ValidationError):
        return {}


def _write(book: dict[str, _Known]) -> None:
    path = cache_file()
    if not path.is_absolute():  # a user without a home
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(_BOOK.dump_json(book))
    Path(file.name).replace(path)
