"""Texts that people read are never cut without a sign."""

from __future__ import annotations

from typing import Final

from grader.domain.messages import Message, MessageValue, message

ELLIPSIS: Final = "…"

_SHORTEST_SHARE: Final = 0.6
"""A word is cut in its middle rather than that the cut at a word leaves less than this part of the room."""


def shortened(text: str, limit: int, *, has_more: bool = False) -> str:
    """Return the text with at most `limit` characters: cut at a word where there is one, and marked by an ellipsis.

    Args:
        text: What to show.
        limit: How many characters, the ellipsis included.
        has_more: The text itself is the beginning of a longer one, so that it ends with an ellipsis in any case.

    Raises:
        ValueError: There is no room for a single character.
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
    """Return the end of the text, at most `limit` characters; an ellipsis marks what is left out before it."""
    return text if len(text) <= limit else ELLIPSIS + text[len(text) - limit + 1 :].lstrip()


def listed(names: list[str] | tuple[str, ...], most: int) -> str:
    """Return the names parted by commas: at most so many, and an ellipsis where there are more."""
    return ", ".join([*names[:most], *([ELLIPSIS] if len(names) > most else [])])


def further_ones(*, count: MessageValue) -> Message:
    """Say how many are left out of a list."""
    return message("Further ones, not shown: {count}", count=count)
