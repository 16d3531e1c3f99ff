"""Reads the name of a time zone; a name shared by several zones is not accepted."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)")
_PLACE = re.compile(r"[A-Z][A-Za-z_]*(?:/[A-Za-z0-9_+-]+)+")
_UNIVERSAL: Final = frozenset({"Z", "UTC", "GMT"})


def zone_named(name: str) -> tzinfo | None:
    """Return the zone with this name (`America/Bogota`, `-05:00`, `UTC`), None if there is none.

    Short names such as `CST` stand for several zones, so they are not guessed.
    """
    if name in _UNIVERSAL:
        return UTC
    if offset := _OFFSET.fullmatch(name):
        size = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
        return timezone(size if offset["sign"] == "+" else -size) if size < timedelta(days=1) else None
    try:
        return ZoneInfo(name) if _PLACE.fullmatch(name) else None
    except (LookupError, ValueError, OSError):
        return None
