"""Names students after the paths of their files if no platform names them.

| the outermost level holds | who is a student |
|---|---|
| files alone | each file, by its name |
| folders alone, half of them with several notebooks of other names: sections of a class | each file, by its name |
| folders otherwise, with or without files beside them | each folder, and each file beside them |

A folder for each student is the rule and sections are the exception, which takes half of the folders: one student with
two notebooks does not make a section of their folder, and whoever has a folder cannot name anybody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

FilePlace = tuple[str, ...]
"""Names from a folder down: folders, then the file without its ending."""

_LARGER: Final = 10
"""Largest ratio of a section's size to the average of the others."""


def are_sections(folders: Mapping[str, Sequence[FilePlace]]) -> bool:
    """Return whether folders are sections of a class, whose files name the students, and not students themselves.

    Args:
        folders: The places of the hand-ins in each folder, seen from that folder; folders without any left out.
    """
    sizes = sorted(len(places) for places in folders.values())
    several = sum(size > 1 for size in sizes)
    if (
        len(sizes) < 2
        or several * 2 < len(sizes)
        or any(len(place) > 1 for inside in folders.values() for place in inside)
    ):
        return False
    if sizes[-1] * (len(sizes) - 1) > _LARGER * sum(sizes[:-1]):
        return False
    everywhere = Counter(name for inside in folders.values() for name in {place[-1] for place in inside})
    shared = sum(everywhere[place[-1]] > 1 for inside in folders.values() for place in inside)
    return shared * 2 < sum(sizes)


def distinct_names(places: Sequence[FilePlace]) -> list[str]:
    """Return the last name of each path, with as many folders before it as needed to distinguish it.

    Two files of the same name in different folders may come from two students: `a/taller` and `b/taller`. Equal
    places get equal names.
    """
    names = [place[-1] for place in places]
    depth = 1
    while clashing := _clashing(names, places, depth):
        depth += 1
        names = ["/".join(p[-depth:]) if name in clashing else name for name, p in zip(names, places, strict=True)]
    return names


# Private functions


def _clashing(names: Sequence[str], places: Sequence[FilePlace], depth: int) -> set[str]:
    """Return the names that several paths share and that can still be made longer."""
    places_of: dict[str, set[FilePlace]] = {}
    for name, place in zip(names, places, strict=True):
        places_of.setdefault(name, set()).add(place)
    return {name for name, found in places_of.items() if len(found) > 1 and any(len(place) > depth for place in found)}
