"""Finds the heading above each code cell, as the notebook shows it, and the cell's first line of code."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from grader.domain.cell_places import LONGEST_LINE, LONGEST_SECTION, CellPlace
from grader.domain.text import shortened
from grader.intake.raw_cells import RawCell, is_code, source_of

_LONGEST_READ: Final = 1000
"""Characters of a line that are examined: no heading is longer."""

_NUMBER_SIGNS: Final = re.compile(r" {0,3}#{1,6}(?=[ \t]|$)")
_UNDERLINE: Final = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_FENCE: Final = re.compile(r" {0,3}(```|~~~)")
_TAGGED: Final = re.compile(r"<h([1-6])\b[^<>]{0,200}>(.{1,400}?)</h\1>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]{0,200}>")
_LINK: Final = re.compile(r"!?\[([^\[\]]{0,400})\]\([^()]{0,400}\)")
_EMPHASIS: Final = re.compile(r"\*{1,3}|_{2,3}|~~|`+")
_FORM_TITLE: Final = re.compile(r"#\s*@(?:title|markdown)\b")


def places(cells: Sequence[RawCell]) -> Mapping[int, CellPlace]:
    """Return the place of each code cell by its position among all cells."""
    found: dict[int, CellPlace] = {}
    section, number = "", 0
    for index, cell in enumerate(cells):
        if is_code(cell):
            number += 1
            found[index] = CellPlace(section, number, _first_line(source_of(cell)))
        elif (heading := _heading(cell)) is not None:
            section, number = heading, 0
    return found


def _heading(cell: RawCell) -> str | None:
    """Return the last heading of a text cell, None if it has none."""
    text = source_of(cell)
    if cell.get("cell_type") == "heading":  # formats 2 and 3 have cells of their own for it
        return _plain(text)
    if cell.get("cell_type") != "markdown":
        return None
    return next((plain for one in reversed([*_headings(text)]) if (plain := _plain(one))), None)


def _headings(text: str) -> Iterator[str]:
    fence, above = "", ""
    for whole in text.split("\n"):
        line = whole[:_LONGEST_READ]
        mark = _FENCE.match(line)
        if mark is not None and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        if fence or mark is not None:
            above = ""
        elif (signs := _NUMBER_SIGNS.match(line)) is not None:
            yield line[signs.end() :].strip().rstrip("#")
            above = ""
        elif above and _UNDERLINE.fullmatch(line):
            yield above
            above = ""
        elif (tagged := _TAGGED.search(line)) is not None:
            yield tagged[2]
            above = ""
        else:
            above = line.strip()


def _plain(text: str) -> str:
    """Return a heading as shown, without its Markdown marks."""
    shown = _LINK.sub(r"\1", text[:_LONGEST_READ])
    shown = _EMPHASIS.sub("", _TAG.sub("", shown))
    return shortened(" ".join(html.unescape(shown).split()), LONGEST_SECTION)


def _first_line(source: str) -> str:
    """Return the first line of code, or the title of a Colab form; a comment if there is nothing else."""
    lines = [line.strip() for line in source.split("\n", 200)[:200] if line.strip()]
    telling = (line for line in lines if not line.startswith("#") or _FORM_TITLE.match(line))
    line = next(telling, lines[0] if lines else "")
    return shortened(" ".join(line[:_LONGEST_READ].replace("`", "'").split()), LONGEST_LINE)
