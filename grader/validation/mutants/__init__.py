"""Wrong answers by topic: each module lists its own as `MUTANTS` and is found automatically."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from grader.validation.operators import Mutant


def _listed() -> Iterator[Mutant]:
    for module in pkgutil.iter_modules(__path__):
        yield from import_module(f"{__name__}.{module.name}").MUTANTS


MUTANTS: Final[tuple[Mutant, ...]] = tuple(_listed())
"""Every mutant."""
