"""What earlier sessions found out about the data, so that a class in which nothing is new opens no zone.

Which data a session takes, and their digest, only the measuring process can say, and it takes seconds to start. Its
answer is kept in the user's cache together with the size and time of every file that could have been taken instead; it
counts as long as none of them comes, goes or changes.
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
from grader.rebuild.protocol import PublishedData

FILE_NAME = "published.json"


@dataclass(frozen=True, slots=True)
class DataQuestion:
    """Which data a session asks for.

    Attributes:
        dataset: Its id.
        size: `full` or `sample`.
        folder: Searched for the user's own full set before the usual places.
    """

    dataset: str
    size: str
    folder: Path | None

    def key(self) -> str:
        """Name the question with all that decides where is looked, so that another one never gets its answer."""
        surroundings = (os.environ.get("KERAS_HOME", ""), str(Path("~").expanduser()), str(Path.cwd()))
        folder = "" if self.folder is None else str(self.folder.absolute())
        text = json.dumps((self.dataset, self.size, folder, *surroundings, grader.__version__))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Known:
    """An answer, and what the files were like when it was given: nanoseconds and bytes, None for one not there."""

    size: str
    digest: str
    files: dict[str, tuple[int, int] | None]


_BOOK: TypeAdapter[dict[str, _Known]] = TypeAdapter(dict[str, _Known])


def remember(question: DataQuestion, published: PublishedData) -> None:
    """Keep an answer. Where the cache cannot be written, nothing is kept, which costs the next session seconds."""
    known = _Known(published.size, published.digest, _state(published.looked_for))
    with suppress(OSError):
        _write(_read() | {question.key(): known})


def recall(question: DataQuestion) -> tuple[str, str] | None:
    """Return size and digest of the data that this question got before, None where they may be others now."""
    known = _read().get(question.key())
    if known is None or _state([Path(file) for file in known.files]) != known.files:
        return None
    return known.size, known.digest


def cache_file() -> Path:
    """Return where answers are kept; `XDG_CACHE_HOME` moves it."""
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
    """Read the book; one that is not there, not ours or half written is empty."""
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
