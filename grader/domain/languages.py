"""The languages of everything that people read: notebooks, reports, messages, the command line."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("es", "en")
"""ISO codes; the first one is taken where nothing is said."""
