"""Brings found files to our disk: unpacks them where they lie in a zip, and opens the zips that students hand in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.domain.messages import Message, message
from grader.intake.archives import Entry, Unpacked, list_entries, unpack
from grader.intake.errors import IntakeError
from grader.intake.finding import NOTEBOOK_SUFFIX, Item, is_hidden


@dataclass(frozen=True, slots=True)
class OpenedZip:
    """A zip that a student handed in.

    Attributes:
        path: Where the zip is.
        notebooks: The notebooks in it, in order of name; zips inside it are not opened.
        problem: Why there is none, or None.
        others: The other files in it, hidden ones left out.
    """

    path: Path
    notebooks: tuple[Entry, ...]
    problem: Message | None = None
    others: tuple[Entry, ...] = ()


def fetch(items: Iterable[Item], workspace: Path) -> Mapping[Item, Unpacked]:
    """Return where each item's bytes are; what lies in a zip is unpacked into the workspace, zip by zip.

    Raises:
        IntakeError: A zip cannot be unpacked at all.
    """
    fetched: dict[Item, Unpacked] = {}
    in_zips: dict[Path, dict[Entry, Item]] = {}
    for item in items:
        if item.entry is None:
            fetched[item] = Unpacked(item.container)
        else:
            in_zips.setdefault(item.container, {})[item.entry] = item
    for container, wanted in in_zips.items():
        unpacked = unpack(container, list(wanted), folder_for(container, workspace), shown=container.name)
        fetched |= {wanted[entry]: found for entry, found in unpacked.items()}
    return fetched


def open_zip(item: Item, found: Unpacked) -> OpenedZip:
    """Look into a student's zip; whatever is wrong with it becomes its `problem`."""
    if found.problem:
        return OpenedZip(found.path, (), found.problem)
    try:
        entries = list_entries(found.path, shown=item.shown)
    except IntakeError as error:
        return OpenedZip(found.path, (), error.reason)
    notebooks = [entry for entry in entries if _is_notebook(entry)]
    problem = None if notebooks else message("{archive} holds no notebook (.ipynb).", archive=item.shown)
    others = tuple(entry for entry in entries if entry not in notebooks and not is_hidden(entry.parts))
    return OpenedZip(found.path, tuple(sorted(notebooks, key=lambda entry: entry.parts)), problem, others)


def folder_for(archive: Path, workspace: Path) -> Path:
    """Return the folder of the workspace for what comes out of this zip."""
    digest = hashlib.sha256(str(archive.resolve()).encode(errors="surrogateescape")).hexdigest()
    return workspace / f"zip-{digest[:16]}"


# Private functions


def _is_notebook(entry: Entry) -> bool:
    return entry.parts[-1].lower().endswith(NOTEBOOK_SUFFIX) and not is_hidden(entry.parts)
