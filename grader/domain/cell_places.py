"""Names a cell for readers: Colab shows headings and code, but no numbers of cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from grader.domain.messages import Message, message

LONGEST_SECTION: Final = 80
"""Characters of a heading that are quoted."""

LONGEST_LINE: Final = 60
"""Characters of a line of code that are quoted."""


@dataclass(frozen=True, slots=True)
class CellPlace:
    """Where a code cell stands.

    Attributes:
        section: The nearest heading above it, as the notebook shows it, or "" if there is none.
        number: Position from 1 among the code cells below that heading, or of the notebook; empty cells count.
        line: The beginning of its first line of code, or "" if it is empty.
    """

    section: str
    number: int
    line: str


Places = Mapping[int, CellPlace]
"""Places of code cells by `CodeCell.index`."""

NOWHERE: Final[Places] = MappingProxyType({})
"""No known places."""


def cell_title(index: int, places: Places) -> Message:
    """Name a cell as a title: `Section “3. The decoder”, code cell 2: decoder = …`."""
    place = places.get(index)
    if place is None:
        return message("Cell {number} of the notebook", number=index + 1)
    if not place.section:
        name = message("Code cell {number} of the notebook", number=place.number)
    else:
        name = message("Section “{section}”, code cell {number}", section=place.section, number=place.number)
    return message("{cell}: `{line}`", cell=name, line=place.line) if place.line else name


def cell_name(index: int, places: Places) -> Message:
    """Name a cell inside a sentence: `code cell 2 of the section “3. The decoder” (decoder = …)`."""
    place = places.get(index)
    if place is None:
        return message("cell {number} of the notebook", number=index + 1)
    if not place.section:
        name = message("code cell {number} of the notebook", number=place.number)
    else:
        name = message("code cell {number} of the section “{section}”", section=place.section, number=place.number)
    return message("{cell} (`{line}`)", cell=name, line=place.line) if place.line else name


def line_title(index: int, line: int, places: Places) -> Message:
    """Name a line of a cell as a title; lines count from 1."""
    return message("{cell}, line {line}", cell=cell_title(index, places), line=line)
