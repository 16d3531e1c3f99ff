"""Protects tables with students' texts: no spreadsheet may take one for a formula."""

from __future__ import annotations

from collections.abc import Iterator

# A spreadsheet takes a cell that starts with one of these for a formula; the wide forms count in East Asian settings.
# If it separates cells by semicolons or commas, as other languages do, our quotes do not keep a name in one
# cell.
_STARTS = frozenset("=+-@＝＋－＠")
_SEPARATORS = frozenset(";,\t\r\n")
_BLANK_STARTS = ("\t", "\r", "\n")


def harmless(text: str) -> str:
    """Put an apostrophe before everything that a spreadsheet would take for a formula, with any separator."""
    safe = "".join(_with_apostrophes(text))
    return f"'{safe}" if safe.startswith(_BLANK_STARTS) else safe


def _with_apostrophes(text: str) -> Iterator[str]:
    """Yield the text with an apostrophe at each start of a cell whose first character (after blanks, quotes) is risky.

    Read from its end, so that a text of blanks alone takes no longer than any other.
    """
    starts = [False] * (len(text) + 1)  # whether a formula starts at this place, blanks and quotes passed over
    for place in range(len(text) - 1, -1, -1):
        character = text[place]
        starts[place] = character in _STARTS or ((character.isspace() or character == '"') and starts[place + 1])
    for place, character in enumerate(text):
        if starts[place] and (place == 0 or text[place - 1] in _SEPARATORS):
            yield "'"
        yield character
