"""The registry of families: every module of this package, and the entry points of other packages in one group.

    [project.entry-points."autoencoder_grader.families"]
    adversarial = "my_course.adversarial:FAMILY"

A reference names its family in `JUDGED_BY`; only this module looks up families by name.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Final

from grader.domain.plugins import additions, refuse_known
from grader.rebuild.families.family import Family
from reference.contract import Reference

TABLE: Final = "families"
"""Last part of the name of the group of entry points."""


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Family]:
    """Return the families that ship with the package, by name: those that modules here list as `FAMILIES`."""
    return {family.name: family for family in _listed()}


def _listed() -> Iterator[Family]:
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != Path(__file__).stem:
            yield from getattr(import_module(f"{package}.{module.name}"), "FAMILIES", ())


def family_of(reference: Reference) -> Family:
    """Return the family that a reference names; other packages are searched only if it is not one of ours.

    Raises:
        KeyError: There is no such family.
        grader.domain.plugins.PluginError: A package's entry point is no family, or has the name of one of ours.
    """
    ours = shipped().get(reference.family)
    return _added()[reference.family] if ours is None else ours


def family_names() -> tuple[str, ...]:
    """Return the name of every family, ours first.

    Raises:
        grader.domain.plugins.PluginError: As above.
    """
    return (*shipped(), *_added())


def _added() -> Mapping[str, Family]:
    found = additions(TABLE, Family)
    refuse_known(TABLE, found, shipped())
    return {name: family for name, family in found.items() if isinstance(family, Family)}
