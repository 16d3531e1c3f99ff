"""Shortens texts for people; every cut is marked."""

from __future__ import annotations

import re
from typing import Final

from grader.domain.messages import Message, MessageValue, message

ELLIPSIS: Final = "…"

_SHORTEST_SHARE: Final = 0.6
"""Least part of the room that a cut between words must leave; otherwise the cut is inside a word."""


_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNSEEN_OR_HALF: Final = re.compile(rf"{_UNSEEN.pattern[:-1]}\ud800-\udfff]")
_HALVES: Final = re.compile(r"[\ud800-\udfff]")


def without_controls(text: str) -> str:
    """Return the text without the characters that command a terminal or turn the direction of writing.

    Line ends and tabs stay. Half of a surrogate pair, which no output can write, becomes U+FFFD.
    """
    if text.isprintable():
        return text
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", _UNSEEN.sub("", text))


def with_escaped_controls(document: str) -> str:
    """Return a JSON document in which these characters are written as escapes: the same values, harmless to show."""
    return _UNSEEN_OR_HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def shortened(text: str, limit: int, *, has_more: bool = False) -> str:
    """Return the text with at most `limit` characters: cut between words if possible, and marked by an ellipsis.

    Args:
        text: What to show.
        limit: How many characters, the ellipsis included.
        has_more: Whether the text is already the beginning of a longer one and must end with an ellipsis.

    Raises:
        ValueError: `limit` leaves no room for a single character.
    """
    if limit < 1:
        raise ValueError("no text fits into nothing")
    if len(text) <= limit and not has_more:
        return text
    kept = text[: limit - 1]
    if len(text) >= limit and not text[limit - 1].isspace():
        words = kept.rsplit(maxsplit=1)
        if len(words) == 2 and len(words[0]) >= _SHORTEST_SHARE * limit:
            kept = words[0]
    return kept.rstrip() + ELLIPSIS


def ending(text: str, limit: int) -> str:
    """Return the end of the text, at most `limit` characters; an ellipsis marks what was cut before it."""
    return text if len(text) <= limit else ELLIPSIS + text[len(text) - limit + 1 :].lstrip()


def listed(names: list[str] | tuple[str, ...], most: int) -> str:
    """Return the names separated by commas, at most so many, with an ellipsis if there are more."""
    return ", ".join([*names[:most], *([ELLIPSIS] if len(names) > most else [])])


def further_ones(*, count: MessageValue) -> Message:
    """Say how many are left out of a list."""
    return message("Further ones, not shown: {count}", count=count)
