"""Units of everything that is measured: one table for the code, the facts of references, stored grades and reports."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from grader.domain.datasets import SampleKind, datasets
from grader.domain.messages import Message, message


class Unit(StrEnum):
    """What a number counts; the value is what files hold, the same in every language.

    PURE: a share, a count, a ratio.
    PIXEL, PIXEL_SQUARED: of pixels in [0, 1].
    NAT_PER_PIXEL, NAT_PER_IMAGE: of entropies.
    FEATURE_SQUARED: of standardised columns of a table.
    LENGTH, LENGTH_SQUARED: of points in space.
    DEGREE: of an angle.
    """

    PURE = "1"
    PIXEL = "pixel"
    PIXEL_SQUARED = "pixel²"
    NAT_PER_PIXEL = "nat/pixel"
    NAT_PER_IMAGE = "nat/image"
    FEATURE = "feature"
    FEATURE_SQUARED = "feature²"
    LENGTH = "unit"
    LENGTH_SQUARED = "unit²"
    DEGREE = "degree"


UNIT_WORDS: Final[Mapping[Unit, Message]] = MappingProxyType({
    Unit.PIXEL: message("pixel"),
    Unit.PIXEL_SQUARED: message("pixel²"),
    Unit.NAT_PER_PIXEL: message("nat/pixel"),
    Unit.NAT_PER_IMAGE: message("nat/image"),
    Unit.FEATURE: message("column"),
    Unit.FEATURE_SQUARED: message("column²"),
    Unit.LENGTH: message("length"),
    Unit.LENGTH_SQUARED: message("length²"),
    Unit.DEGREE: message("°"),
})  # fmt: skip
"""What people read after a number, in their language; a pure number has nothing after it."""

_OF_OTHER_SAMPLES: Final[Mapping[SampleKind, Mapping[Unit, Unit]]] = MappingProxyType({
    SampleKind.POINTS: {Unit.PIXEL: Unit.LENGTH, Unit.PIXEL_SQUARED: Unit.LENGTH_SQUARED},
    SampleKind.ROWS: {Unit.PIXEL: Unit.FEATURE, Unit.PIXEL_SQUARED: Unit.FEATURE_SQUARED},
})  # fmt: skip


def unit_for(unit: Unit, dataset: str) -> Unit:
    """Return the unit of a number of this data set that would have `unit` if its samples were images."""
    known = datasets().get(dataset)
    return unit if known is None else _OF_OTHER_SAMPLES.get(known.kind, {}).get(unit, unit)


def units_of(unit: Unit) -> frozenset[Unit]:
    """Return the units that a number has on any kind of data, if it has `unit` on images."""
    return frozenset({unit, *(units.get(unit, unit) for units in _OF_OTHER_SAMPLES.values())})
