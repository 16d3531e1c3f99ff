"""Aligns the layers of two models like a text diff: what is the same, changed, added, missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

from grader.domain.architecture import Architecture, Layer

Step = tuple[int, Layer]
"""A layer with its position in the model."""


class Match(StrEnum):
    """How a layer of the student stands to the reference's.

    SAME: equal kind and attributes. CHANGED: equal kind, other attributes. REPLACED: another kind in its place.
    ADDED: the reference has none here. MISSING: the student has none here.
    """

    SAME = "same"
    CHANGED = "changed"
    REPLACED = "replaced"
    ADDED = "added"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class AlignedLayers:
    """One row of the comparison; at least one side holds a layer.

    Attributes:
        match: How the two stand to each other.
        student: Position and layer of the student's model, or None.
        reference: Position and layer of the reference, or None.
        differing: Names of the attributes that differ, sorted; only where `match` is CHANGED.
    """

    match: Match
    student: Step | None
    reference: Step | None
    differing: tuple[str, ...] = ()


def align(student: Architecture, reference: Architecture) -> tuple[AlignedLayers, ...]:
    """Align two models on kind and attributes of their layers, in order, each layer in exactly one row."""
    ours, theirs = list(enumerate(student.layers)), list(enumerate(reference.layers))
    matcher = SequenceMatcher(a=[_key(step) for step in ours], b=[_key(step) for step in theirs], autojunk=False)
    rows: list[AlignedLayers] = []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if tag == "equal":
            rows += [AlignedLayers(Match.SAME, a, b) for a, b in zip(ours[a0:a1], theirs[b0:b1], strict=True)]
        else:
            rows += _align_unequal(ours[a0:a1], theirs[b0:b1])
    return tuple(rows)


# Helpers


def _key(step: Step) -> tuple[object, ...]:
    return step[1].kind, step[1].attributes


def _align_unequal(ours: Sequence[Step], theirs: Sequence[Step]) -> Iterator[AlignedLayers]:
    """Pair layers of equal kind first, then whatever stands opposite, then the rest alone."""
    kinds = [[step[1].kind for step in side] for side in (ours, theirs)]
    for tag, a0, a1, b0, b1 in SequenceMatcher(a=kinds[0], b=kinds[1], autojunk=False).get_opcodes():
        for a, b in zip_longest(ours[a0:a1], theirs[b0:b1]):
            if tag == "equal":
                yield AlignedLayers(Match.CHANGED, a, b, _differing(a[1], b[1]))
            else:
                yield AlignedLayers(_unequal_match(a, b), a, b)


def _unequal_match(ours: Step | None, theirs: Step | None) -> Match:
    if theirs is None:
        return Match.ADDED
    return Match.MISSING if ours is None else Match.REPLACED


def _differing(ours: Layer, theirs: Layer) -> tuple[str, ...]:
    names = {name for layer in (ours, theirs) for name, _ in layer.attributes}
    return tuple(sorted(name for name in names if ours.attribute(name) != theirs.attribute(name)))
