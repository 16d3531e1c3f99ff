"""Failures of ours while reading; in a module of its own because callers that catch it need nothing else."""

from __future__ import annotations


class ReadingFailedError(Exception):
    """A function of ours failed while reading. The text is its traceback."""
