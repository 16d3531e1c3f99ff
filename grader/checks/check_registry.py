"""All checks by id: those of this package's modules, and those of other installed packages.

A new check is a module of `notebook`, `structure` or `learning` with a tuple of `Check` objects in `CHECKS`. Another
package offers its checks as entry points of the group `autoencoder_grader.checks` (`grader.domain.plugins`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

from grader.checks import learning, notebook, structure
from grader.checks.core.check import Check
from grader.domain.messages import message
from grader.domain.plugins import BrokenPlugIn, plug_ins

GROUP: Final = "autoencoder_grader.checks"
"""Entry points of other packages: each is a `Check`, or a list or tuple of them."""

_PACKAGES: Final = (notebook, structure, learning)


class Checks(Mapping[str, Check]):
    """Every check by its id, loaded when the first one is looked up."""

    def __getitem__(self, check: str) -> Check:
        return self._found[0][check]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found[0])

    def __len__(self) -> int:
        return len(self._found[0])

    @property
    def broken(self) -> tuple[BrokenPlugIn, ...]:
        """Checks of other packages that could not be used."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[dict[str, Check], tuple[BrokenPlugIn, ...]]:
        known = {check.id: check for package in _PACKAGES for check in _shipped(package)}
        offered = plug_ins(GROUP, Check)
        broken = list(offered.broken)
        for check in offered.objects:
            if check.id in known:  # a rubric means the check that was there first
                broken.append(BrokenPlugIn(check.id, "", message("there is another check of this name")))
            else:
                known[check.id] = check
        return known, tuple(broken)


def _shipped(package: ModuleType) -> Iterator[Check]:
    """Yield the checks of every module of a package, in the order of the modules' names."""
    for found in iter_modules(package.__path__):
        yield from getattr(import_module(f"{package.__name__}.{found.name}"), "CHECKS", ())


CHECKS: Final = Checks()
"""Every check by its id."""
