"""Numbers in addresses, limited to what a database accepts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
"""Number of a book or a hand-in; anything else is not found."""

Start = Annotated[int, Query(ge=0, le=10**6)]
"""Number of rows before the first one that is shown."""
