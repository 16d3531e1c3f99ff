"""What a kernel sees of this machine: the system, Python's standard library and this environment's packages; no more.

Of a folder with a Python, only the parts needed to run it are shown: a conda folder also holds other environments and
downloaded packages. A folder of packages that this Python does not search is hidden completely; in one that it
searches, our own packages are hidden, since they hold references, solutions and the hidden images.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_cache_path

from grader.domain.messages import Message, message

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/etc/ssl/certs")
OWN_PACKAGES = ("grader", "reference", "assignments")

_PARTS = ("bin", "lib", "lib32", "lib64", "ssl", "pyvenv.cfg")
_NEVER_SHOWN = ("/usr/src", "/usr/local/src")  # where containers have a checkout
_PACKAGES = ("lib*/python*/site-packages", "lib*/python*/dist-packages")
_DATA = (".npz", ".gz", ".csv")
_PASSWORDS = "pip.conf"
"""File in a prefix that is hidden: it may hold the password of a package index."""


class SandboxUnavailableError(Exception):
    """No sandbox that isolates a notebook works on this machine; `reason` says why and what to do."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


def python_parts() -> list[Path]:
    """List what is shown of this Python, outermost first, without what is in `/usr`; links stay links."""
    parts: list[Path] = []
    for prefix in _prefixes():
        for name in _PARTS:
            path = prefix / name
            known = any(path.is_relative_to(folder) for folder in (*parts, *map(Path, SYSTEM_FOLDERS)))
            if os.path.lexists(path) and not known:
                parts.append(path)
    return parts


def covered_folders() -> list[Path]:
    """List the folders that are hidden by an empty one, each inside a folder that is shown."""
    searched = {os.path.realpath(entry) for entry in sys.path if entry}
    wanted = [Path(name) for name in _NEVER_SHOWN]
    for packages in _package_folders():
        if os.path.realpath(packages) in searched:
            wanted += [packages / name for name in OWN_PACKAGES]
        else:
            wanted.append(packages)
    wanted += [place for place in map(Path, sys.path) if _is_checkout(place)]
    covered: list[Path] = []
    for folder in wanted:
        shown = folder.is_dir() and any(folder.is_relative_to(seen) for seen in _shown())
        if shown and not any(folder.is_relative_to(above) for above in covered):
            covered.append(folder)
    return covered


def covered_files() -> list[Path]:
    """List the files that are hidden by an empty one, inside folders that are shown."""
    sees = _Sight()
    return [file for prefix in _prefixes() if (file := prefix / _PASSWORDS).is_file() and sees(file) is not None]


def require_invisible(*places: Path) -> None:
    """Refuse folders or files that every kernel would see, if they hold solutions or hidden images.

    Raises:
        SandboxUnavailableError: One is in the system or next to Python's packages.
    """
    sees = _Sight()
    for place in places:
        if (seen := sees(place)) is not None:
            reason = message(
                "{folder} lies in {seen}, which every notebook can read, and it holds a solution or hidden images. "
                "Move it to another folder.",
                folder=str(place),
                seen=str(seen),
            )
            raise SandboxUnavailableError(reason)


def require_invisible_data(data_folder: Path | None) -> None:
    """Refuse to go on if every kernel would see the data sets, hidden images included.

    Args:
        data_folder: The folder of `--data`, if any.

    Raises:
        SandboxUnavailableError: One of the places where they are searched is visible.
    """
    places = [place for place in data_places(data_folder) if place.exists()]
    require_invisible(*places, *(link for place in places for link in _linked_data(place)))


def data_places(data_folder: Path | None) -> list[Path]:
    """List where the measuring process (zone M) searches or keeps data sets, like the modules of `reference`."""
    places = [Path("creditcard.csv"), Path("data/creditcard.csv")]
    places += [] if data_folder is None else [data_folder, data_folder / "datasets", data_folder / "data"]
    if keras_home := os.environ.get("KERAS_HOME"):
        places += [Path(keras_home) / "datasets", Path(keras_home)]
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - a user id without a home is no error here
    return [*places, home / ".keras" / "datasets", user_cache_path("autoencoder-grader") / "datasets"]


def _prefixes() -> list[Path]:
    given = (sys.base_prefix, sys.prefix, sys.base_exec_prefix, sys.exec_prefix)
    return list(dict.fromkeys(path for name in given for path in (Path(name), Path(name).resolve())))


def _shown() -> list[Path]:
    return [*python_parts(), *map(Path, SYSTEM_FOLDERS), *map(Path, SYSTEM_FILES)]


def _package_folders() -> Iterator[Path]:
    """Yield the folders of packages of every Python that is shown."""
    for prefix in dict.fromkeys((*_prefixes(), Path("/usr"), Path("/usr/local"))):
        for pattern in _PACKAGES:
            yield from sorted(prefix.glob(pattern))


def _is_checkout(place: Path) -> bool:
    """Return whether a folder that Python searches is a source checkout with our packages."""
    return place.name not in ("site-packages", "dist-packages") and (place / OWN_PACKAGES[0] / "sandbox").is_dir()


def _linked_data(place: Path) -> list[Path]:
    """List the links to data in a folder: the folder may be hidden while their targets are not."""
    if not place.is_dir():
        return []
    return [path for path in place.iterdir() if path.is_symlink() and (path.suffix in _DATA or path.is_dir())]


class _Sight:
    """Returns for a place what is shown that contains it, or None."""

    def __init__(self) -> None:
        self._covered = [folder.resolve() for folder in covered_folders()]
        self._shown = {seen: seen.resolve() for seen in _shown()}

    def __call__(self, place: Path) -> Path | None:
        real = place.resolve()
        if any(real.is_relative_to(folder) for folder in self._covered):
            return None
        return next((seen for seen, shown in self._shown.items() if real.is_relative_to(shown)), None)
