"""Reads untrusted zip files.

No name in a zip ever becomes a path: an unpacked file gets a number as its name, so `../../etc/passwd`, reserved names
and names that differ only in case do no harm. Links and devices are skipped. The directory of the zip is measured
before the standard library builds objects from it, and every file is cut at a limit while it is unpacked, whatever size
the zip declares.
"""

from __future__ import annotations

import hashlib
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from grader.domain.messages import Message, message
from grader.domain.zip_directory import stated_directory_bytes
from grader.intake.intake_errors import IntakeError
from grader.intake.naming import clean_name, distinct_part

ZIP_SUFFIX: Final = ".zip"
ENTRY_COUNT_LIMIT: Final = 50_000
DIRECTORY_LIMIT_BYTES: Final = 16_000_000
"""Largest directory of a zip; 50,000 entries with long names need less."""

FILE_LIMIT_BYTES: Final = 100_000_000
"""A file is cut here; a notebook of half this size is refused anyway."""

INNER_ZIP_LIMIT_BYTES: Final = 1_000_000_000
"""A zip inside a zip is cut here (and is then unreadable): students add their data sets."""

TOTAL_LIMIT_BYTES: Final = 8_000_000_000
"""Most bytes that are unpacked from one zip."""

MEGABYTE: Final = 1_000_000
_CHUNK_BYTES = 1 << 20
_DEEPEST = 100
"""Most names on the path to a file."""

_KEPT_SUFFIXES = (".ipynb", ZIP_SUFFIX)
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
# MemoryError: a zip may ask for an LZMA dictionary of 4 GB.
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A file in a zip.

    Attributes:
        index: Position in the zip's directory, from 0.
        parts: Its name as received, cleaned for people: folders, then the file.
        size_bytes: Unpacked size that the zip declares.
        encrypted: A password is needed.
    """

    index: int
    parts: tuple[str, ...]
    size_bytes: int
    encrypted: bool

    @property
    def limit_bytes(self) -> int:
        """The size at which this file is cut."""
        return INNER_ZIP_LIMIT_BYTES if self.parts[-1].lower().endswith(ZIP_SUFFIX) else FILE_LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file unpacked from a zip.

    Attributes:
        path: Where it is now.
        problem: Why these are not all its bytes, or None.
    """

    path: Path
    problem: Message | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """The content that a zip declares.

    Attributes:
        entries: Its ordinary files, in its own order.
        folders: Names down to every folder that it lists by itself.
        links: Names down to every link, device or file without a proper name.
    """

    entries: tuple[ZipEntry, ...]
    folders: tuple[tuple[str, ...], ...]
    links: tuple[tuple[str, ...], ...]


def list_entries(archive: Path, *, shown: str) -> tuple[ZipEntry, ...]:
    """Return the ordinary files of a zip in its own order; nothing is unpacked.

    Raises:
        IntakeError: See `read_directory`.
    """
    return read_directory(archive, shown=shown).entries


def read_directory(archive: Path, *, shown: str) -> Directory:
    """Return the content that a zip declares; nothing is unpacked.

    Args:
        archive: The zip file.
        shown: What it is called in messages.

    Raises:
        IntakeError: It is no zip, it is damaged, or it has too many entries.
    """
    _refuse_large_directory(archive, shown)
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = opened.infolist()
    except _ZIP_FAULTS as error:
        raise IntakeError(_damaged(shown, error)) from error
    if len(infos) > ENTRY_COUNT_LIMIT:
        raise IntakeError(_too_many(shown))
    named = [(index, info, parts) for index, info in enumerate(infos) if (parts := _parts(info))]
    # `info.is_dir()` fails on a file without a name.
    files = [(index, info, parts) for index, info, parts in named if not info.filename.endswith("/")]
    return Directory(
        tuple(_entry(index, info, parts) for index, info, parts in files if _is_regular(info)),
        tuple(parts for _, info, parts in named if info.filename.endswith("/")),
        tuple(parts for _, info, parts in files if not _is_regular(info)),
    )


def refuse_unusable(entries: Sequence[ZipEntry], *, shown: str) -> None:
    """Refuse files that cannot be unpacked.

    Raises:
        IntakeError: A password is needed, or all together are too large.
    """
    if any(entry.encrypted for entry in entries):
        raise IntakeError(
            message(
                "{archive} is protected by a password. A zip without a password is needed, or the notebook itself.",
                archive=shown,
            )
        )
    total = sum(min(entry.size_bytes, entry.limit_bytes) for entry in entries)
    if total > TOTAL_LIMIT_BYTES:
        raise IntakeError(
            message(
                "{archive} unpacks to {size} MB, more than the {limit} MB that are allowed. "
                "Divide it, or unpack it and give the folder.",
                archive=shown,
                size=megabytes(total),
                limit=megabytes(TOTAL_LIMIT_BYTES),
            )
        )


