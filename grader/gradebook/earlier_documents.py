"""Converts documents that an earlier grader stored into today's form without losing information."""

from __future__ import annotations

from typing import Any


def brought_up(document: dict[str, Any]) -> dict[str, Any]:
    """Return a stored grade or observation as today's grader writes it; the argument is changed.

    Until 2026-11-30 `measurements` held two things that the notebook claims, `trained` and the `claimed` numbers of
    `disagreements`; they stand in `measurements.claims` now.

    Args:
        document: The JSON of a `GradedSubmission` or of an `Observation`.
    """
    measured = document.get("measurements")
    if isinstance(measured, dict) and "claims" not in measured:
        disagreements = measured.pop("disagreements", [])
        measured["claims"] = {
            "trained": measured.pop("trained", False),
            "compared": {one["entry"]: one["claimed"] for one in disagreements if one["claimed"] is not None},
        }
        measured["missed"] = [{"entry": one["entry"], "measured": one["measured"]} for one in disagreements]
    return document
