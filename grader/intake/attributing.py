"""Finds the owner of each file: by the platform (`grader.intake.platforms.platform_registry`), else by its path."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from grader.intake.folder_levels import Division, FolderLevel, OwnedFile, level_of
from grader.intake.listing import FileKind, GivenPath, Item, Listing, look_into
from grader.intake.naming import student_name
from grader.intake.owners import Owner
from grader.intake.path_names import FilePlace, are_sections, distinct_names
from grader.intake.platforms.platform import Contents
from grader.intake.platforms.platform_registry import (
    by_platform,
    named_by_platform,
    owner_of_folders,
    several_downloads,
)
from grader.intake.unpacking import Opener, fetch

_WRAPPERS: Final = 20


@dataclass(slots=True)
class Attribution:
    """The owners of all given files.

    Attributes:
        belongings: Every file of an owner, in the order in which they were found.
        rest: Files that are nobody's hand-in.
        empty: Folders without a hand-in, and what is never read (links, hidden notebooks), as shown.
    """

    belongings: list[OwnedFile] = field(default_factory=list)
    rest: list[Item] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def attribute(givens: Sequence[GivenPath], workspace: Path, opener: Opener) -> Attribution:
    """Return every file with its owner.

    Args:
        givens: What the instructor named, none of it twice.
        workspace: Where metadata are unpacked that lie in a zip.
        opener: Opens the zips.

    Raises:
        IntakeError: The only given path is a zip that cannot be opened.
    """
    sources = _sources(workspace, opener)
    roots, singles = _roots(givens, sources)
    attribution = Attribution()
    unnamed: list[Item] = []
    for root in [*roots, *_as_root(singles)]:
        opener.prepare(root.items)
        division = _divide(level_of(root), sources, downloads=root in roots)
        attribution.belongings += division.belongings
        attribution.rest += division.rest
        attribution.empty += [*division.empty, *root.left_out]
        unnamed += division.unnamed
    names = distinct_names([(*item.above, *item.place) for item in unnamed])
    attribution.belongings += [
        OwnedFile(item, Owner(student_name(name)), counts=True) for item, name in zip(unnamed, names, strict=True)
    ]
    return attribution


# Private functions for what was given


@dataclass(frozen=True, slots=True)
class _Sources:
    """The levels to read: the platforms' own files, and zips treated as folders."""

    contents: Contents
    look_into: Callable[[Item], Listing | None]


def _sources(workspace: Path, opener: Opener) -> _Sources:
    def paths(items: Iterable[Item]) -> Mapping[Item, Path]:
        return {item: found.path for item, found in fetch(items, workspace).items()}

    return _Sources(Contents(paths), opener.look_into)


def _roots(givens: Sequence[GivenPath], sources: _Sources) -> tuple[list[Listing], list[Item]]:
    """Divide the given paths into those that hold a class, and files of one student each.

    A zip given alone is a class's, unless a platform named it for one student or it holds one notebook. Among several
    given paths it is one student's, unless every one of them is a platform's download.
    """
    if len(givens) == 1 and (alone := givens[0].single) is not None and alone.kind is FileKind.ZIP:
        inside = look_into(alone, alone.container)
        return ([inside], []) if _is_class(alone, inside, sources) else ([], [alone])
    folders = [given.inside for given in givens if given.inside is not None]
    singles = [given.single for given in givens if given.single is not None]
    zips = [_download(item, sources) for item in singles]
    of_folders = all(_says_something(folder, sources) for folder in folders)
    if singles and of_folders and all(inside is not None for inside in zips):
        return [*folders, *(inside for inside in zips if inside is not None)], []
    return folders, singles


def _is_class(single: Item, inside: Listing, sources: _Sources) -> bool:
    """Distinguish a class's download from one student's zip: it has a platform's names inside, or several hand-ins."""
    if named_by_platform(single):
        return False
    kinds = [item.kind for item in inside.items]
    one_notebook = (kinds.count(FileKind.NOTEBOOK), kinds.count(FileKind.ZIP)) == (1, 0)
    return not one_notebook or _says_something(inside, sources)


def _download(item: Item, sources: _Sources) -> Listing | None:
    """Return what a zip holds if it is a platform's download."""
    if item.kind is not FileKind.ZIP or named_by_platform(item):
        return None
    inside = sources.look_into(item)
    return inside if inside is not None and _says_something(inside, sources) else None


