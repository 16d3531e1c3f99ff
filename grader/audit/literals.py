"""Measures how much data the text of a notebook contains: weights as base85, hexadecimal or numbers, in pieces.

Bytes count after compression, so that hexadecimal digits count half and repetitions almost nothing. Ordinary code holds
names, labels, prose and a few numbers; each of these has an allowance, and only what exceeds it counts as data.
Measured on the solutions of all 21 assignments: no long literal, 129 to 233 bytes of short ones, 54 to 120 of numbers,
at most 3,500 in all.
"""

from __future__ import annotations

import ast
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from grader.domain.submission import CodeCell, Companion

LONG: Final = 40
"""Length without blanks from which a text is data and not a label."""

BLANKS_OF_PROSE: Final = 1 / 40
"""Texts with a smaller share of blanks are not prose."""

SHORT_ALLOWED: Final = 2_000
NUMBERS_ALLOWED: Final = 1_500
REST_ALLOWED: Final = 6_000
FILE_NAMES_ALLOWED: Final = 1_000
"""Allowances in compressed bytes for the short texts, the numbers, the rest of an ordinary notebook (names, comments,
prose), and the names of the files beside it."""

WHOLE_ALLOWED: Final = 10_000
"""Allowance for all code together, so that nobody uses up each of the others. About 35,000 characters of code."""

LARGEST_PARSED: Final = 2_000_000
"""Characters of a notebook that are parsed as Python; the rest is compressed as it is."""

LARGEST_COMPANION: Final = 5_000_000

_CODE: Final = frozenset({".py"})


@dataclass
class _Found:
    """Literals by kind."""

    long: list[bytes] = field(default_factory=list)
    short: list[bytes] = field(default_factory=list)
    numbers: list[bytes] = field(default_factory=list)


def pasted_bytes(cells: Sequence[CodeCell], companions: Sequence[Companion] = ()) -> int:
    """Return how many compressed bytes of data a notebook and the files beside it hold.

    Args:
        cells: The code as it is run.
        companions: Files that lie beside it when it runs.
    """
    sources = [cell.source for cell in cells]
    sources += [_text_of(one) for one in companions if PurePosixPath(one.name).suffix.lower() in _CODE]
    kinds, read = _Found(), 0
    for source in sources:
        read += len(source)
        if read > LARGEST_PARSED:
            kinds.long.append(source.encode("utf-8", "replace"))
        else:
            _look_through(source, kinds)
    long, short, numbers = (_compressed(texts) for texts in (kinds.long, kinds.short, kinds.numbers))
    whole = _compressed(source.encode("utf-8", "replace") for source in sources)
    rest = max(0, whole - long - short - numbers - REST_ALLOWED)
    found_in_code = long + max(0, short - SHORT_ALLOWED) + max(0, numbers - NUMBERS_ALLOWED) + rest
    names = _compressed(one.name.encode("utf-8", "replace") for one in companions)
    beside = max(0, names - FILE_NAMES_ALLOWED)
    beside += sum(_file_bytes(one) for one in companions if PurePosixPath(one.name).suffix.lower() not in _CODE)
    return max(found_in_code, whole - WHOLE_ALLOWED) + beside


def _look_through(source: str, found: _Found) -> None:
    """Sort the literals of a cell by kind; a cell that is not Python (`%%writefile`) is split into words."""
    try:
        tree = ast.parse(_without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found.long += [word.encode("utf-8", "replace") for word in source.split() if len(word) >= LONG]
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            _sort(node.value, found)


def _sort(value: object, found: _Found) -> None:
    if isinstance(value, bytes):
        (found.long if len(value) >= LONG else found.short).append(value)
    elif isinstance(value, str) and not _is_prose(value):
        (found.long if len(value) >= LONG else found.short).append(value.encode("utf-8", "replace"))
    elif isinstance(value, int) and value.bit_length() > 64:
        found.long.append(value.to_bytes((value.bit_length() + 7) // 8, "little"))
    elif isinstance(value, int | float | complex) or value is None:  # flags as well: each is a bit
        found.numbers.append(repr(value).encode())


def _is_prose(text: str) -> bool:
    blanks = sum(map(text.count, " \n\t"))
    return blanks >= 1 and blanks >= len(text) * BLANKS_OF_PROSE


def _without_magics(source: str) -> str:
    """Empty the lines that only IPython understands."""
    return "\n".join(_plain_lines(source.split("\n")))


def _plain_lines(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        start = line.lstrip()
        yield line[: len(line) - len(start)] + "pass" if start.startswith(("%", "!", "?")) else line


def _compressed(texts: Iterable[bytes]) -> int:
    """Return the length of all texts together after compression, 0 if there is none."""
    packer = zlib.compressobj(6)
    size = sum(len(packer.compress(text)) + len(packer.compress(b"\n")) for text in texts)
    size += len(packer.flush())
    return size if size > _EMPTY else 0


_EMPTY: Final = len(zlib.compress(b"\n"))


def _text_of(companion: Companion) -> str:
    with companion.path.open("rb") as file:
        return file.read(LARGEST_COMPANION).decode("utf-8", "replace")


def _file_bytes(companion: Companion) -> int:
    with companion.path.open("rb") as file:
        return _compressed([file.read(LARGEST_COMPANION)])
