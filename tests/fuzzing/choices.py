"""Bytes read as a row of choices, and what is done with them: damage, and anything in the place of something."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Final, TypeVar

_One = TypeVar("_One")


class Choices:
    """Bytes read as choices, one after the other; when they are used up, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, below: int) -> int:
        """The next choice among so many."""
        size = 1 if below <= 256 else 3
        taken = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken, "little") % below if taken else 0

    def pick(self, things: Sequence[_One]) -> _One:
        return things[self.number(len(things))]

    def some(self, most: int) -> range:
        return range(self.number(most + 1))

    def noise(self, most: int = 40) -> bytes:
        length = self.number(most)
        taken = self._data[self._at : self._at + length]
        self._at += length
        return taken


def damaged(content: bytes, choices: Choices) -> bytes:
    changed = bytearray(content)
    for _ in choices.some(6):
        start = choices.number(1 << 24) % max(1, len(changed))
        piece = choices.noise(20)
        changed[start : start + (len(piece) if choices.number(2) else choices.number(30))] = piece
    return bytes(changed)


_ANYTHING: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 2**70, 1e308, -1e31, "", "m0", "v0", "o0", "t0", "x" * 600, "\ud800", [], {}, [None], {"a": {}},
    [[[]]], ["m0"] * 70, {"model": "m0"}, {"tensor": "t0"},
)  # fmt: skip


def replace_something(document: Any, choices: Choices) -> None:
    """Go down into a value and put something else somewhere."""
    while True:
        keys: list[Any] = list(document) if isinstance(document, dict) else list(range(len(document)))
        key = choices.pick([*keys, "new"])
        inner = None if key == "new" else document[key]
        if isinstance(inner, dict | list) and choices.number(3):
            document = inner
            continue
        if key == "new" and isinstance(document, list):
            document.append(copy.deepcopy(choices.pick(_ANYTHING)))
        else:
            document[key] = copy.deepcopy(choices.pick(_ANYTHING))
        return
