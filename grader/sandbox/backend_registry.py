"""Every sandbox by its value of `--sandbox`: ours, those of installed plug-ins, those that a program adds.

A plug-in is a package with an entry point in the group `autoencoder_grader.sandboxes`. The entry point has the
sandbox's name and refers to a class of `Backend`s. Names are known without imports, so that help stays fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Final

from grader.domain.plugins import entries

if TYPE_CHECKING:
    from grader.sandbox.backends.backend import Backend

GROUP: Final = "autoencoder_grader.sandboxes"
DEFAULT: Final = "bubblewrap"
UNSHUT: Final = "none"
"""No sandbox: a student's own check runs on it."""

_OURS: Final[Mapping[str, str]] = {
    DEFAULT: "grader.sandbox.backends.bubblewrapped:BubblewrapBackend",
    UNSHUT: "grader.sandbox.backends.open_machine:OpenMachineBackend",
}
_added: dict[str, Backend] = {}


class UnknownBackendError(LookupError):
    """There is no sandbox with this name."""


def add_backend(backend: Backend) -> None:
    """Add a sandbox that can be chosen by its name, in this process.

    Raises:
        ValueError: There is already one with this name.
    """
    if backend.name in backend_names():
        raise ValueError(f"there is a sandbox {backend.name!r} already")
    _added[backend.name] = backend


def remove_backend(name: str) -> None:
    """Remove a sandbox added by `add_backend`."""
    del _added[name]


def backend_names() -> tuple[str, ...]:
    """Return the names of all sandboxes, ours first."""
    return (*_points(), *_added)


def backend_named(name: str) -> Backend:
    """Return a sandbox; a plug-in cannot replace one of ours.

    Raises:
        UnknownBackendError: There is none with this name.
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
    for point in (*ours, *entries(GROUP)):
        points.setdefault(point.name, point)
    return points
