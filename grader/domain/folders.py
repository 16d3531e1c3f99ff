"""Temporary folders for one user only, deleted with any content that a notebook left, also after a killed grader.

A folder that a notebook may write to lies below a folder that only the grader's user may enter, so what a kernel
leaves there (a set-user-id program, for example) is out of reach of other users. A file that stays locked while its
process lives marks a folder as in use; without that lock its grader was killed, and the next grader deletes the folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from time import time

if sys.platform != "win32":  # there, only a student's own check runs
    import fcntl

PREFIX = "agr-"
_UNLOCKED_PREFIX = "agn-"
_LOCK, _LENT = "lock", "r"
_LONGEST_BASE = 80
"""Longest path below which Unix sockets are made: their own paths may have 107 characters."""
_SECONDS_TO_LOCK = 60.0
_SET_ID_BITS = stat.S_ISUID | stat.S_ISGID
_AS_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FROM_INSIDE = hasattr(os, "O_PATH") and os.scandir in os.supports_fd

_swept: set[Path] = set()


@contextmanager
def private_folder(*, for_sockets: bool = False) -> Iterator[Path]:
    """Yield a folder that only this user may enter; it is deleted afterwards with its content.

    Folders of killed graders are deleted before the first is lent.

    Args:
        for_sockets: Whether its path must be short enough for Unix sockets.
    """
    base = _base(for_sockets=for_sockets)
    if base not in _swept:
        _swept.add(base)
        delete_abandoned(base)
    outer, lock = _locked(base)
    folder = outer / _LENT
    folder.mkdir()
    try:
        yield folder
    finally:
        with suppress(OSError):  # a left-over temporary file is no reason to fail; the next grader deletes it
            delete(outer)
        if lock is not None:
            os.close(lock)


def delete(folder: Path) -> None:
    """Delete a folder, even if parts of it are unreadable or nested deeper than paths and recursion allow.

    Links are not followed and nothing outside is changed: each folder is opened from its parent, and nested folders
    are moved up before they are emptied.

    Raises:
        OSError: Something could not be deleted.
    """
    if not _FROM_INSIDE:
        shutil.rmtree(folder)
        return
    opened = _opened(str(folder))
    try:
        _empty(opened)
    finally:
        os.close(opened)
    folder.rmdir()


def without_set_id(folder: Path, *, deepest: int) -> None:
    """Take the set-user-id and set-group-id bits from all files, and delete what is nested deeper than `deepest`."""
    if not _FROM_INSIDE:
        return
    pending = [(_opened(str(folder)), 0)]
    while pending:
        place, depth = pending.pop()
        try:
            if depth >= deepest:
                _empty(place)
                continue
            with os.scandir(place) as found:
                entries = list(found)
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append((_opened(entry.name, place), depth + 1))
                elif entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mode & _SET_ID_BITS:
                    _chmod(entry.name, place, 0o600)
        finally:
            os.close(place)


def require_closed(folder: Path) -> None:
    """Refuse a folder that other users of this machine may enter.

    Raises:
        PermissionError: Neither it nor any folder above it is closed to other users.
    """
    if os.name != "posix":
        return
    for place in (folder, *folder.parents):
        status = place.stat()
        if status.st_uid == os.geteuid() and not status.st_mode & 0o077:
            return
    raise PermissionError(f"{folder}: every user of this machine may enter it, and a notebook would write there")


def delete_abandoned(base: Path) -> None:
    """Delete the folders below `base` that a grader of this user made and that no living process holds locked."""
    if sys.platform == "win32":
        return
    for entry in os.scandir(base):
        with suppress(OSError):  # another grader was faster
            if entry.name.startswith((PREFIX, _UNLOCKED_PREFIX)) and _is_abandoned(entry):
                delete(Path(entry.path))


def _base(*, for_sockets: bool) -> Path:
    """Return the folder for temporary files, or another where its path is too long for sockets below it."""
    base = tempfile.gettempdir()
    return Path("/tmp" if for_sockets and len(base) > _LONGEST_BASE else base)  # noqa: S108


def _locked(base: Path) -> tuple[Path, int | None]:
    """Make a folder; it gets the name that other graders look for only after it is locked."""
    new = Path(tempfile.mkdtemp(prefix=_UNLOCKED_PREFIX, dir=base))
    if sys.platform == "win32":
        return new, None
    lock = os.open(new / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return new.rename(new.with_name(new.name.replace(_UNLOCKED_PREFIX, PREFIX, 1))), lock


def _is_abandoned(folder: os.DirEntry[str]) -> bool:
    status = folder.stat(follow_symlinks=False)
    if not folder.is_dir(follow_symlinks=False) or status.st_uid != os.geteuid():
        return False
    if folder.name.startswith(_UNLOCKED_PREFIX):
        return time() - status.st_mtime > _SECONDS_TO_LOCK
    try:
        lock = os.open(Path(folder.path, _LOCK), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # half deleted
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _empty(top: int) -> None:
    """Delete everything in an open folder, with two folders open at a time at any depth."""
    names = (f"{secrets.token_hex(8)}-{number}" for number in count())
    while inner := _without_files(top):
        for name in inner:
            place = _opened(name, top)
            try:
                for deeper in _without_files(place):
                    os.close(_opened(deeper, place))  # a closed folder cannot be moved
                    os.rename(deeper, next(names), src_dir_fd=place, dst_dir_fd=top)
            finally:
                os.close(place)
            os.rmdir(name, dir_fd=top)


def _without_files(place: int) -> list[str]:
    """Delete everything but folders in an open folder, and return the names of its folders."""
    with os.scandir(place) as found:
        entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
    for name, is_folder in entries:
        if not is_folder:
            os.unlink(name, dir_fd=place)
    return [name for name, is_folder in entries if is_folder]


def _opened(name: str, above: int | None = None) -> int:
    """Open a folder itself and give us all rights in it; a link of that name is never followed."""
    found = os.open(name, os.O_PATH | _AS_FOLDER | os.O_CLOEXEC, dir_fd=above)
    try:
        if os.fstat(found).st_mode & 0o700 != 0o700:
            os.chmod(f"/proc/self/fd/{found}", 0o700)  # noqa: PTH101 - the folder that is open, whatever has its name now
        return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.close(found)


def _chmod(name: str, above: int, mode: int) -> None:
    found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    try:
        os.chmod(f"/proc/self/fd/{found}", mode)  # noqa: PTH101 - the same
    finally:
        os.close(found)