def unpack(archive: Path, wanted: Sequence[ZipEntry], folder: Path, *, shown: str) -> Mapping[ZipEntry, Unpacked]:
    """Unpack the chosen files into `folder` under names of our own.

    One file that is damaged or too large does not spoil the others: its `problem` says what happened.

    Raises:
        IntakeError: A password is needed, all together are too large, or the folder cannot be written.
    """
    refuse_unusable(wanted, shown=shown)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive) as opened:
            infos = opened.infolist()
            return {entry: _unpack_one(opened, infos[entry.index], entry, folder) for entry in wanted}
    except OSError as error:
        raise IntakeError(
            message(
                "{archive} cannot be unpacked into {folder}: {problem}.",
                archive=shown,
                folder=str(folder),
                problem=_words(error),
            )
        ) from error


def megabytes(size_bytes: int) -> float:
    """Return a size in MB (10⁶ bytes) with one decimal, for messages."""
    return round(size_bytes / MEGABYTE, 1)


# Private functions for entries


def _is_regular(info: zipfile.ZipInfo) -> bool:
    return stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)


def _entry(index: int, info: zipfile.ZipInfo, parts: tuple[str, ...]) -> ZipEntry:
    return ZipEntry(index, parts, info.file_size, bool(info.flag_bits & _ENCRYPTED))


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """Split the name at both kinds of slash; parent steps and drive letters have no meaning here."""
    names = _name(info).replace("\\", "/").split("/")
    if len(names) > _DEEPEST:  # no disk holds that; one name stands for the folders in the middle
        names = [*names[: _DEEPEST - 2], hashlib.sha256(repr(names).encode()).hexdigest(), names[-1]]
    cleaned = (distinct_part(name) for name in names)
    return tuple(name for name in cleaned if name not in ("", ".", "..") and not name.endswith(":"))


def _name(info: zipfile.ZipInfo) -> str:
    """Decode a name that is not marked as UTF-8: it may be UTF-8 nevertheless (macOS), or in the DOS code page."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # cp850 has the accented capitals where the cp437 of the standard has box-drawing characters.
        return raw.decode("cp850")


def _unpack_one(opened: zipfile.ZipFile, info: zipfile.ZipInfo, entry: ZipEntry, folder: Path) -> Unpacked:
    path = folder / _file_name(entry)
    with path.open("wb") as target:
        return Unpacked(path, _copy(opened, info, target, entry))


def _file_name(entry: ZipEntry) -> str:
    suffix = Path(entry.parts[-1]).suffix.lower()
    return f"{entry.index:05d}{suffix if suffix in _KEPT_SUFFIXES else ''}"


def _copy(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: BinaryIO, entry: ZipEntry) -> Message | None:
    """Copy up to the limit; return what is wrong with the copy, or None. A full disk raises OSError."""
    left = entry.limit_bytes
    chunks = _chunks(opened, info, most=left + 1)
    while True:
        try:
            chunk = next(chunks, b"")
        except _ZIP_FAULTS as error:
            return message("{file} is damaged: {problem}.", file="/".join(entry.parts), problem=_words(error))
        target.write(chunk[:left])
        left -= len(chunk)
        if left < 0:
            return _cut(entry)
        if not chunk:
            return None


def _chunks(opened: zipfile.ZipFile, info: zipfile.ZipInfo, *, most: int) -> Iterator[bytes]:
    with opened.open(info) as source:
        while chunk := source.read(min(_CHUNK_BYTES, most)):
            yield chunk


def _cut(entry: ZipEntry) -> Message:
    return message(
        "{file} unpacks to {size} MB, more than the {limit} MB that are allowed; the rest was cut off.",
        file="/".join(entry.parts),
        size=megabytes(entry.size_bytes),
        limit=megabytes(entry.limit_bytes),
    )


# Private functions for refusals


def _refuse_large_directory(archive: Path, shown: str) -> None:
    try:
        with archive.open("rb") as file:
            directory_bytes = stated_directory_bytes(file)
    except OSError as error:
        raise IntakeError(_damaged(shown, error)) from error
    if directory_bytes > DIRECTORY_LIMIT_BYTES:
        raise IntakeError(_too_many(shown))


def _too_many(shown: str) -> Message:
    return message(
        "{archive} holds more than the {limit} entries that are allowed. Unpack it and give the folder.",
        archive=shown,
        limit=ENTRY_COUNT_LIMIT,
    )


def _damaged(shown: str, error: Exception) -> Message:
    return message(
        "{archive} cannot be read as a zip file: {problem}. Download it again, or unpack it and give the folder.",
        archive=shown,
        problem=_words(error),
    )


def _words(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else str(error)
    return clean_name(text or type(error).__name__).rstrip(".")
