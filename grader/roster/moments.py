"""Reads times of hand-in as people and platforms write them into tables.

| written | where |
|---|---|
| `2026-03-01 23:59`, `2026-03-01T23:59:00-05:00`, `2026-03-01 23:59:00 UTC` | by hand, Gradescope, nbgrader, Canvas |
| `Sunday, 1 March 2026, 11:59 PM` | Moodle in English |
| `domingo, 1 de marzo de 2026, 23:59` | Moodle in Spanish |
| `01/03/2026 23:59` | Spanish spreadsheets: the day comes first; with `AM` or `PM` nobody knows, and it is refused |

A time without a zone is one of the course's zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from grader.domain.people import folded
from grader.domain.time_zones import zone_named

_CLOCK = r"(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:\.\d+)?)?\s*(?P<half>[ap]\.?\s?m\b\.?)?"
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})[T_ ]+" + _CLOCK + r"\s*(?P<zone>\S{0,64})", re.IGNORECASE
)
_WORDS = re.compile(
    r"(?:[^\W\d]+,?\s+)?(?P<day>\d{1,2})\.?\s+(?:de\s+)?(?P<name>[^\W\d]+)\.?,?\s+(?:de\s+)?(?P<year>\d{4}),?\s+"
    + _CLOCK,
    re.IGNORECASE,
)
_SLASHES = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4}),?\s+" + _CLOCK, re.IGNORECASE)
_IN_A_NAME = re.compile(
    r"(?<!\d)(?P<year>20\d{2})-?(?P<month>\d{2})-?(?P<day>\d{2})[T_ -]{1,2}"
    r"(?P<hour>\d{2})[-:.h_]?(?P<minute>\d{2})(?!\d{3})"
)

_MONTHS: Final = tuple(
    frozenset(names.split())
    for names in (
        "january jan enero ene",
        "february feb febrero",
        "march mar marzo",
        "april apr abril abr",
        "may mayo",
        "june jun junio",
        "july jul julio",
        "august aug agosto ago",
        "september sep sept septiembre setiembre set",
        "october oct octubre",
        "november nov noviembre",
        "december dec diciembre dic",
    )
)
_HALF_DAY: Final = 12


def written_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the time in UTC in a cell of a table, None if it holds none that is certain.

    Args:
        text: What stands there.
        zone: Of times that name none.
    """
    text = " ".join(text.split())
    by_slashes = _SLASHES.fullmatch(text)
    found = _ISO.fullmatch(text) or _WORDS.fullmatch(text) or by_slashes
    if found is None or (found is by_slashes and found["half"]):
        return None
    said = found.groupdict()
    own = said.get("zone") or ""
    where = zone_named(own) if own else zone
    return None if where is None else _moment(said, where)


def moment_in_name(name: str, zone: tzinfo) -> datetime | None:
    """Return the time in a file name (`tarea_2026-03-01_23-59.ipynb`), None if it holds none."""
    found = _IN_A_NAME.search(name)
    return None if found is None else _moment(found.groupdict(), zone)


# Private functions


def _moment(said: dict[str, str | None], zone: tzinfo) -> datetime | None:
    hour = _hour(int(said["hour"] or 0), folded(said.get("half") or "").replace(" ", ""))
    month = _month(said)
    try:
        local = datetime(
            int(said["year"] or 0),
            month,
            int(said["day"] or 0),
            hour,
            int(said["minute"] or 0),
            int(said.get("second") or 0),
            tzinfo=zone,
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _hour(hour: int, half: str) -> int:
    """Return the hour of the day; an hour of a half day beyond 12 becomes one that no day has."""
    if not half:
        return hour
    if not 1 <= hour <= _HALF_DAY:
        return -1
    return hour % _HALF_DAY + (_HALF_DAY if half == "pm" else 0)


def _month(said: dict[str, str | None]) -> int:
    if number := said.get("month"):
        return int(number)
    name = folded(said.get("name") or "")
    return next((number for number, names in enumerate(_MONTHS, start=1) if name in names), 0)