def _says_something(found: Listing, sources: _Sources) -> bool:
    return by_platform(level_of(found), sources.contents) is not None


def _as_root(singles: Sequence[Item]) -> Iterator[Listing]:
    """Yield the given files as if their common folder had been given, with nothing else in it."""
    if not singles:
        return
    common = os.path.commonpath([item.container.parent for item in singles])
    depth = len(Path(common).parts) - 1
    items = [Item(item.above[:depth], (*item.above[depth:], *item.parts), item.container) for item in singles]
    folders = {item.parts[:length] for item in items for length in range(1, len(item.parts))}
    yield Listing(singles[0].above[:depth], tuple(items), tuple(sorted(folders)))


# Private functions for a class


def _divide(level: FolderLevel, sources: _Sources, *, downloads: bool) -> Division:
    if (owner := owner_of_folders(level.above)) is not None:
        return Division([OwnedFile(item, owner, counts=True) for item in level.items])
    if (found := by_platform(level, sources.contents)) is not None:
        division = found[1]
        # Hand-ins beside those that the platform names: by their path, as everywhere.
        beside = _level_of_items(found[0], division.unnamed)
        division.unnamed = []
        if beside is not None:
            division.add(_by_place(beside, sources))
        return division
    level = _without_wrappers(level, sources)
    several = several_downloads(level, sources.contents, sources.look_into) if downloads else None
    return several or _by_place(level, sources)


def _level_of_items(level: FolderLevel, items: Sequence[Item]) -> FolderLevel | None:
    if not items:
        return None
    folders = {item.parts[: level.depth + 1] for item in items if len(item.parts) > level.depth + 1}
    files = tuple(item for item in items if len(item.parts) == level.depth + 1)
    grouped: dict[str, list[Item]] = {parts[-1]: [] for parts in sorted(folders)}
    for item in items:
        if len(item.parts) > level.depth + 1:
            grouped[item.parts[level.depth]].append(item)
    return replace(level, files=files, folders={name: tuple(inside) for name, inside in grouped.items()}, inner=())


def _without_wrappers(level: FolderLevel, sources: _Sources) -> FolderLevel:
    """Descend through folders that enclose everything; around a single hand-in, the outermost name is the student's."""
    if sum(_has_say(item, sources) for item in level.items) < 2:
        return level
    for _ in range(_WRAPPERS):
        if len(level.folders) != 1 or any(_has_say(item, sources) for item in level.files):
            break
        level = level.child(next(iter(level.folders)))
    return level


def _by_place(level: FolderLevel, sources: _Sources) -> Division:
    division = Division(
        unnamed=[item for item in level.files if item.is_hand_in],
        rest=[item for item in level.files if not item.is_hand_in],
    )
    telling = {name: _places(inside, level.depth + 1, sources) for name, inside in level.folders.items()}
    beside = any(_has_say(item, sources) for item in division.unnamed)
    sections = not beside and are_sections({name: places for name, places in telling.items() if places})
    for name, inside in level.folders.items():
        hand_ins = [item for item in inside if item.is_hand_in]
        if not hand_ins:
            division.rest += inside
            division.empty += [] if inside else [_shown_folder(level, name)]
        elif sections:
            division.unnamed += hand_ins
            division.rest += [item for item in inside if not item.is_hand_in]
        else:
            owner = Owner(student_name(name))
            division.belongings += [OwnedFile(item, owner, counts=item.is_hand_in) for item in inside]
    return division


def _places(items: Iterable[Item], depth: int, sources: _Sources) -> list[FilePlace]:
    return [item.place[depth:] for item in items if _has_say(item, sources)]


def _has_say(item: Item, sources: _Sources) -> bool:
    """Return whether this is a notebook or a zip that holds one; nothing else determines how a class is laid out."""
    if item.kind is not FileKind.ZIP:
        return item.kind is FileKind.NOTEBOOK
    inside = sources.look_into(item)
    return inside is not None and any(other.kind is FileKind.NOTEBOOK for other in inside.items)


def _shown_folder(level: FolderLevel, name: str) -> str:
    return "/".join((*level.above[len(level.above) - level.depth :], name, ""))
