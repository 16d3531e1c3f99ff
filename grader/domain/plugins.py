"""What other packages add to the tables of this one: layers, data sets, quantities, through entry points.

A package of an instructor's names what it brings in its `pyproject.toml`, under the group of the table:

    [project.entry-points."autoencoder_grader.layers"]
    SpectralPooling2D = "my_course.layers:SPECTRAL_POOLING"

Nothing is imported before a table is first read. Zone K (the student kernel) never sees these packages' additions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Final

GROUP_PREFIX: Final = "autoencoder_grader."


class PluginError(Exception):
    """A package names something for a table that it cannot hold; the text says which package and why."""


@cache
def additions(table: str, kind: type) -> Mapping[str, object]:
    """Return what installed packages add to a table, by the name of the entry.

    Args:
        table: The end of the group's name: `layers`, `datasets`, `quantities`.
        kind: What each entry has to be.

    Raises:
        PluginError: An entry cannot be imported, or is something else, or two packages name the same.
    """
    found: dict[str, object] = {}
    for point in entry_points(group=GROUP_PREFIX + table):
        try:
            entry = point.load()
        except Exception as error:
            raise PluginError(f"{point.value}, an entry of {point.group}: {type(error).__name__}: {error}") from error
        if not isinstance(entry, kind):
            raise PluginError(f"{point.value}, an entry of {point.group}, is no {kind.__name__}")
        if point.name in found and found[point.name] is not entry:
            raise PluginError(f"two packages add {point.name!r} to {point.group}")
        found[point.name] = entry
    return MappingProxyType(found)


def refuse_known(table: str, added: Mapping[str, object], known: Mapping[str, object]) -> None:
    """Refuse an addition that would replace an entry of our own: grades would change without a word.

    Raises:
        PluginError: There is one.
    """
    twice = sorted(name for name in added if name in known)
    if twice:
        raise PluginError(f"{GROUP_PREFIX}{table}: {', '.join(twice)} is there already")
