"""Fingerprints of a notebook's code: hashes of token sequences, thinned by winnowing, and its own comments.

Winnowing (Schleimer, Wilkerson, Aiken, 2003) keeps the smallest hash of every window of neighbouring ones: two
notebooks that share a run of `RUN + WINDOW - 1` tokens share at least one of them, wherever it stands. Names that an
author may choose count as one and the same, so that renaming hides nothing; names of layers, functions and arguments
count as they are, for a course's notebooks differ in little else.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

RUN: Final = 10
"""Tokens per hash: about a line of code."""

WINDOW: Final = 5
"""Number of neighbouring hashes of which one is kept."""

SHORTEST_COMMENT: Final = 20
"""Least characters of a comment; shorter ones are too common."""

_SKIPPED: Final = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
)
_ANY_NAME: Final = "name"
_ANY_TEXT: Final = "text"


@dataclass(frozen=True, slots=True, order=True)
class Lines:
    """Lines of a cell, both counted from 1 and included.

    Attributes:
        cell: Position of the cell in the file, from 0.
        first: First line.
        last: Last line.
    """

    cell: int
    first: int
    last: int


Fingerprints = Mapping[int, tuple[Lines, ...]]
"""The places of each hash."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    cell: int
    first: int
    last: int


def fingerprints(cells: Iterable[tuple[int, str]]) -> Fingerprints:
    """Return the fingerprints of code cells, by position and source; a cell that is no Python has some as well."""
    found: dict[int, list[Lines]] = {}
    tokens: list[_Token] = []
    for position, source in cells:
        for token, comment in _tokens(position, source):
            if comment:
                found.setdefault(_hash("#", token.text), []).append(Lines(token.cell, token.first, token.last))
            else:
                tokens.append(token)
    for start, digest in _winnowed([_hash(*(one.text for one in run)) for run in _runs(tokens)]):
        run = tokens[start : start + RUN]
        for cell in dict.fromkeys(one.cell for one in run):
            own = [one for one in run if one.cell == cell]
            found.setdefault(digest, []).append(Lines(cell, own[0].first, own[-1].last))
    return {digest: tuple(places) for digest, places in found.items()}


# Private functions


def _tokens(position: int, source: str) -> Iterator[tuple[_Token, bool]]:
    """Yield the tokens of a cell, and whether each is a comment; what cannot be read as Python ends it."""
    lines = ["pass" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
    previous = ""
    pending: list[tokenize.TokenInfo] = []
    try:
        pending.extend(tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        yield from (
            (_Token(word, position, number, number), False)
            for number, line in enumerate(lines, 1)
            for word in line.split()
        )
        return
    meaningful = [one for one in pending if one.type not in _SKIPPED]
    for here, token in enumerate(meaningful):
        following = meaningful[here + 1].string if here + 1 < len(meaningful) else ""
        if token.type == tokenize.COMMENT:
            text = " ".join(token.string.lstrip("#").split()).casefold()
            if len(text) >= SHORTEST_COMMENT:
                yield _Token(text, position, token.start[0], token.end[0]), True
            continue
        yield _Token(_normal(token, previous, following), position, token.start[0], token.end[0]), False
        previous = token.string


def _normal(token: tokenize.TokenInfo, previous: str, following: str) -> str:
    if token.type == tokenize.STRING:
        return _ANY_TEXT
    if token.type != tokenize.NAME or keyword.iskeyword(token.string):
        return token.string
    is_given = previous == "." or following == "(" or (following == "=" and previous in ("(", ","))
    return token.string if is_given else _ANY_NAME


def _runs(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    return (tokens[start : start + RUN] for start in range(len(tokens) - RUN + 1))


def _winnowed(hashes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield position and value of the smallest hash of each window, the last one of equals, each once."""
    kept = -1
    for start in range(max(1, len(hashes) - WINDOW + 1) if hashes else 0):
        window = hashes[start : start + WINDOW]
        smallest = min(range(len(window)), key=lambda place: (window[place], -place)) + start
        if smallest != kept:
            kept = smallest
            yield smallest, hashes[smallest]


def _hash(*texts: str) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(texts).encode("utf-8", "replace"), digest_size=8).digest())
