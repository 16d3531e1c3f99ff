"""What goes wrong on our side while we read; apart from the rest, since it is caught where nothing else is needed."""

from __future__ import annotations


class ReadingFailedError(Exception):
    """A function of ours broke while it read: our failure. The text is its traceback."""
