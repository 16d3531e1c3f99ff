"""One folder of the given paths, and the division of its files among their owners.

A file or folder at a level that a platform has named has an owner, and everything below it, or in a zip, belongs to
that owner, whatever its name: inside a student's own folder, no other names, times or files of platforms are looked
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from grader.intake.listing import Item, Listing
from grader.intake.owners import Owner


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """A file and its owner.

    Attributes:
        item: The file.
        owner: Whose it is.
        counts: It may be a hand-in; a file of a kind that nobody asked for is one where a platform says so.
    """

    item: Item
    owner: Owner
    counts: bool


@dataclass(slots=True)
class Division:
    """The owners of files.

    Attributes:
        belongings: Files with an owner.
        unnamed: Hand-ins that only their place can name.
        rest: Files that are nobody's hand-in.
        empty: Folders without a hand-in, as shown.
        by_platform: A platform's own names decided.
    """

    belongings: list[OwnedFile] = field(default_factory=list)
    unnamed: list[Item] = field(default_factory=list)
    rest: list[Item] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    by_platform: bool = False

    def add(self, other: Division) -> None:
        """Add the result of another level."""
        self.belongings += other.belongings
        self.unnamed += other.unnamed
        self.rest += other.rest
        self.empty += other.empty


@dataclass(frozen=True, slots=True)
class FolderLevel:
    """One folder of the given paths.

    Attributes:
        above: Names that lead to it, its own the last.
        files: What lies in it directly.
        folders: What lies below each folder in it, those without a file included.
        depth: Names from the given path down to it.
        inner: Names down to the folders below it.
    """

    above: tuple[str, ...]
    files: tuple[Item, ...]
    folders: Mapping[str, tuple[Item, ...]]
    depth: int
    inner: tuple[tuple[str, ...], ...] = ()

    def child(self, name: str) -> FolderLevel:
        """Return the level of a folder in this one."""
        inner = [parts for parts in self.inner if parts[self.depth] == name]
        return _level((*self.above, name), self.folders[name], inner, self.depth + 1)

    @property
    def items(self) -> list[Item]:
        """Everything here and below."""
        return [*self.files, *(item for inside in self.folders.values() for item in inside)]


def level_of(found: Listing) -> FolderLevel:
    """Return the outermost level of what was found."""
    return _level(found.above, found.items, found.folders, 0)


def divided(level: FolderLevel, owner: Callable[[Item], Owner | None]) -> Division:
    """Divide the files here and below by a platform's names; hand-ins that it does not name are named by their path."""
    division = Division()
    for item in level.items:
        if (whose := owner(item)) is not None:
            division.belongings.append(OwnedFile(item, whose, counts=True))
        else:
            (division.unnamed if item.is_hand_in else division.rest).append(item)
    return division


def is_below(item: Item, level: FolderLevel) -> bool:
    """Return whether a file lies in a folder of this level."""
    return len(item.parts) > level.depth + 1


# Private functions


def _level(
    above: tuple[str, ...], items: Iterable[Item], folders: Iterable[tuple[str, ...]], depth: int
) -> FolderLevel:
    below = [parts for parts in folders if len(parts) > depth]
    grouped: dict[str, list[Item]] = {parts[depth]: [] for parts in below}
    files: list[Item] = []
    for item in items:
        if len(item.parts) == depth + 1:
            files.append(item)
        else:
            grouped.setdefault(item.parts[depth], []).append(item)
    return FolderLevel(
        above,
        tuple(files),
        {name: tuple(inside) for name, inside in grouped.items()},
        depth,
        tuple(parts for parts in below if len(parts) > depth + 1),
    )
