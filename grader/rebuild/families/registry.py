"""Which families there are: every module of this package, and what other packages name as entry points of one group.

    [project.entry-points."autoencoder_grader.families"]
    adversarial = "my_course.adversarial:FAMILY"

A reference names its family in `JUDGED_BY`; nobody else looks a family up by name.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from grader.rebuild.families.family import Family
from grader.rebuild.protocol import FAMILIES_GROUP
from reference.contract import Reference

GROUP: Final = FAMILIES_GROUP


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Family]:
    """Return the families that ship with the package, by name: those that a module here lists as `FAMILIES`."""
    return {family.name: family for family in _listed()}


def _listed() -> Iterator[Family]:
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != Path(__file__).stem:
            yield from getattr(import_module(f"{package}.{module.name}"), "FAMILIES", ())


def family_of(reference: Reference) -> Family:
    """Return the family that a reference names; one of ours goes before one of the same name from elsewhere.

    Raises:
        KeyError: There is no such family.
        TypeError: What an entry point names is none.
    """
    if reference.family in shipped():
        return shipped()[reference.family]
    for point in entry_points(group=GROUP, name=reference.family):
        return _loaded(point)
    raise KeyError(reference.family)


def family_names() -> tuple[str, ...]:
    """Return the name of every family, ours first; entry points are not loaded for that."""
    return tuple(dict.fromkeys([*shipped(), *(point.name for point in entry_points(group=GROUP))]))


def _loaded(point: EntryPoint) -> Family:
    family = point.load()
    if not isinstance(family, Family):
        raise TypeError(f"the entry point {point.value!r} of {GROUP} is no Family")
    return family
