"""All platforms; decides once, from the outermost level inwards, whose files are whose by their names.

| the level holds | what it is |
|---|---|
| a layout that a platform knows (`Platform.divide`) | that platform's download |
| names in the form of platforms (`Platform.owners_of_files`), half of all at least | a download of theirs |
| one folder and nothing else that could be a hand-in | looked at one level further in |
| folders and zips alone, each of which is one of the above | several downloads |
| anything else | a class: see `grader.intake.path_names` |

Half of the names, and each of several downloads: what one student chose to call a file does not decide for a class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from grader.domain.messages import Message, message
from grader.domain.plugins import plug_ins, reasons
from grader.intake.folder_levels import Division, FolderLevel, divided, is_below, level_of
from grader.intake.intake_errors import IntakeError
from grader.intake.listing import FileKind, Item, Listing
from grader.intake.owners import Owner
from grader.intake.platforms import canvas, gradescope, moodle, nbgrader
from grader.intake.platforms.platform import Contents, Platform

GROUP: Final = "autoencoder_grader.platforms"
"""Entry points of other packages: each is a `Platform`, or a list or tuple of them."""

_SHIPPED: Final = (gradescope.PLATFORM, nbgrader.PLATFORM, moodle.PLATFORM, canvas.PLATFORM)
"""In the order in which they are asked: a name from Moodle may look like one from Canvas."""

_WRAPPERS: Final = 20
"""Most enclosing folders that are searched for a class."""

_LISTS: Final = frozenset({".csv", ".tsv", ".xls", ".xlsx", ".ods", ".toml", ".md"})
"""Files that instructors keep beside downloads and that are never handed in as a notebook."""


@cache
def platforms() -> tuple[Platform, ...]:
    """Return every platform, ours first.

    Raises:
        IntakeError: One of another package cannot be used: without it, hand-ins might get the wrong owners.
    """
    offered = plug_ins(GROUP, Platform)
    for reason in reasons(offered.broken):
        raise IntakeError(message("{reason}. Repair or uninstall this package.", reason=reason))
    return (*_SHIPPED, *offered.objects)


def own_files() -> frozenset[str]:
    """Return lower-case names of files that platforms lay beside hand-ins."""
    return frozenset().union(*(one.own_files for one in platforms()))


def owner_of_folders(names: Iterable[str]) -> Owner | None:
    """Return the owner that the outermost name in a platform's form shows, or None."""
    owners = (platform.owner_of_folder(name) for name in names for platform in platforms())
    return next((owner for owner in owners if owner is not None), None)


def named_by_platform(item: Item) -> bool:
    """Return whether a platform named this file, or a folder around it, for one student."""
    return owner_of_folders((*item.above, *item.parts[:-1])) is not None or bool(_owners_of_files([item]))


def by_platform(level: FolderLevel, contents: Contents) -> tuple[FolderLevel, Division] | None:
    """Return what a platform's own names show, and at which level; None if there are no such names."""
    for _ in range(_WRAPPERS):
        division = _by_layout(level, contents) or _by_names(level)
        if division is not None:
            return level, replace(division, by_platform=True)
        if len(level.folders) != 1 or any(item.is_hand_in for item in level.files):
            return None
        level = level.child(next(iter(level.folders)))
    return None


def several_downloads(
    level: FolderLevel, contents: Contents, look_into: Callable[[Item], Listing | None]
) -> Division | None:
    """Return what folders and zips show if each is a platform's download; None if one of them is not.

    Args:
        level: What was given.
        contents: Reads the platforms' own files.
        look_into: Lists a zip as if it were a folder, or returns None if it cannot be read.
    """
    lists = [item for item in level.files if Path(item.filename).suffix.lower() in _LISTS]
    zips = [item for item in level.files if item.kind is FileKind.ZIP]
    if len(lists) + len(zips) != len(level.files) or not (zips or level.folders):
        return None
    whole = Division(rest=lists, by_platform=True)
    for name in level.folders:
        found = by_platform(level.child(name), contents)
        if found is None:
            return None
        whole.add(found[1])
    for item in zips:
        inside = look_into(item)
        found = None if inside is None else by_platform(level_of(inside), contents)
        if found is None:
            return None
        whole.add(found[1])
    return whole


# Private functions


def _by_layout(level: FolderLevel, contents: Contents) -> Division | None:
    divisions = (platform.divide(level, contents) for platform in platforms())
    return next((division for division in divisions if division is not None), None)


def _by_names(level: FolderLevel) -> Division | None:
    files = _owners_of_files(level.files)
    folders = {name: owner_of_folders([name]) for name in level.folders}
    named = len(files) + sum(owner is not None for owner in folders.values())
    others = sum(owner is None for owner in folders.values())
    others += sum(item not in files and item.is_hand_in for item in level.files)
    if named == 0 or others > named:
        return None
    return divided(level, lambda item: folders[item.parts[level.depth]] if is_below(item, level) else files.get(item))


def _owners_of_files(items: Iterable[Item]) -> Mapping[Item, Owner]:
    """Return the owners by the names of one platform: the one that recognises most of them, the first one of equals.

    A download comes from one platform, whose own words stand at the beginning of each name; what follows is what the
    student called the file, and may imitate another platform's name for a classmate. If two platforms recognise as many
    names and say different owners, a person must look.
    """
    listed = list(items)
    said = [platform.owners_of_files([item.filename for item in listed]) for platform in platforms()]
    chosen = max(said, key=len)
    rivals = [owners for owners in said if len(owners) == len(chosen)]
    found: dict[Item, Owner] = {}
    for item in listed:
        if (owner := chosen.get(item.filename)) is not None:
            students = {owners[item.filename].student for owners in rivals if item.filename in owners}
            found[item] = owner if len(students) == 1 else replace(owner, doubt=_ambiguous(item.filename))
    return found


def _ambiguous(filename: str) -> Message:
    return message(
        "The name {file} has the form of two platforms, which name different students. Decide whose it is.",
        file=filename,
    )
