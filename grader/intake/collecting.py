"""Turns what an instructor gives (notebooks, folders, zips, downloads of a platform) into submissions.

Flow: `finding` lists the files, `attributing` says whose they are, `opening` brings them to our disk, `settling`
decides what counts. Bytes are hashed as a stream and never believed; `grader.intake.notebook` reads them later.

A path that the instructor names is believed to be arranged by a platform or by the instructor. A zip found inside it
is one student's hand-in: its content is that student's, whatever the names in it say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from grader.domain.messages import Message, message
from grader.domain.submission import Submission
from grader.intake.archives import Unpacked, unpack
from grader.intake.attributing import Claim, attribute
from grader.intake.companions import Beside, beside
from grader.intake.errors import IntakeError
from grader.intake.finding import Item, Kind, look_at, siblings
from grader.intake.naming import clean_name
from grader.intake.opening import OpenedZip, fetch, folder_for
from grader.intake.settling import HandIn, Rank, settle

_NO_BYTES = ""
"""Digest of a file that could not be read."""


def collect(paths: Sequence[Path], workspace: Path, *, with_folder: bool = False) -> list[Submission]:
    """Return the submissions in the given paths, in order of student.

    A file that is no notebook, a zip that cannot be opened, a second hand-in: nothing of that stops a batch. Such a
    submission is in the list all the same, with `conflict` or for `read_notebook` to refuse.

    Args:
        paths: Notebooks, folders, zips.
        workspace: A folder of ours; zips are unpacked below it, and the submissions' paths point into it. It may lie
            inside a given folder; what is in it is no hand-in.
        with_folder: A single notebook that is given lies in its author's own folder, whose files belong to it.

    Raises:
        IntakeError: A path does not exist, cannot be read or is of another kind, or nothing was found at all.
    """
    givens = [_outside(workspace, path, look_at(path, alone=len(paths) == 1)) for path in paths]
    claims = attribute(givens, workspace)
    nearby = [item for items in givens for item in items]
    if with_folder:
        nearby += [item for path in paths if path.is_file() for item in siblings(path)]
    hand_ins = [*_direct(claims, workspace, nearby), *_out_of_zips(claims, workspace)]
    submissions = settle(hand_ins)
    if not submissions:
        raise IntakeError(_nothing(paths))
    return submissions


# Private functions


def _outside(workspace: Path, given: Path, items: Sequence[Item]) -> list[Item]:
    """Leave out what an earlier batch unpacked below the given folder."""
    ours = workspace.resolve()
    if given.resolve().is_relative_to(ours):
        return list(items)
    return [item for item in items if not item.container.is_relative_to(ours)]


def _nothing(paths: Sequence[Path]) -> Message:
    return message(
        "No notebook was found in {paths}. The grader looks for files that end in .ipynb, also in folders and zip "
        "files; it passes over hidden files and links.",
        paths=", ".join(clean_name(str(path)) for path in paths),
    )


def _direct(claims: Sequence[Claim], workspace: Path, nearby: Sequence[Item]) -> Iterator[HandIn]:
    """Yield the hand-ins that are files of their own, and the zips in which nothing was found."""
    notebooks = [claim for claim in claims if claim.item.kind is not Kind.OTHER]
    counting = [claim for claim in claims if claim.opened is None or not claim.opened.notebooks]
    fetched = fetch([claim.item for claim in counting if claim.opened is None], workspace)
    for claim in counting:
        found = Unpacked(claim.opened.path, claim.opened.problem) if claim.opened else fetched[claim.item]
        rank = _rank(claim.item.kind)
        around = _ALONE
        if rank is Rank.NOTEBOOK:
            others = [other.item for other in notebooks if other.owner.student != claim.owner.student]
            around = beside(claim.item, nearby, others, workspace)
        yield _hand_in(claim, claim.item, found, rank=rank, around=around)


def _rank(kind: Kind) -> Rank:
    return {Kind.NOTEBOOK: Rank.NOTEBOOK, Kind.OTHER: Rank.OTHER}.get(kind, Rank.ARCHIVE)


def _out_of_zips(claims: Sequence[Claim], workspace: Path) -> Iterator[HandIn]:
    """Yield the notebooks in students' zips; a zip that cannot be unpacked is itself the hand-in."""
    for claim in claims:
        if claim.opened and claim.opened.notebooks:
            yield from _out_of_zip(claim, claim.opened, workspace)


def _out_of_zip(claim: Claim, opened: OpenedZip, workspace: Path) -> list[HandIn]:
    shown = claim.item.shown
    above = (*claim.item.above, *claim.item.parts)
    inside = [Item(above, entry.parts, opened.path, entry) for entry in opened.others]
    try:
        unpacked = unpack(opened.path, opened.notebooks, folder_for(opened.path, workspace), shown=shown)
    except IntakeError as error:
        return [_hand_in(claim, claim.item, Unpacked(opened.path, error.reason), rank=Rank.ARCHIVE)]
    return [
        _hand_in(
            claim,
            Item(above, (*claim.item.parts, *entry.parts), opened.path, entry),
            found,
            rank=Rank.NOTEBOOK,
            around=beside(Item(above, entry.parts, opened.path, entry), inside, (), workspace),
        )
        for entry, found in unpacked.items()
    ]


_ALONE: Final = Beside()


def _hand_in(claim: Claim, item: Item, found: Unpacked, *, rank: Rank, around: Beside = _ALONE) -> HandIn:
    doubt = found.problem or claim.owner.doubt
    try:
        sha256, size_bytes = _digest(found.path)
    except OSError as error:
        sha256, size_bytes = _NO_BYTES, 0
        problem = error.strerror or str(error)
        doubt = message("{file} cannot be read: {problem}. Check its permissions.", file=item.shown, problem=problem)
    if item.entry:
        # What was cut off while unpacking belongs to the size all the same.
        size_bytes = max(size_bytes, item.entry.size_bytes)
    owner = claim.owner
    submission = Submission(
        owner.student,
        item.filename,
        found.path,
        sha256,
        size_bytes,
        doubt,
        submitted_at=owner.submitted_at,
        companions=around.companions,
        passed_over=around.passed_over,
    )
    return HandIn(submission, item.shown, rank, claim.owner.upload)


def _digest(path: Path) -> tuple[str, int]:
    """Return SHA-256 and length, reading the file as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
