"""Limits the length of texts in claims."""

from __future__ import annotations

MAX_TEXT = 200


def shortened(text: str, limit: int = MAX_TEXT) -> str:
    """Return the text with at most `limit` characters; an ellipsis marks a cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
