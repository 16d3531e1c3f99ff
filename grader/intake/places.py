"""Names students after the place of their file, where no platform says who they are."""

from __future__ import annotations

from collections.abc import Sequence

Place = tuple[str, ...]
"""Names from the given folder down: folders, then the file without its ending."""


def student_folder(places: Sequence[Place]) -> int | None:
    """Return which folder of each place names the student (0 is the outermost), or None where the files do.

    A folder for each student is recognised by either sign: every folder holds one file, or files of the same name
    lie in different folders (`ana/taller`, `luis/taller`). One folder around everything else does not count.
    """
    depth = _wrapper_depth(places)
    inner = [place[depth:] for place in places]
    if not inner or any(len(place) == 1 for place in inner):
        return None
    one_file_each = len({place[0] for place in inner}) == len(inner)
    same_name_elsewhere = len({(place[0], place[-1]) for place in inner}) > len({place[-1] for place in inner})
    return depth if one_file_each or same_name_elsewhere else None


def distinct_names(places: Sequence[Place]) -> list[str]:
    """Return the last name of each place, with as many folders before it as it takes to tell it from the others.

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


def _wrapper_depth(places: Sequence[Place]) -> int:
    """Return how many folders lie around everything."""
    depth = 0
    while len(places) > 1 and all(len(place) > depth + 1 for place in places) and len({p[depth] for p in places}) == 1:
        depth += 1
    return depth


def _clashing(names: Sequence[str], places: Sequence[Place], depth: int) -> set[str]:
    """Return the names that stand for more than one place and can still be made longer."""
    places_of: dict[str, set[Place]] = {}
    for name, place in zip(names, places, strict=True):
        places_of.setdefault(name, set()).add(place)
    return {name for name, found in places_of.items() if len(found) > 1 and any(len(place) > depth for place in found)}
