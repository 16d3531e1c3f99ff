"""Units of every measured number: one table for code, facts of references, stored grades and reports."""

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
"""The text after a number, by language; a pure number has none."""

_OF_OTHER_SAMPLES: Final[Mapping[SampleKind, Mapping[Unit, Unit]]] = MappingProxyType({
    SampleKind.POINTS: {Unit.PIXEL: Unit.LENGTH, Unit.PIXEL_SQUARED: Unit.LENGTH_SQUARED},
    SampleKind.ROWS: {Unit.PIXEL: Unit.FEATURE, Unit.PIXEL_SQUARED: Unit.FEATURE_SQUARED},
})  # fmt: skip


def unit_for(unit: Unit, dataset: str) -> Unit:
    """Return the unit on this data set of a number that has `unit` on images."""
    known = datasets().get(dataset)
    return unit if known is None else _OF_OTHER_SAMPLES.get(known.kind, {}).get(unit, unit)


def units_of(unit: Unit) -> frozenset[Unit]:
    """Return the units that a number with `unit` on images may have on any kind of data."""
    return frozenset({unit, *(units.get(unit, unit) for units in _OF_OTHER_SAMPLES.values())})
