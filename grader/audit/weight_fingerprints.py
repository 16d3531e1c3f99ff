"""Finds hand-ins of a class with the same weights that no seed explains.

Two trainings from different starting points never end in the same numbers. Two from the same seed may, and the course's
notebooks set one: so equal weights are no suspicion if a notebook sets a seed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Final

from grader.domain.submission import CodeCell

RELATIVE: Final = 3e-4
"""Largest difference of two moments of an array, relative to its root mean square, for equal arrays. Copies rounded to
float16 or to three decimals stay below it in all arrays, and no two of 200 random networks do (a test checks it)."""

NUMBERS_AN_ARRAY: Final = 3
"""Root mean square, mean, and cube root of the mean of |w|³, as
`grader.rebuild.quantities.audited_training` gives them."""

Fingerprint = Sequence[float]


def same(one: Fingerprint, other: Fingerprint) -> bool:
    """Return whether two networks hold the same weights, rounded or with units in another order."""
    if not one or len(one) != len(other):
        return False
    for at in range(0, len(one), NUMBERS_AN_ARRAY):
        here, there = one[at : at + NUMBERS_AN_ARRAY], other[at : at + NUMBERS_AN_ARRAY]
        scale = RELATIVE * max(here[0], there[0])
        if any(abs(a - b) > scale for a, b in zip(here, there, strict=True)):
            return False
    return True


def sets_seed(cells: Iterable[CodeCell]) -> bool:
    """Return whether the code sets a seed in any way, so that equal weights may come from equal trainings."""
    return any(word in cell.source for cell in cells for word in ("seed", "random_state", "default_rng("))


class Fingerprints:
    """The fingerprints of all students' weights, as they are measured; used by several threads."""

    def __init__(self) -> None:
        self._known: list[tuple[str, tuple[float, ...]]] = []
        self._lock = threading.Lock()

    def note(self, student: str, fingerprint: Fingerprint) -> None:
        """Remember a student's weights."""
        if fingerprint:
            with self._lock:
                self._known.append((student, tuple(fingerprint)))

    def known(self) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """Return all students and weights, in the order in which they were noted."""
        with self._lock:
            return tuple(self._known)

    def twins(self, student: str, fingerprint: Fingerprint, *, among_first: int | None = None) -> tuple[str, ...]:
        """Return the other students whose weights are the same, in order of their names.

        Args:
            student: Whose weights they are.
            fingerprint: The fingerprint of the weights.
            among_first: Only among this number of first entries; None for all.
        """
        known = self.known()[:among_first]
        return tuple(sorted({other for other, found in known if other != student and same(fingerprint, found)}))
