"""Objects that other installed packages offer to the grader as entry points.

A package names them in its `pyproject.toml`:

    [project.entry-points."autoencoder_grader.checks"]
    small = "my_package.small:CHECK"

A package that cannot be imported must not stop a class from being graded by the checks that ship, so it is kept as a
`BrokenPlugIn` and reported where somebody asks for what it should have offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from grader.domain.messages import Message, message

Offered = TypeVar("Offered")


@dataclass(frozen=True, slots=True)
class BrokenPlugIn:
    """An entry point that could not be used.

    Attributes:
        name: The entry point's name.
        package: The distribution that it belongs to, "" where it does not say.
        reason: What went wrong, for the person who installed it.
    """

    name: str
    package: str
    reason: Message


@dataclass(frozen=True, slots=True)
class PlugIns(Generic[Offered]):
    """What all installed packages offer in one group of entry points.

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
        kind: Type of what is offered; an entry point is one such object, or a list or tuple of them.
    """
    objects: list[Offered] = []
    broken: list[BrokenPlugIn] = []
    for point in sorted(entry_points(group=group), key=lambda one: one.name):
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
    """Say of each entry point that could not be used which package it belongs to, and why."""
    for one in broken:
        yield message(
            "The package {package} could not be used ({name}): {reason}",
            package=one.package or "?",
            name=one.name,
            reason=one.reason,
        )
