"""Decides which files handed in beside a notebook are available when it runs.

Helper modules and small data are; weights and everything else are skipped, and the report says so. The owner of a file
must be certain: it is in the folder or zip of one owner, without another owner's hand-in. No name may replace that of
an installed module, of one of Python's own, or of the course's data.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import importlib.machinery
import re
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from grader.domain.colab import is_in_colab
from grader.domain.datasets import datasets
from grader.domain.submission import Companion
from grader.domain.text import shortened
from grader.intake.listing import NOTEBOOK_SUFFIX, Item
from grader.intake.platforms.platform_registry import own_files
from grader.intake.unpacking import fetch
from grader.probe.quiet_modules import QUIET_MODULES

CODE_SUFFIX: Final = ".py"
CODE_LIMIT_BYTES: Final = 1_000_000
DATA_SUFFIXES: Final = frozenset({".csv", ".txt", ".json", ".png", ".jpg", ".jpeg"})
DATA_LIMIT_BYTES: Final = 5_000_000
TOTAL_LIMIT_BYTES: Final = 20_000_000
COUNT_LIMIT: Final = 50
_DEEPEST: Final = 4
_LISTED_AT_MOST: Final = 500
_LONGEST_NAME: Final = 200

_OF_SYSTEMS: Final = frozenset({"thumbs.db", "desktop.ini"})
"""Files that operating systems put into folders."""

_NOT_BESIDE: Final = frozenset({NOTEBOOK_SUFFIX, ".pyc"})
"""Hand-ins themselves, and files that Python makes."""

_OURS: Final = frozenset({
    "assignments", "grader", "grader_probe", "reference", "sitecustomize", "usercustomize", "__main__", "conftest",
})  # fmt: skip
_PLAIN: Final = re.compile(r"[A-Za-z0-9_][\w .()+-]{0,99}")
_MODULE: Final = re.compile(r"[A-Za-z_]\w{0,99}")


@dataclass(frozen=True, slots=True)
class CompanionFiles:
    """The files beside a notebook.

    Attributes:
        companions: What is laid beside it when it runs.
        passed_over: Names of what is not, for people.
    """

    companions: tuple[Companion, ...] = ()
    passed_over: tuple[str, ...] = ()


class SortedFiles:
    """All files, in order of their path, so that those around one are found without a search.

    Attributes:
        laid: Files that some notebook was given so far.
    """

    def __init__(self, items: Iterable[tuple[Item, str]], workspace: Path) -> None:
        """Sort files; each comes with the student whose hand-in it may be, "" if it is none."""
        pairs = sorted(items, key=lambda pair: pair[0].address)
        self._items = [item for item, _ in pairs]
        self._places = [item.address for item in self._items]
        self._students = [student for _, student in pairs]
        self._workspace = workspace
        self.laid: set[Item] = set()

    def beside(self, notebook: Item, student: str, inside: Sequence[Item] | None) -> CompanionFiles:
        """Return the files in the folder of a notebook, or below it.

        Args:
            notebook: The hand-in.
            student: Whose it is. Where another's hand-in lies in the same folder, nothing there is certain.
            inside: All files of the student's zip, where the notebook lies in one.
        """
        folder = notebook.address[:-1]
        found = self._below(folder, student) if inside is None else [one for one in inside if _is_below(one, folder)]
        around = [one for one in found if _may_lie_beside(one, notebook)]
        result, laid = _laid(around, len(folder), self._workspace)
        self.laid.update(laid)
        return result

    def _below(self, folder: tuple[str, ...], student: str) -> list[Item]:
        """Return the files below a folder; none if it has another student's hand-in."""
        found: list[Item] = []
        for position in range(bisect.bisect_left(self._places, folder), len(self._places)):
            if self._places[position][: len(folder)] != folder:
                break
            if self._students[position] not in ("", student):
                return []
            found.append(self._items[position])
        return found


