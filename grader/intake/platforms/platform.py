"""`Platform`: the interface between intake and a platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.intake.folder_levels import Division, FolderLevel
from grader.intake.listing import Item
from grader.intake.owners import Owner


@dataclass(frozen=True, slots=True)
class Contents:
    """How a platform reads files that it wrote itself; students' own files are never passed to it.

    Attributes:
        paths: Brings files to our disk and returns where each is.
    """

    paths: Callable[[Iterable[Item]], Mapping[Item, Path]]


class Platform:
    """A learning platform or tool whose downloads show who handed in what.

    There are two ways to say it. Names: each file or folder carries its owner in its own name (`owners_of_files`,
    `owner_of_folder`); intake believes them where half of a level is named so. A layout: folders and metadata of a
    certain form (`divide`). A class that derives from this one and answers one of them is complete.
    """

    name: str = ""
    """Its name."""

    own_files: frozenset[str] = frozenset()
    """Lower-case names of files that it puts beside hand-ins and that are no student's work."""

    def owners_of_files(self, filenames: Sequence[str]) -> Mapping[str, Owner]:
        """Return the owners that file names show, for files in one folder."""
        del filenames
        return {}

    def owner_of_folder(self, name: str) -> Owner | None:
        """Return the owner that the name of a folder shows, or None."""
        del name
        return None

    def divide(self, level: FolderLevel, contents: Contents) -> Division | None:
        """Return the owners of the files of a level if its layout is this platform's, else None."""
        del level, contents
        return None
