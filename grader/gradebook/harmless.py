"""Texts of students in tables: no spreadsheet may take one for a formula."""

from __future__ import annotations

import re

# A spreadsheet takes a cell that starts with one of these for a formula; the wide forms count in East Asian settings.
# Where it parts cells by semicolons or commas, as one of another language does, no quotes of ours keep a name in one
# cell.
_FORMULA_START = re.compile(r"(\A|[;,\t\r\n])(?=[\s\"]*[=+\-@＝＋－＠])")
_BLANK_STARTS = ("\t", "\r", "\n")


def harmless(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula, whichever separator it reads by."""
    safe = _FORMULA_START.sub(r"\1'", text)
    return f"'{safe}" if safe.startswith(_BLANK_STARTS) else safe