def _laid(items: Sequence[Item], depth: int, workspace: Path) -> tuple[CompanionFiles, list[Item]]:
    """Divide files beside a notebook into those that are laid there and those that are skipped."""
    found: list[Item] = []
    passed_over: list[str] = []
    for item in sorted(items, key=lambda one: one.address)[:_LISTED_AT_MOST]:
        parts = item.address[depth:]
        fits = len(found) < COUNT_LIMIT and vetted_name(parts) is not None and _is_small(item)
        found += [item] if fits else []
        passed_over += [] if fits else ["/".join(parts)]
    companions: list[Companion] = []
    laid: list[Item] = []
    for item, unpacked in fetch(found, workspace).items():
        name = "/".join(item.address[depth:])
        room = TOTAL_LIMIT_BYTES - sum(one.size_bytes for one in companions)
        companion = None if unpacked.problem else _companion(name, unpacked.path, room)
        companions += [] if companion is None else [companion]
        laid += [] if companion is None else [item]
        passed_over += [name] if companion is None else []
    names = tuple(shortened(name, _LONGEST_NAME) for name in sorted(passed_over))
    return CompanionFiles(tuple(companions), names), laid


def _is_below(item: Item, folder: tuple[str, ...]) -> bool:
    return item.address[: len(folder)] == folder


def _may_lie_beside(item: Item, notebook: Item) -> bool:
    return (
        item != notebook
        and Path(item.filename).suffix.lower() not in _NOT_BESIDE
        and not is_nobodys(item)
        and (item.container == notebook.container if notebook.entry else item.entry is None)
    )


def is_nobodys(item: Item) -> bool:
    """Return whether a platform or an operating system put this file beside hand-ins."""
    return item.filename.lower() in own_files() | _OF_SYSTEMS


def vetted_name(parts: Sequence[str]) -> str | None:
    """Return the name that a file may have beside a notebook, None for a file that may not be there.

    Code must not shadow a module: what Python, our installation or Colab has under that name stays what it is.
    """
    if not 0 < len(parts) <= _DEEPEST or not all(_PLAIN.fullmatch(part) for part in parts):
        return None
    suffix = PurePosixPath(parts[-1]).suffix.lower()
    if suffix == CODE_SUFFIX:
        modules = [*parts[:-1], parts[-1][: -len(CODE_SUFFIX)]]
        plain = all(_MODULE.fullmatch(module) for module in modules)
        return "/".join(parts) if plain and not _is_taken(modules[0]) else None
    in_a_package = len(parts) > 1 and _is_taken(parts[0])
    known = any(parts[-1].lower() in one.file_names for one in datasets().values())
    return None if suffix not in DATA_SUFFIXES or known or in_a_package else "/".join(parts)


@functools.cache
def _is_taken(module: str) -> bool:
    """Return whether a top-level module already has this name in any case (some file systems ignore case)."""
    names = {module, module.lower()}
    known = sys.stdlib_module_names | _OURS | QUIET_MODULES | frozenset(sys.builtin_module_names)
    if any(name in known or is_in_colab(name) for name in names):
        return True
    places = sorted({sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")})
    return any(importlib.machinery.PathFinder.find_spec(name, places) is not None for name in names)


def _is_small(item: Item) -> bool:
    if item.entry is not None:
        return not item.entry.encrypted and item.entry.size_bytes <= _limit(item.filename)
    try:
        return item.container.stat().st_size <= _limit(item.filename)
    except OSError:  # it was deleted since its folder was listed
        return False


def _limit(name: str) -> int:
    return CODE_LIMIT_BYTES if name.lower().endswith(CODE_SUFFIX) else DATA_LIMIT_BYTES


def _companion(name: str, path: Path, room: int) -> Companion | None:
    """Read the bytes once; a zip may hold more of them than it declares, and a file may be unreadable."""
    try:
        with path.open("rb") as file:
            content = file.read(_limit(name) + 1)
    except OSError:
        return None
    if len(content) > min(_limit(name), room):
        return None
    return Companion(name, path, hashlib.sha256(content).hexdigest(), len(content))
