"""Tables as platforms write them (CSV), cell by cell with their place in the file, so that single cells can be changed.

Everything unchanged keeps its bytes: encoding mark, line ends, quotes, blanks. A platform that reads its own file back
must find in it what it wrote.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from grader.domain.messages import Message, message

LARGEST_BYTES: Final = 50_000_000
"""Most cells; a table of ten thousand students has about two million."""

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WITHOUT_MARK: Final = ("utf-8", "cp1252", "latin-1")
"""Encodings, tried in this order; the last one accepts every byte."""

_SEPARATORS: Final = (",", ";", "\t")
_LINE_ENDS: Final = "\r\n"


class SheetError(Exception):
    """A table cannot be read; `reason` says which and why."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell: its value, its position in the text, and whether it is quoted."""

    value: str
    start: int
    end: int
    quoted: bool = False


Row = tuple[SheetCell, ...]


@dataclass(frozen=True)
class Sheet:
    """A table that was read.

    Attributes:
        path: The file.
        text: Its text, without the mark of the encoding.
        encoding: Of the text.
        mark: Bytes before the text.
        separator: Between cells.
        rows: All rows with something in them; the first one is the header.
    """

    path: Path
    text: str
    encoding: str
    mark: bytes
    separator: str
    rows: tuple[Row, ...]

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The cells of the first row."""
        return tuple(cell.value for cell in self.rows[0])

    def value(self, row: int, column: int | None) -> str:
        """Return a cell's value without surrounding blanks; "" if the row is shorter, or the column does not exist."""
        cells = self.rows[row]
        return cells[column].value.strip() if column is not None and column < len(cells) else ""

    def with_changes(self, changes: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file with new values in some cells, by row and column; everything else keeps its bytes.

        Characters that the file's encoding lacks become references of HTML (`&#8805;`).

        Raises:
            SheetError: A row has no such cell.
        """
        pieces, done = [], 0
        for (row, column), value in sorted(changes.items()):
            if column >= len(self.rows[row]):
                raise SheetError(
                    message("{file}: row {row} has too few cells.", file=str(self.path), row=self.line(row))
                )
            cell = self.rows[row][column]
            if cell.value != value:
                pieces += [self.text[done : cell.start], self._written(value, quoted=cell.quoted)]
                done = cell.end
        text = "".join([*pieces, self.text[done:]])
        return self.mark + text.encode(self.encoding, errors="xmlcharrefreplace")

    def line(self, row: int) -> int:
        """Return the line in which a row begins, from 1."""
        before = self.text[: self.rows[row][0].start]
        return len(before.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    def _written(self, value: str, *, quoted: bool) -> str:
        needed = quoted or value != value.strip() or any(one in value for one in (self.separator, '"', "\r", "\n"))
        return '"' + value.replace('"', '""') + '"' if needed else value


def read_sheet(path: Path) -> Sheet:
    """Read a table.

    Raises:
        SheetError: It cannot be read, is too large, is no text, or a quote is never closed.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST_BYTES else b""
    except OSError as error:
        problem = error.strerror or str(error)
        raise SheetError(message("{file} cannot be read: {problem}.", file=str(path), problem=problem)) from error
    if size > LARGEST_BYTES:
        raise SheetError(message("{file} is too large for a table of a class.", file=str(path)))
    if data.startswith(b"PK\x03\x04"):
        raise SheetError(message("{file} is a workbook, not a table: save it as CSV (UTF-8).", file=str(path)))
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))
    text, encoding = _decoded(data[len(mark) :], encoding, path)
    text, separator, start = _separator(text)
    try:
        rows = tuple(row for row in _rows(text, separator, start) if any(cell.value.strip() for cell in row))
    except ValueError as error:
        raise SheetError(message("{file}: a quote is never closed.", file=str(path))) from error
    if not rows:
        raise SheetError(message("{file} is empty.", file=str(path)))
    return Sheet(path, text, encoding, mark, separator, rows)


# Private functions


def _decoded(data: bytes, encoding: str, path: Path) -> tuple[str, str]:
    for name in (encoding,) if encoding else _WITHOUT_MARK:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and text.encode(name) == data:
            return text, name
    raise SheetError(message("{file} is no text: save it as CSV (UTF-8).", file=str(path)))


def _separator(text: str) -> tuple[str, str, int]:
    """Return the separator and the start of the table: a first line `sep=;` is for spreadsheets only."""
    first = text.lstrip(_LINE_ENDS).split("\n", 1)[0].rstrip("\r")
    if first.lower().startswith("sep=") and len(first) == len("sep=") + 1:
        return text, first[-1], text.index("\n") + 1 if "\n" in text else len(text)
    outside = ""
    for piece in text.lstrip(_LINE_ENDS).split('"')[::2]:  # what stands between quotes is left out
        line = re.split(r"[\r\n]", piece, maxsplit=1)
        outside += line[0]
        if len(line) > 1:
            break
    return text, max(_SEPARATORS, key=outside.count), 0


def _rows(text: str, separator: str, start: int) -> Iterator[Row]:
    place, row = start, list[SheetCell]()
    while place < len(text) or row:
        cell = _cell(text, separator, place)
        row.append(cell)
        if text[cell.end : cell.end + 1] == separator:
            place = cell.end + 1
            if place < len(text):
                continue
            row.append(SheetCell("", place, place))
        yield tuple(row)
        row = []
        place = cell.end + (2 if text[cell.end : cell.end + 2] == "\r\n" else 1)


def _cell(text: str, separator: str, start: int) -> SheetCell:
    if text[start : start + 1] != '"':
        end = _end(text, separator, start)
        return SheetCell(text[start:end], start, end)
    place = start + 1
    while True:
        place = text.index('"', place)
        if text[place + 1 : place + 2] != '"':
            break
        place += 2
    end = _end(text, separator, place + 1)
    inside = text[start + 1 : place].replace('""', '"')
    return SheetCell(inside + text[place + 1 : end], start, end, quoted=True)


def _end(text: str, separator: str, start: int) -> int:
    found = [text.find(one, start) for one in (separator, *_LINE_ENDS)]
    return min((place for place in found if place >= 0), default=len(text))
