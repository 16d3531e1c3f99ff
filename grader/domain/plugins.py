"""What other installed packages add through entry points; nothing is imported before it is needed.

An instructor's package names its additions in its `pyproject.toml`, under the group of the table:

    [project.entry-points."autoencoder_grader.layers"]
    SpectralPooling2D = "my_course.layers:SPECTRAL_POOLING"

There are two ways to load them. `additions` refuses a package that names something wrong: layers, data sets, quantities
and families decide measurements, so nothing may be measured without them. `plug_ins` reports the error and goes on: a
broken package with a check or a platform must not keep a class from being graded. Zone K (the student kernel) never
sees these packages' additions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from grader.domain.messages import Message, message

GROUP_PREFIX: Final = "autoencoder_grader."
Offered = TypeVar("Offered")


class PluginError(Exception):
    """A package names something that does not belong into a table; the text says which package and why."""


def entries(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of one of our groups, in every package that Python finds."""
    return tuple(point for point in _all_entries(tuple(sys.path)) if point.group == group)


@cache
def _all_entries(search_path: tuple[str, ...]) -> tuple[EntryPoint, ...]:  # noqa: ARG001 - where packages are searched
    """Read the entry points of all our groups, which takes 0.05 s, once for each search path."""
    found = entry_points()
    ours = [group for group in found.groups if group.startswith(GROUP_PREFIX)]
    return tuple(point for group in ours for point in found.select(group=group))


@cache
def additions(table: str, kind: type) -> Mapping[str, object]:
    """Return what installed packages add to a table, by the name of the entry.

    Args:
        table: The end of the group's name: `layers`, `datasets`, `quantities`.
        kind: What each entry has to be.

    Raises:
        PluginError: An entry cannot be imported or has the wrong type, or two packages use one name.
    """
    found: dict[str, object] = {}
    for point in entries(GROUP_PREFIX + table):
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
    """Refuse an addition that would replace one of our entries: grades would change silently.

    Raises:
        PluginError: There is one.
    """
    twice = sorted(name for name in added if name in known)
    if twice:
        raise PluginError(f"{GROUP_PREFIX}{table}: {', '.join(twice)} is there already")


@dataclass(frozen=True, slots=True)
class BrokenPlugIn:
    """An entry point that could not be used.

    Attributes:
        name: The entry point's name.
        package: The distribution that it belongs to, "" if it does not say.
        reason: What went wrong, for the person who installed it.
    """

    name: str
    package: str
    reason: Message


@dataclass(frozen=True, slots=True)
class PlugIns(Generic[Offered]):
    """Everything that installed packages offer in one group of entry points.

    Attributes:
        objects: What could be loaded, in the order of the names.
        broken: What could not.
    """

    objects: tuple[Offered, ...]
    broken: tuple[BrokenPlugIn, ...]


def plug_ins(group: str, kind: type[Offered]) -> PlugIns[Offered]:
    """Load everything that installed packages offer in a group.

    Args:
        group: Name of the group (`autoencoder_grader.checks`).
        kind: Type of what is offered; an entry point names one such object, or a list or tuple of them.
    """
    objects: list[Offered] = []
    broken: list[BrokenPlugIn] = []
    for point in sorted(entries(group), key=lambda one: one.name):
        try:
            objects += _loaded(point, kind)
        except Exception as error:  # noqa: BLE001 - whatever somebody else's package does while it is imported
            reason = message("{error}: {text}", error=type(error).__name__, text=str(error))
            broken.append(BrokenPlugIn(point.name, "" if point.dist is None else point.dist.name, reason))
    return PlugIns(tuple(objects), tuple(broken))


def _loaded(point: EntryPoint, kind: type[Offered]) -> Iterator[Offered]:
    value = point.load()
    for one in value if isinstance(value, list | tuple) else (value,):
        if not isinstance(one, kind):
            raise TypeError(f"{point.value} is no {kind.__name__}, but {type(one).__name__}")
        yield one


def reasons(broken: Iterable[BrokenPlugIn]) -> Iterator[Message]:
    """Say which package each unusable entry point belongs to, and why it cannot be used."""
    for one in broken:
        yield message(
            "The package {package} could not be used ({name}): {reason}",
            package=one.package or "?",
            name=one.name,
            reason=one.reason,
        )
