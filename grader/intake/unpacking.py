"""Unpacks files that lie in zips, and lists the zips that were handed in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.domain.messages import Message, message
from grader.intake.archives import Unpacked, ZipEntry, unpack
from grader.intake.intake_errors import IntakeError
from grader.intake.listing import FileKind, Item, Listing, look_into


@dataclass(frozen=True, slots=True)
class OpenedZip:
    """A zip that was found.

    Attributes:
        path: Where the zip is.
        notebooks: The notebooks in it, in order of name; zips inside it are not opened.
        problem: Why there is none, or None.
        inside: All that it holds, or None if it cannot be read.
    """

    path: Path
    notebooks: tuple[Item, ...]
    problem: Message | None = None
    inside: Listing | None = None


class Opener:
    """Opens every zip once.

    Attributes:
        workspace: Where zips are unpacked that lie in a zip.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self._opened: dict[Item, OpenedZip] = {}

    def prepare(self, items: Iterable[Item]) -> None:
        """Open all zips among these files together, since the content of one zip is unpacked in one go.

        Raises:
            IntakeError: A zip cannot be unpacked at all.
        """
        new = [item for item in items if item.kind is FileKind.ZIP and item not in self._opened]
        self._opened |= {item: _open(item, found) for item, found in fetch(new, self.workspace).items()}

    def opened(self, item: Item) -> OpenedZip:
        """Return the content of a zip; any error is its `problem`."""
        self.prepare([item])
        return self._opened[item]

    def look_into(self, item: Item) -> Listing | None:
        """Return all that a zip holds, None if it cannot be read."""
        return self.opened(item).inside


def fetch(items: Iterable[Item], workspace: Path) -> Mapping[Item, Unpacked]:
    """Return the path of each item's bytes; items in zips are unpacked into the workspace, zip by zip.

    Raises:
        IntakeError: A zip cannot be unpacked at all.
    """
    fetched: dict[Item, Unpacked] = {}
    in_zips: dict[Path, dict[ZipEntry, Item]] = {}
    for item in items:
        if item.entry is None:
            fetched[item] = Unpacked(item.container)
        else:
            in_zips.setdefault(item.container, {})[item.entry] = item
    for container, wanted in in_zips.items():
        unpacked = unpack(container, list(wanted), folder_for(container, workspace), shown=container.name)
        fetched |= {wanted[entry]: found for entry, found in unpacked.items()}
    return fetched


def folder_for(archive: Path, workspace: Path) -> Path:
    """Return the folder of the workspace for the content of this zip."""
    digest = hashlib.sha256(str(archive.resolve()).encode(errors="surrogateescape")).hexdigest()
    return workspace / f"zip-{digest[:16]}"


# Private functions


def _open(item: Item, found: Unpacked) -> OpenedZip:
    if found.problem:
        return OpenedZip(found.path, (), found.problem)
    try:
        inside = look_into(item, found.path)
    except IntakeError as error:
        return OpenedZip(found.path, (), error.reason)
    notebooks = tuple(other for other in inside.items if other.kind is FileKind.NOTEBOOK)
    problem = None if notebooks else message("{archive} holds no notebook (.ipynb).", archive=item.shown)
    return OpenedZip(found.path, notebooks, problem, inside)
