"""Small tables of numbers in a notebook's variables: what it reports that its models reach."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .texts import MAX_TEXT

TABLE_NAMES = ("comparison", "comparacion", "comparación", "resultados", "results")
MAX_ENTRIES = 64
LARGEST_NUMBER = 1e30


def number_tables(namespace: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Describe dictionaries, lists and pandas tables of up to 64 items, nested at most once.

    Returns:
        `{"name": …, "entries": [{"keys": ["mse", "mae"], "value": 0.02}, …]}` for each that holds a number. The keys of
        a
            list are its positions; values that are not finite numbers are left out.
    """
    found = {name: _entries_or_none(namespace[name]) for name in TABLE_NAMES if name in namespace}
    return [{"name": name, "entries": entries} for name, entries in found.items() if entries]


def _entries_or_none(table: Any) -> list[dict[str, Any]] | None:
    try:
        return _entries(table)
    except Exception:  # a notebook's own objects may raise anything
        return None


def _entries(table: Any) -> list[dict[str, Any]]:
    leaves: list[tuple[list[str], Any]] = []
    for key, value in _items(table) or []:
        inner = _items(value)
        leaves += [([key], value)] if inner is None else [([key, other], leaf) for other, leaf in inner]
        if len(leaves) > MAX_ENTRIES:
            return []
    numbers = [(keys, _number(leaf)) for keys, leaf in leaves]
    return [{"keys": keys, "value": number} for keys, number in numbers if number is not None]


def _items(value: Any) -> list[tuple[str, Any]] | None:
    """List key and content of each item of a collection, none if it is too large; None for other objects."""
    if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "to_dict"):
        value = value.to_dict() if value.size <= MAX_ENTRIES else {}
    if not isinstance(value, Mapping | list | tuple):
        return None
    if len(value) > MAX_ENTRIES:
        return []
    pairs = list(value.items() if isinstance(value, Mapping) else enumerate(value))
    return [(_text(key), item) for key, item in pairs[:MAX_ENTRIES]]


def _text(key: Any) -> str:
    return str(key)[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair fits no file


def _number(leaf: Any) -> float | None:
    """Return what Python, NumPy or TensorFlow can turn into one number, None for text, truth values and NaN."""
    if isinstance(leaf, bool | str | bytes | Mapping | list | tuple):
        return None
    try:
        number = float(leaf)
    except Exception:  # not a number
        return None
    return number if math.isfinite(number) and abs(number) <= LARGEST_NUMBER else None
