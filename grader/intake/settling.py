"""Decides what counts where one student handed in several files.

| the student's files | what counts |
|---|---|
| notebooks beside anything else | the notebooks |
| no notebook, but zips or archives without a readable one | the first of them, for a person to look at |
| neither, but the platform says that it is a hand-in | one file, so that the reader can say what it is |
| the same bytes twice | one of them |
| Canvas: `t.ipynb`, `t-1.ipynb`, `t-2.ipynb`, uploaded in this order | the last upload |
| different notebooks otherwise | all, each with a `conflict` that names the others |

The Canvas rule asks for the plain name, for suffixes and for attachment numbers that all tell the same order: a
student may also call two parts of their work `t-1` and `t-2`, and then a person must look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from pathlib import PurePath

from grader.domain.messages import Message, message
from grader.domain.submission import Submission
from grader.intake.layouts import Upload

_COPY = re.compile(r"(?P<name>.+?)(?:-(?P<number>[1-9]\d{0,3}))?")
_NAMED_OTHERS = 5


class Rank(IntEnum):
    """What a hand-in is; only a student's best kind counts."""

    NOTEBOOK = 0
    ARCHIVE = 1
    OTHER = 2


@dataclass(frozen=True, slots=True)
class HandIn:
    """A file of a student, with its bytes read once.

    Attributes:
        submission: As it would count alone; its conflict says what is wrong with the file itself.
        shown: Where it was found, for people.
        rank: What it is.
        upload: What Canvas says about it.
    """

    submission: Submission
    shown: str
    rank: Rank
    upload: Upload | None = None


def settle(hand_ins: Sequence[HandIn]) -> list[Submission]:
    """Return the submissions that count, in order of student and place."""
    by_student: dict[str, list[HandIn]] = {}
    for hand_in in sorted(hand_ins, key=lambda hand_in: (hand_in.submission.student, hand_in.shown)):
        by_student.setdefault(hand_in.submission.student, []).append(hand_in)
    return [submission for mine in by_student.values() for submission in _of_one_student(mine)]


# Private functions


def _of_one_student(hand_ins: list[HandIn]) -> list[Submission]:
    best = min(hand_in.rank for hand_in in hand_ins)
    counting = [hand_in for hand_in in hand_ins if hand_in.rank is best]
    if best is not Rank.NOTEBOOK:
        return [min(counting, key=_preference).submission]
    different: dict[str, HandIn] = {}
    for hand_in in _latest_upload(counting):
        different.setdefault(hand_in.submission.sha256, hand_in)
    return [_with_conflict(hand_in, list(different.values())) for hand_in in different.values()]


def _preference(hand_in: HandIn) -> tuple[int, str]:
    """A notebook under another ending (`t.ipynb.txt`) tells most, then code, then a page, then anything."""
    name = hand_in.submission.filename.lower()
    order = [".ipynb" in name, name.endswith((".py", ".json")), name.endswith((".html", ".htm", ".pdf")), True]
    return order.index(True), hand_in.shown


def _with_conflict(hand_in: HandIn, all_of_them: Sequence[HandIn]) -> Submission:
    submission = hand_in.submission
    others = [other.shown for other in all_of_them if other is not hand_in]
    if not others:
        return submission
    conflict = _several(hand_in.shown, others)
    if submission.conflict:
        conflict = message("{problem} {conflict}", problem=submission.conflict, conflict=conflict)
    return replace(submission, conflict=conflict)


def _several(shown: str, others: Sequence[str]) -> Message:
    named = ", ".join(others[:_NAMED_OTHERS]) + (", …" if len(others) > _NAMED_OTHERS else "")
    return message(
        "This student handed in {count} different notebooks: {file}, and also {others}. "
        "Decide which one counts and grade that one alone.",
        count=len(others) + 1,
        file=shown,
        others=named,
    )


# Private functions for Canvas


def _latest_upload(hand_ins: list[HandIn]) -> list[HandIn]:
    """Return the last upload's files where Canvas's names make the order certain, else all."""
    uploads = {hand_in.upload for hand_in in hand_ins}
    known = sorted((upload for upload in uploads if upload), key=lambda upload: upload.attachment)
    if None in uploads or not _is_certain_order(known):
        return hand_ins
    return [hand_in for hand_in in hand_ins if hand_in.upload == known[-1]]


def _is_certain_order(uploads: Sequence[Upload]) -> bool:
    """Tell whether uploads in order of their attachment are the plain name and its copies in rising order."""
    copies = [_copy(upload.filename) for upload in uploads]
    same_name = len({(name, ending) for name, ending, _ in copies}) == 1
    numbers = [number for _, _, number in copies]
    return same_name and numbers[0] == 0 and all(earlier < later for earlier, later in pairwise(numbers))


def _copy(filename: str) -> tuple[str, str, int]:
    """Split `t-2.ipynb` into `t`, `.ipynb` and 2; a name without a suffix is copy 0."""
    path = PurePath(filename)
    found = _COPY.fullmatch(path.stem)
    if found is None:
        return path.stem, path.suffix, 0
    return found["name"], path.suffix, int(found["number"] or 0)
