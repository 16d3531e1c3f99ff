"""Finds unusually similar hand-ins of a class; shared code counts more the rarer it is in the class.

Code given by the assignment (student notebook and solution) is removed first. Honest work also repeats whole tutorials,
so code that many share proves little: a fingerprint that `d` of `n` students have weighs `log2(n / d)`, and nothing if
more than a quarter, or more than `MOST_HOLDERS`, have it. A pair's share is the weight of what both have, relative to
the weight of the smaller of the two.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

from grader.alike.code_fingerprints import Fingerprints, Lines
from grader.audit.weight_fingerprints import same

COMMON_SHARE: Final = 0.25
"""Share of the class above which code is common material."""

MOST_HOLDERS: Final = 25
"""Number of students above which code is common material, in a class of any size."""

FEWEST_SHARED: Final = 12
"""Least rare fingerprints that a pair must share: about a dozen lines of code."""

LEAST_SHARE: Final = 0.4
"""Least share of the smaller one's weight; pairs below are not shown, however unusual."""

DEVIATIONS: Final = 6.0
"""Number of median deviations above the class's median that is unusual."""

SMALLEST_CLASS: Final = 8
"""Least hand-ins to know what is usual; with fewer, every pair above `LEAST_SHARE` is shown."""


@dataclass(frozen=True)
class ComparedHandIn:
    """One hand-in.

    Attributes:
        student: Whose.
        filename: The file.
        sha256: Digest of its bytes.
        cells: Code cells by position.
        fingerprints: Of these.
        weights: A few numbers of the trained weights, where it was graded; else empty.
        seeded: Its code sets a seed, so that another's equal training ends in equal weights.
    """

    student: str
    filename: str
    sha256: str
    cells: Mapping[int, str]
    fingerprints: Fingerprints
    weights: tuple[float, ...] = ()
    seeded: bool = False


@dataclass(frozen=True)
class Pair:
    """Two similar hand-ins of two students.

    Attributes:
        first: One of them.
        second: The other.
        identical: They are the same file to the byte.
        share: Weight of what both have, of the weight of the smaller one, from 0 to 1.
        shared: How many rare fingerprints both have.
        places: Where they stand, in the first and in the second, in the first's order.
        same_weights: Both hold the same trained weights, and no seed of both explains it.
    """

    first: ComparedHandIn
    second: ComparedHandIn
    identical: bool
    share: float
    shared: int
    places: tuple[tuple[Lines, Lines], ...]
    same_weights: bool = False


def alike(works: Sequence[ComparedHandIn], given: Collection[int]) -> list[Pair]:
    """Return the unusually similar pairs, the most similar first.

    Args:
        works: A class; several hand-ins of one student are never compared with each other.
        given: Fingerprints of what the assignment gives.
    """
    weights = _weights(works, given)
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for place, work in enumerate(works):
        for digest in work.fingerprints:
            if digest in weights:
                holders[digest].append(place)
    common: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for digest, places in holders.items():
        for pair in combinations(places, 2):
            common[pair].append(digest)
    totals = [sum(weights.get(digest, 0.0) for digest in work.fingerprints) for work in works]
    shares = {pair: _share(digests, weights, totals, pair) for pair, digests in common.items()}
    usual = _usual(shares, len(works))
    found = [
        _pair(works[one], works[other], shares.get((one, other), 0.0), common.get((one, other), []))
        for one, other in combinations(range(len(works)), 2)
        if works[one].student != works[other].student
        and (
            works[one].sha256 == works[other].sha256
            or _hold_the_same(works[one], works[other])
            or (len(common.get((one, other), ())) >= FEWEST_SHARED and shares[one, other] > usual)
        )
    ]
    return sorted(
        found,
        key=lambda pair: (not pair.identical, not pair.same_weights, -pair.share, -pair.shared, pair.first.student),
    )


# Private functions


def _weights(works: Sequence[ComparedHandIn], given: Collection[int]) -> dict[int, float]:
    """Return the weight of each fingerprint that is neither given nor common; students count, not their hand-ins."""
    owners: defaultdict[int, set[str]] = defaultdict(set)
    for work in works:
        for digest in work.fingerprints:
            owners[digest].add(work.student)
    students = len({work.student for work in works})
    most = max(2.0, min(COMMON_SHARE * students, MOST_HOLDERS))
    return {
        digest: math.log2(max(students, 3) / len(those))
        for digest, those in owners.items()
        if digest not in given and len(those) <= most
    }


def _share(
    digests: Sequence[int], weights: Mapping[int, float], totals: Sequence[float], pair: tuple[int, int]
) -> float:
    smaller = min(totals[pair[0]], totals[pair[1]])
    return sum(weights[digest] for digest in digests) / smaller if smaller else 0.0


def _usual(shares: Mapping[tuple[int, int], float], count: int) -> float:
    """Return the share above which a pair is unusual in this class."""
    if count < SMALLEST_CLASS:
        return LEAST_SHARE
    pairs = count * (count - 1) // 2
    values = [*shares.values(), *[0.0] * (pairs - len(shares))]
    middle = median(values)
    deviation = median(abs(value - middle) for value in values)
    return max(LEAST_SHARE, middle + DEVIATIONS * deviation)


def _pair(first: ComparedHandIn, second: ComparedHandIn, share: float, digests: Sequence[int]) -> Pair:
    identical = first.sha256 == second.sha256
    places = [(first.fingerprints[digest][0], second.fingerprints[digest][0]) for digest in digests]
    weights = _hold_the_same(first, second)
    return Pair(first, second, identical, 1.0 if identical else share, len(digests), _joined(places), weights)


def _hold_the_same(first: ComparedHandIn, second: ComparedHandIn) -> bool:
    return not (first.seeded and second.seeded) and same(first.weights, second.weights)


def _joined(places: Sequence[tuple[Lines, Lines]]) -> tuple[tuple[Lines, Lines], ...]:
    """Join places that overlap or follow each other on both sides."""
    joined: list[tuple[Lines, Lines]] = []
    for here, there in sorted(places):
        if joined and _touch(joined[-1][0], here) and _touch(joined[-1][1], there):
            joined[-1] = (_union(joined[-1][0], here), _union(joined[-1][1], there))
        else:
            joined.append((here, there))
    return tuple(joined)


def _touch(one: Lines, other: Lines) -> bool:
    return one.cell == other.cell and other.first <= one.last + 1 and one.first <= other.last + 1


def _union(one: Lines, other: Lines) -> Lines:
    return Lines(one.cell, min(one.first, other.first), max(one.last, other.last))
