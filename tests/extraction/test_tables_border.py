"""Tables of numbers at the border: bounded again, whatever the kernel says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exchange_folder import claims, leave

from grader.domain.evidence import EntryClaim, RejectedClaimsError, TableClaim
from grader.extraction.claims import collect


def table(count: int = 1, **others: Any) -> dict[str, Any]:
    return {"name": "comparison", "entries": [{"keys": [str(n)], "value": 0.5} for n in range(count)]} | others


def sent(tables: Any, folder: Path) -> tuple[TableClaim, ...]:
    return collect(leave(folder / "exchange", claims(tables=tables)), folder / "vetted").tables


def test_tables_arrive(tmp_path: Path) -> None:
    """One key or two, 64 numbers at most; whole numbers are numbers."""
    nested = table(entries=[{"keys": ["a", "b"], "value": 1}])
    assert sent([table(64), nested], tmp_path) == (
        TableClaim("comparison", tuple(EntryClaim((str(n),), 0.5) for n in range(64))),
        TableClaim("comparison", (EntryClaim(("a", "b"), 1.0),)),
    )


def test_claims_without_tables_are_as_good(tmp_path: Path) -> None:
    """Most notebooks have none."""
    assert collect(leave(tmp_path / "exchange"), tmp_path / "vetted").tables == ()


@pytest.mark.parametrize(
    "tables",
    [
        [table(65)],
        [table()] * 9,
        [table(name="x" * 501)],
        [table(entries=[{"keys": [], "value": 0.5}])],
        [table(entries=[{"keys": ["a", "b", "c"], "value": 0.5}])],
        [table(entries=[{"keys": ["x" * 501], "value": 0.5}])],
        [table(entries=[{"keys": ["a"], "value": 1e31}])],
        [table(entries=[{"keys": ["a"], "value": "0.5"}])],
        [table(entries=[{"keys": ["a"], "value": float("nan")}])],
        [table(entries=[{"keys": ["a"], "value": 0.5, "more": 1}])],
        {"comparison": {"a": 0.5}},
    ],
    ids=lambda tables: "",
)
def test_anything_else_is_refused(tables: Any, tmp_path: Path) -> None:
    """Too many, too long, too large, too deep, or no numbers at all."""
    with pytest.raises(RejectedClaimsError):
        sent(tables, tmp_path)
