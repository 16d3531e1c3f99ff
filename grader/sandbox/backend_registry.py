"""Every sandbox by the name that `--sandbox` takes: ours, those of installed plug-ins, those that a program adds.

A plug-in is a package with an entry point in the group `autoencoder_grader.sandboxes`, whose name is that of the
sandbox, and which leads to a class of `Backend`s. Names are known without importing any, so that help stays quick.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from grader.sandbox.backends.backend import Backend

GROUP: Final = "autoencoder_grader.sandboxes"
DEFAULT: Final = "bubblewrap"
UNSHUT: Final = "none"
"""This machine as it is: what a student's own check runs on."""

_OURS: Final[Mapping[str, str]] = {
    DEFAULT: "grader.sandbox.backends.bubblewrapped:BubblewrapBackend",
    UNSHUT: "grader.sandbox.backends.open_machine:OpenMachineBackend",
}
_added: dict[str, Backend] = {}


class UnknownBackendError(LookupError):
    """There is no sandbox of this name."""


def add_backend(backend: Backend) -> None:
    """Let a sandbox be chosen by its name, in this process.

    Raises:
        ValueError: There is one of this name already.
    """
    if backend.name in backend_names():
        raise ValueError(f"there is a sandbox {backend.name!r} already")
    _added[backend.name] = backend


def remove_backend(name: str) -> None:
    """Take away a sandbox that `add_backend` added."""
    del _added[name]


def backend_names() -> tuple[str, ...]:
    """Return the names of all sandboxes, ours first."""
    return (*_points(), *_added)


def backend_named(name: str) -> Backend:
    """Return a sandbox; a plug-in cannot take the place of one of ours.

    Raises:
        UnknownBackendError: There is none of this name.
    """
    if name in _added:
        return _added[name]
    point = _points().get(name)
    if point is None:
        raise UnknownBackendError(name)
    backend: Backend = point.load()()
    return backend


def _points() -> dict[str, EntryPoint]:
    ours = [EntryPoint(name, place, GROUP) for name, place in _OURS.items()]
    points: dict[str, EntryPoint] = {}
    for point in (*ours, *entry_points(group=GROUP)):
        points.setdefault(point.name, point)
    return points
