"""An empty, writable Drive, `/content/drive/MyDrive/…`, in the sandbox, where a notebook's own Drive is unavailable.

It does not contain the author's folders. A folder is created when the notebook enters it or writes a file to it; a file
to be read is never created, and neither is a folder that the notebook only lists.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

ROOTS = ("/content/drive", "/content/gdrive")
_BUSY = threading.local()
_EVENTS = frozenset({"open", "os.chdir", "os.mkdir"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def mount(place: object) -> None:
    """Create an empty Drive, under both names that Colab uses."""
    with contextlib.suppress(OSError):
        root = Path(os.path.realpath(str(place)))
        (root / "MyDrive").mkdir(parents=True, exist_ok=True)
        (root / "My Drive").symlink_to("MyDrive")


def install() -> None:
    """Create folders of the Drive as needed, for everything that Python opens from now on."""
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Check what Python is about to do; it runs for every audit event, so it returns at once for most of them."""
    if event not in _EVENTS or getattr(_BUSY, "now", False):
        return
    _BUSY.now = True  # our own actions are events, too
    try:
        _prepare(event, arguments)
    finally:
        _BUSY.now = False


def _prepare(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = (*arguments, None, None)[:3]
        writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)
        if writes:
            make_parent(path)
    elif event == "os.chdir":
        make_folder(arguments[0])
    elif event == "os.mkdir":
        make_parent(arguments[0])


def make_parent(path: object) -> None:
    """Create the folder of a file on the Drive."""
    if (place := _on_drive(path)) is not None:
        make_folder(place.parent)


def make_folder(path: object) -> None:
    """Create a folder on the Drive."""
    place = _on_drive(path)
    if place is not None and not place.exists():
        with contextlib.suppress(OSError):  # the notebook's own call reports the error
            mount(next(root for root in ROOTS if str(place).startswith(root)))
            place.mkdir(parents=True, exist_ok=True)


def _on_drive(path: object) -> Path | None:
    if not isinstance(path, str | os.PathLike):
        return None
    text = os.fspath(path)
    if not isinstance(text, str) or "\0" in text:
        return None
    if not text.startswith(("/content", "/gdrive")) and text.startswith("/"):
        return None
    place = os.path.realpath(text)
    return Path(place) if any(place == root or place.startswith(f"{root}/") for root in ROOTS) else None


def patch_h5py(module: ModuleType) -> None:
    """Let HDF5, which opens files without Python, write to folders of the Drive.

    Args:
        module: `h5py._hl.files`.
    """
    plain = module.make_fid

    @functools.wraps(plain)
    def make_fid(name: Any, mode: Any, *args: Any, **kwargs: Any) -> Any:
        if mode != "r":
            make_parent(os.fsdecode(name) if isinstance(name, bytes) else name)
        return plain(name, mode, *args, **kwargs)

    module.make_fid = make_fid  # type: ignore[attr-defined]


def patch_pandas(module: ModuleType) -> None:
    """Let pandas, which checks for the folder before it opens a file, find one.

    Args:
        module: `pandas.io.common`.
    """
    plain = module.check_parent_directory

    @functools.wraps(plain)
    def check_parent_directory(path: Any) -> None:
        make_parent(path)
        plain(path)

    module.check_parent_directory = check_parent_directory  # type: ignore[attr-defined]
