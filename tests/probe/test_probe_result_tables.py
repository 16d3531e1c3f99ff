"""Small tables of numbers leave the kernel; whatever else stands under their names does no harm."""

from __future__ import annotations

from collections import OrderedDict, UserDict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from grader.domain.evidence import EntryClaim, TableClaim
from grader.extraction.claims import collect
from grader.probe.export import Exporter
from grader.probe.hooks import FitTracker
from grader.probe.result_tables import number_tables


class Hostile(UserDict):  # type: ignore[type-arg]
    """A dictionary that raises."""

    def items(self) -> Any:
        raise RuntimeError("no")

    def __len__(self) -> int:
        return 2


class Nasty:
    """Neither a number nor a text."""

    def __float__(self) -> float:
        raise ValueError("no")

    def __str__(self) -> str:
        raise ValueError("no")


def entries(table: Any) -> dict[tuple[str, ...], float]:
    found = number_tables({"comparison": table})
    return {tuple(entry["keys"]): entry["value"] for entry in found[0]["entries"]} if found else {}


TABLES: dict[str, tuple[Any, dict[tuple[str, ...], float]]] = {
    "dictionary": ({"sgd": 0.5, "adam": 1}, {("sgd",): 0.5, ("adam",): 1.0}),
    "NumPy": ({"sgd": np.float32(0.5), "adam": np.array(0.25)}, {("sgd",): 0.5, ("adam",): 0.25}),
    "nested": (OrderedDict(a={"mse": 0.5, "mae": 0.25}, b=2.0), {("a", "mse"): 0.5, ("a", "mae"): 0.25, ("b",): 2.0}),
    "list": ([0.5, (1.0, 2.0)], {("0",): 0.5, ("1", "0"): 1.0, ("1", "1"): 2.0}),
    "series": (pd.Series({"sgd": 0.5}), {("sgd",): 0.5}),
    "data frame": (pd.DataFrame({"mse": {"a": 0.5, "b": 1.0}}), {("mse", "a"): 0.5, ("mse", "b"): 1.0}),
    "third level": ({"a": {"b": {"c": 1.0}}, "d": 1.0}, {("d",): 1.0}),
    "no numbers": ({"a": "0.5", "b": None, "c": True, "d": Nasty()}, {}),
    "not finite": ({"a": float("nan"), "b": float("inf"), "c": 10**400, "d": 1e31, "e": 0.5}, {("e",): 0.5}),
    "64 entries": ({str(n): n for n in range(64)}, {(str(n),): float(n) for n in range(64)}),
    "65 entries": ({str(n): n for n in range(65)}, {}),
    "65 in all": ({"a": list(range(33)), "b": list(range(32))}, {}),
    "large frame": (pd.DataFrame(np.ones((1000, 1000))), {}),
    "half a surrogate pair": ({"\ud800": 0.5}, {("?",): 0.5}),
    "long key": ({"x" * 10_000: 0.5}, {("x" * 200,): 0.5}),
    "hostile": (Hostile(a=1), {}),
    "nasty key": ({Nasty(): 0.5}, {}),
    "number": (0.5, {}),
    "text": ("0.5", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_numbers_of_a_table_are_described(name: str) -> None:
    """Two levels, 64 things, finite numbers; nothing raises."""
    table, expected = TABLES[name]
    assert entries(table) == expected


def test_a_table_that_holds_itself_ends() -> None:
    """Two levels are two levels."""
    table: dict[str, Any] = {"a": 0.5}
    table["self"] = table
    assert entries(table) == {("a",): 0.5, ("self", "a"): 0.5}


@pytest.mark.usefixtures("alone")
def test_tables_under_the_names_asked_for_pass_the_border(tmp_path: Path) -> None:
    """Spanish and English names, also where no model is alive."""
    namespace = {"comparación": {"sgd": 0.5}, "results": [1.0], "other": {"a": 1.0}, "resultados": Hostile(a=1)}
    Exporter(namespace, tmp_path / "claims", FitTracker([]), []).export()
    assert collect(tmp_path, tmp_path / "vetted").tables == (
        TableClaim("comparación", (EntryClaim(("sgd",), 0.5),)),
        TableClaim("results", (EntryClaim(("0",), 1.0),)),
    )
