"""Numbers in addresses, as large as a database takes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
"""Of a book or a hand-in; anything else is not found."""

Start = Annotated[int, Query(ge=0, le=10**6)]
"""How many rows come before the first one that is shown."""
