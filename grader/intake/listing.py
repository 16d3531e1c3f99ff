"""Lists the files of what was given: a notebook, a folder or a zip. Nothing is unpacked here."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from grader.domain.messages import message
from grader.intake.archives import ZIP_SUFFIX, ZipEntry, read_directory, refuse_unusable
from grader.intake.intake_errors import IntakeError
from grader.intake.naming import clean_name, distinct_part

NOTEBOOK_SUFFIX = ".ipynb"
_CLOSED_SUFFIXES = (".rar", ".7z")
_SKIPPED_FOLDERS = frozenset({"__MACOSX"})


class FileKind(StrEnum):
    """The kind of a file, by its ending.

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
    entry: ZipEntry | None = None

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
        """Its path for people, relative to the given path."""
        return "/".join(self.parts)

    @property
    def place(self) -> tuple[str, ...]:
        """Folders, then the name without its ending, relative to the given path."""
        return (*self.parts[:-1], Path(self.filename).stem)

    @property
    def address(self) -> tuple[str, ...]:
        """Its absolute path, so that files of different given paths can be compared."""
        return (*self.above, *self.parts)

    @property
    def is_hand_in(self) -> bool:
        """Whether it may be a student's work even if no platform says so."""
        return self.kind is not FileKind.OTHER

    @property
    def kind(self) -> FileKind:
        """What it is, by its ending."""
        suffix = Path(self.filename).suffix.lower()
        if suffix in _CLOSED_SUFFIXES:
            return FileKind.CLOSED
        return {NOTEBOOK_SUFFIX: FileKind.NOTEBOOK, ZIP_SUFFIX: FileKind.ZIP}.get(suffix, FileKind.OTHER)


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything visible in one given path.

    Attributes:
        above: Cleaned names that lead to it, from the root of the disk; its own is the last one.
        items: Its ordinary files, in order of name.
        folders: Cleaned names down to folders, those without a file included; one with a file may be missing.
        left_out: Links, pipes and hidden notebooks, which are never read.
    """

    above: tuple[str, ...]
    items: tuple[Item, ...] = ()
    folders: tuple[tuple[str, ...], ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenPath:
    """One path as the instructor gave it: a folder (`inside` is known at once) or a file.

    Attributes:
        single: The file; None for a folder.
        inside: What a folder holds.
    """

    single: Item | None = None
    inside: Listing | None = None


def look_at(path: Path, is_named: Callable[[Item], bool]) -> GivenPath:
    """List what one given path holds; a zip is not opened yet.

    Args:
        path: What was given.
        is_named: Tells whether a platform named a file for one student, so that it is a hand-in of whatever kind.

    Raises:
        IntakeError: It does not exist, cannot be read, or is of another kind.
    """
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return GivenPath(inside=_in_folder(path.resolve()))
    single = _single(path)
    if not stat.S_ISREG(mode) or (single.kind in (FileKind.OTHER, FileKind.CLOSED) and not is_named(single)):
        raise IntakeError(
            message(
                "{path} is neither a notebook (.ipynb) nor a folder nor a zip file. Give one of these.",
                path=_for_people(path),
            )
        )
    _try_reading(path)
    return GivenPath(single=single)


def look_into(zipped: Item, path: Path) -> Listing:
    """List what a zip holds, as if it were a folder of its name.

    Args:
        zipped: The zip as it was found.
        path: Where its bytes are.

    Raises:
        IntakeError: It is no zip, it is damaged, or it holds too much.
    """
    above = (*zipped.above, *zipped.place)
    directory = read_directory(path, shown=zipped.filename)
    items = [Item(above, entry.parts, path, entry) for entry in directory.entries if not is_hidden(entry.parts)]
    refuse_unusable(
        [item.entry for item in items if item.entry and item.kind in (FileKind.NOTEBOOK, FileKind.ZIP)],
        shown=zipped.filename,
    )
    folders = {parts for parts in directory.folders if not is_hidden(parts)}
    hidden = [entry.parts for entry in directory.entries if _is_hidden_notebook(entry.parts)]
    left_out = ["/".join(parts) for parts in (*hidden, *directory.links)]
    items.sort(key=lambda item: item.parts)
    return Listing(above, tuple(items), tuple(sorted(folders)), tuple(sorted(left_out)))


def siblings(path: Path) -> list[Item]:
    """Return the ordinary files in the folder of a single notebook, without those in subfolders."""
    single = _single(path)
    return [
        Item(single.above, (distinct_part(other.name),), other)
        for other in sorted(single.container.parent.iterdir())
        if other.name != path.name and not is_hidden((other.name,)) and _is_ordinary(other)
    ]


def is_hidden(parts: tuple[str, ...]) -> bool:
    """Return whether any of the names is hidden or belongs to a tool (`.ipynb_checkpoints`, `__MACOSX`)."""
    return any(part.startswith(".") or part in _SKIPPED_FOLDERS for part in parts)


# Private functions for given paths


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IntakeError(
            message("{path} does not exist. Check its spelling, or give the full path.", path=_for_people(path))
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
    above = tuple(distinct_part(name) for name in folder.parts[1:])
    return Item(above, (distinct_part(path.name),), folder / path.name)


def _for_people(path: Path) -> str:
    return clean_name(str(path))


def _unreadable(path: Path, error: Exception) -> IntakeError:
    words = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return IntakeError(
        message("{path} cannot be read: {problem}. Check its permissions.", path=_for_people(path), problem=words)
    )


# Private functions for folders


@dataclass(slots=True)
class _Walk:
    """What a walk through a folder has found so far."""

    items: list[Item] = field(default_factory=list)
    folders: list[tuple[str, ...]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def _in_folder(folder: Path) -> Listing:
    """List ordinary files in order of name; links are not followed, since they may lead out of a student's folder."""
    above = tuple(distinct_part(name) for name in folder.parts[1:])
    walk = _Walk()

    def refuse(error: OSError) -> None:
        # An error is better than a class that silently lacks students.
        raise _unreadable(Path(error.filename or folder), error) from error

    for root, folders, files in os.walk(folder, onerror=refuse):
        inside = tuple(distinct_part(name) for name in Path(root).relative_to(folder).parts)
        _note_folders(walk, Path(root), inside, folders)
        for name in sorted(files):
            _note_file(walk, Item(above, (*inside, distinct_part(name)), Path(root, name)))
    return Listing(above, tuple(walk.items), tuple(walk.folders), tuple(walk.left_out))


def _note_folders(walk: _Walk, root: Path, inside: tuple[str, ...], folders: list[str]) -> None:
    folders[:] = sorted(name for name in folders if not is_hidden((name,)))
    for name in folders:
        parts = (*inside, distinct_part(name))
        if (root / name).is_symlink():
            walk.left_out.append("/".join(parts))
        else:
            walk.folders.append(parts)


def _note_file(walk: _Walk, item: Item) -> None:
    if is_hidden((item.container.name,)):
        walk.left_out += [item.shown] if _is_hidden_notebook(item.parts) else []
    elif _is_ordinary(item.container):
        walk.items.append(item)
    else:
        walk.left_out.append(item.shown)


def _is_hidden_notebook(parts: tuple[str, ...]) -> bool:
    """Report a notebook that only its name hides; Jupyter's own copies are ignored."""
    name = parts[-1]
    return (
        name.startswith(".")
        and not name.startswith("._")
        and name.lower().endswith(NOTEBOOK_SUFFIX)
        and not is_hidden(parts[:-1])
    )


def _is_ordinary(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        # It was deleted after its folder was listed.
        return False
