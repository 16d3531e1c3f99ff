"""Looks at what was given, a notebook, a folder or a zip, and lists the files in it. Nothing is unpacked here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from grader.domain.messages import message
from grader.intake.archives import ZIP_SUFFIX, Entry, list_entries, refuse_unusable
from grader.intake.errors import IntakeError
from grader.intake.gradescope import METADATA_NAME
from grader.intake.layouts import canvas_owner, canvas_owners, gradescope_folder, moodle_owner, nbgrader_owner
from grader.intake.naming import clean_name

NOTEBOOK_SUFFIX = ".ipynb"
_CLOSED_SUFFIXES = (".rar", ".7z")
_SKIPPED_FOLDERS = frozenset({"__MACOSX"})


class Kind(StrEnum):
    """What a file is, by its ending.

    NOTEBOOK: may be read.
    ZIP: may hold notebooks.
    CLOSED: an archive that we cannot open, so nobody knows what it holds.
    OTHER: a hand-in only where a platform says so.
    """

    NOTEBOOK = "notebook"
    ZIP = "zip"
    CLOSED = "closed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Item:
    """A file that was found.

    Attributes:
        above: Cleaned names of the folders (and the zip) that lead to `parts`, from the root of the disk.
        parts: Cleaned names from the given path down to the file.
        container: Absolute path of the file itself, or of the zip that holds it.
        entry: Which file of the zip, or None.
    """

    above: tuple[str, ...]
    parts: tuple[str, ...]
    container: Path
    entry: Entry | None = None

    @property
    def identity(self) -> tuple[Path, int]:
        """Equal for the same file found twice."""
        return self.container, self.entry.index if self.entry else -1

    @property
    def filename(self) -> str:
        """The file's own name."""
        return self.parts[-1]

    @property
    def shown(self) -> str:
        """Where it is, for people, seen from the given path."""
        return "/".join(self.parts)

    @property
    def place(self) -> tuple[str, ...]:
        """Folders, then the name without its ending, seen from the given path."""
        return (*self.parts[:-1], Path(self.filename).stem)

    @property
    def kind(self) -> Kind:
        """What it is, by its ending."""
        suffix = Path(self.filename).suffix.lower()
        if suffix in _CLOSED_SUFFIXES:
            return Kind.CLOSED
        return {NOTEBOOK_SUFFIX: Kind.NOTEBOOK, ZIP_SUFFIX: Kind.ZIP}.get(suffix, Kind.OTHER)


def look_at(path: Path, *, alone: bool) -> tuple[Item, ...]:
    """List the files of one given path.

    A zip is a download of a whole class when its content says so, and else one student's hand-in (a single item).

    Args:
        path: A notebook, a folder or a zip.
        alone: Nothing else was given; a zip that cannot be opened is then an error and else one bad hand-in.

    Raises:
        IntakeError: It does not exist, cannot be read, or is of another kind.
    """
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return tuple(_in_folder(path.resolve()))
    single = _single(path)
    if not stat.S_ISREG(mode) or (single.kind in (Kind.OTHER, Kind.CLOSED) and not _named_by_platform(single)):
        raise IntakeError(
            message(
                "{path} is neither a notebook (.ipynb) nor a folder nor a zip file. Give one of these.",
                path=_told(path),
            )
        )
    _try_reading(path)
    return _in_zip(single, alone=alone) if single.kind is Kind.ZIP else (single,)


def siblings(path: Path) -> Iterator[Item]:
    """Yield the ordinary files in the folder of a single notebook, none of those in folders below."""
    single = _single(path)
    for other in sorted(single.container.parent.iterdir()):
        if other.name != path.name and not is_hidden((other.name,)) and _is_ordinary(other):
            yield Item(single.above, (clean_name(other.name),), other)


def is_hidden(parts: tuple[str, ...]) -> bool:
    """Tell whether any of the names is hidden or belongs to a tool (`.ipynb_checkpoints`, `__MACOSX`)."""
    return any(part.startswith(".") or part in _SKIPPED_FOLDERS for part in parts)


# Private functions for given paths


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IntakeError(
            message("{path} does not exist. Check its spelling, or give the full path.", path=_told(path))
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _try_reading(path: Path) -> None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise _unreadable(path, error) from error


def _single(path: Path) -> Item:
    folder = path.parent.resolve()
    return Item(tuple(clean_name(name) for name in folder.parts[1:]), (clean_name(path.name),), folder / path.name)


def _named_by_platform(item: Item) -> bool:
    return bool(moodle_owner((*item.above, *item.parts)) or canvas_owner(item.filename))


def _told(path: Path) -> str:
    return clean_name(str(path))


def _unreadable(path: Path, error: Exception) -> IntakeError:
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return IntakeError(
        message("{path} cannot be read: {problem}. Check its permissions.", path=_told(path), problem=words)
    )


# Private functions for folders


def _in_folder(folder: Path) -> Iterator[Item]:
    """List ordinary files in order of name; links are not followed, for they may lead out of a student's folder."""
    above = tuple(clean_name(name) for name in folder.parts[1:])

    def refuse(error: OSError) -> None:
        # Nothing is better than a class that lacks students without anybody noticing.
        raise _unreadable(Path(error.filename or folder), error) from error

    for root, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not is_hidden((name,)))
        inside = tuple(clean_name(name) for name in Path(root).relative_to(folder).parts)
        for name in sorted(files):
            path = Path(root, name)
            if not is_hidden((name,)) and _is_ordinary(path):
                yield Item(above, (*inside, clean_name(name)), path)


def _is_ordinary(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        # It was deleted since its folder was listed.
        return False


# Private functions for zips


def _in_zip(single: Item, *, alone: bool) -> tuple[Item, ...]:
    try:
        inside = _entries(single)
    except IntakeError:
        if alone:
            raise
        return (single,)
    if _is_class(inside, named=_named_by_platform(single), alone=alone):
        return inside
    return (single,)


def _entries(single: Item) -> tuple[Item, ...]:
    above = (*single.above, single.place[-1])
    entries = list_entries(single.container, shown=single.filename)
    items = [Item(above, entry.parts, single.container, entry) for entry in entries if not is_hidden(entry.parts)]
    refuse_unusable(
        [item.entry for item in items if item.entry and item.kind in (Kind.NOTEBOOK, Kind.ZIP)], shown=single.filename
    )
    return tuple(sorted(items, key=lambda item: item.parts))


def _is_class(items: tuple[Item, ...], *, named: bool, alone: bool) -> bool:
    """Tell a class's download from one student's zip: a platform's names inside, or else several hand-ins."""
    if any(_names_owner(item) for item in items) or canvas_owners(item.filename for item in items):
        return True
    kinds = [item.kind for item in items]
    if named or (kinds.count(Kind.NOTEBOOK), kinds.count(Kind.ZIP)) == (1, 0):
        return False
    return alone or Kind.NOTEBOOK in kinds or Kind.ZIP in kinds


def _names_owner(item: Item) -> bool:
    return bool(moodle_owner(item.parts) or nbgrader_owner(item.parts)) or _is_gradescope(item)


def _is_gradescope(item: Item) -> bool:
    return item.filename == METADATA_NAME and len(item.parts) - len(gradescope_folder(item.parts)) == 1
