"""Decides which file of a student counts, before anything runs.

| the student's files | what counts |
|---|---|
| notebooks beside anything else | the notebooks |
| no notebook, but zips or archives without a readable one | the first of them, for a person to look at |
| neither, but the platform says that it is a hand-in | one file, so that the reader can say what it is |
| the platform kept all of them for the same task and says when it received each | the latest |
| Canvas: `t.ipynb`, `t-1.ipynb`, `t-2.ipynb`, uploaded in this order | the last upload |
| the same bytes twice | one of them |
| different notebooks otherwise | one submission, which is not run and waits for a person |

The Canvas rule asks for the plain name, for suffixes and for attachment numbers that all say the same order: a
student may also call two parts of their work `t-1` and `t-2`, and then a person must look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from typing import Final

from grader.domain.messages import Message, message
from grader.domain.submission import Submission
from grader.domain.text import listed, shortened
from grader.intake.archives import Unpacked
from grader.intake.listing import Item
from grader.intake.owners import Owner, Upload

_NAMED: Final = 6
_LONGEST_NAME: Final = 200
COMPARED_AT_MOST: Final = 100
"""Most notebooks of one student whose bytes are read: more cannot be copies of one hand-in."""


class Rank(IntEnum):
    """The kind of a hand-in; only a student's best kind counts."""

    NOTEBOOK = 0
    ARCHIVE = 1
    OTHER = 2


@dataclass(frozen=True, slots=True)
class HandedInFile:
    """A file of a student, before its bytes are read.

    Attributes:
        item: The file, or the notebook in a zip.
        owner: Whose it is.
        rank: What it is.
        shown: Where it was found, for people.
        found: Where its bytes are, if they were brought to our disk already.
        zipped: The student's zip in which it lies, or None.
    """

    item: Item
    owner: Owner
    rank: Rank
    shown: str
    found: Unpacked | None = None
    zipped: Item | None = None


Reader = Callable[[Sequence[HandedInFile]], Sequence[Submission]]
"""Reads the bytes of hand-ins as if each one were the only one."""


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """The file of one student that counts.

    Attributes:
        submission: What is graded, or waits for a person.
        chosen: The hand-in that it is; None if a person must choose.
        hand_ins: All of the same kind, chosen or not.
    """

    submission: Submission
    chosen: HandedInFile | None
    hand_ins: tuple[HandedInFile, ...]


def settle(hand_ins: Sequence[HandedInFile], read: Reader) -> list[ChosenFile]:
    """Return what counts, one submission per student, in order of student."""
    by_student: dict[str, list[HandedInFile]] = {}
    for hand_in in sorted(hand_ins, key=lambda hand_in: (hand_in.owner.student, hand_in.shown)):
        by_student.setdefault(hand_in.owner.student, []).append(hand_in)
    return [_of_one_student(mine, read) for mine in by_student.values()]


# Private functions


def _of_one_student(hand_ins: list[HandedInFile], read: Reader) -> ChosenFile:
    best = min(hand_in.rank for hand_in in hand_ins)
    counting = [hand_in for hand_in in hand_ins if hand_in.rank is best]
    if best is not Rank.NOTEBOOK:
        telling = min(counting, key=_preference)
        return ChosenFile(read([telling])[0], telling, tuple(counting))
    latest = _latest_upload(_latest_received(counting))
    if len(latest) > COMPARED_AT_MOST:
        return ChosenFile(_unread(latest), None, tuple(counting))
    different: dict[str, tuple[Submission, HandedInFile]] = {}
    for submission, hand_in in zip(read(latest), latest, strict=True):
        different.setdefault(submission.sha256, (submission, hand_in))
    if len(different) == 1:
        submission, chosen = next(iter(different.values()))
        return ChosenFile(submission, chosen, tuple(counting))
    return ChosenFile(_undecided(list(different.values())), None, tuple(counting))


def _preference(hand_in: HandedInFile) -> tuple[int, str]:
    """Rank files: a notebook with another ending (`t.ipynb.txt`), then code, then a web page, then any other file."""
    name = hand_in.item.filename.lower()
    order = [".ipynb" in name, name.endswith((".py", ".json")), name.endswith((".html", ".htm", ".pdf")), True]
    return order.index(True), hand_in.shown


def _latest_received(hand_ins: list[HandedInFile]) -> list[HandedInFile]:
    """Return what the platform received last, if it gives times for all of them and kept them for one task."""
    times = {hand_in.owner.submitted_at for hand_in in hand_ins}
    known = [time for time in times if time is not None]
    if len(known) != len(times) or len({hand_in.owner.task for hand_in in hand_ins}) != 1:
        return hand_ins
    return [hand_in for hand_in in hand_ins if hand_in.owner.submitted_at == max(known)]


# Private functions for what a person must decide


def _undecided(different: Sequence[tuple[Submission, HandedInFile]]) -> Submission:
    """Return one submission that represents several different notebooks, identified by all of their digests."""
    first = different[0][0]
    together = hashlib.sha256("\n".join(sorted(submission.sha256 for submission, _ in different)).encode())
    doubt = next((submission.conflict for submission, _ in different if submission.conflict), None)
    conflict = _several([hand_in.shown for _, hand_in in different])
    if doubt is not None:
        conflict = message("{problem} {conflict}", problem=doubt, conflict=conflict)
    return replace(first, sha256=together.hexdigest(), conflict=conflict, undecided=True)


def _unread(hand_ins: Sequence[HandedInFile]) -> Submission:
    """Return the same for too many notebooks to read, identified by their names and sizes."""
    first = hand_ins[0]
    together = hashlib.sha256()
    for hand_in in hand_ins:
        together.update(f"{hand_in.shown}\t{_size(hand_in.item)}\n".encode(errors="surrogatepass"))
    return Submission(
        first.owner.student,
        first.item.filename,
        first.item.container,
        together.hexdigest(),
        0,
        _several([hand_in.shown for hand_in in hand_ins]),
        submitted_at=first.owner.submitted_at,
        undecided=True,
    )


def _size(item: Item) -> int:
    try:
        return item.entry.size_bytes if item.entry else item.container.stat().st_size
    except OSError:  # it was deleted since its folder was listed
        return 0


def _several(shown: Sequence[str]) -> Message:
    return message(
        "This student handed in {count} different notebooks: {files}. None of them was run. "
        "Decide which one counts and grade that one alone.",
        count=len(shown),
        files=listed([shortened(name, _LONGEST_NAME) for name in shown], _NAMED),
    )


# Private functions for numbered uploads


def _latest_upload(hand_ins: list[HandedInFile]) -> list[HandedInFile]:
    """Return the last upload's files where the platform's names make the order certain, else all."""
    uploads = {hand_in.owner.upload for hand_in in hand_ins}
    known = sorted((upload for upload in uploads if upload), key=lambda upload: upload.number)
    if None in uploads or not _is_certain_order(known):
        return hand_ins
    return [hand_in for hand_in in hand_ins if hand_in.owner.upload == known[-1]]


def _is_certain_order(uploads: Sequence[Upload]) -> bool:
    """Return whether uploads in order of their numbers are the plain name and its copies in rising order."""
    copies = [upload.copy for upload in uploads]
    same_title = len({upload.title for upload in uploads}) == 1
    return same_title and copies[0] == 0 and all(earlier < later for earlier, later in pairwise(copies))
