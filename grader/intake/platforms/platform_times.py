"""Reads the time of a hand-in from a platform's own files.

| platform | where | example |
|---|---|---|
| Gradescope | `:created_at` in `submission_metadata.yml` | `2026-03-01 10:00:00.250000000 Z` |
| nbgrader | `submitted/<student>/<assignment>/timestamp.txt` | `2015-02-02 15:58:23.948203 America/Los_Angeles` |

Nothing else is believed. Moodle and Canvas write the moment of the download into their zips (Moodle streams entries
without a time of their own), and a file on disk carries the moment of a copy: none of these is when a student was done.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from grader.domain.time_zones import zone_named

_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[ T](?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?\s?(?P<zone>\S{0,64})"
)


def moment(text: str) -> datetime | None:
    """Return the time in UTC, or None if the text is no time or its zone is uncertain.

    Short names such as `CST` stand for several zones, so that nothing is guessed from them.
    """
    found = _MOMENT.fullmatch(text.strip())
    zone = (
        None if found is None else zone_named(found["zone"] or "UTC")
    )  # nbgrader and Ruby mean UTC where they name none
    if found is None or zone is None:
        return None
    microseconds = (found["fraction"] or "").ljust(6, "0")[:6]
    try:
        local = datetime.fromisoformat(f"{found['date']}T{found['time']}.{microseconds}")
        return local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
