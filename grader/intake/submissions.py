"""Turns the given paths (notebooks, folders, zips, downloads of a platform) into submissions.

Flow: `listing` lists the files, `attributing` says whose they are, `settling` decides what counts before anything is
run, `unpacking` brings it to our disk. Bytes are hashed as a stream and never believed; `grader.intake.notebook` reads
them later.

A path that the instructor names is believed to be arranged by a platform or by the instructor, at its outermost level
(`grader.intake.platforms.platform_registry`). What lies below a student's folder or in a student's zip is that
student's, whatever the names in it say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grader.domain.messages import Message, message
from grader.domain.submission import Submission
from grader.intake.archives import Unpacked
from grader.intake.attributing import Attribution, attribute
from grader.intake.companions import SortedFiles
from grader.intake.intake_errors import IntakeError
from grader.intake.leftovers import passed_over
from grader.intake.listing import FileKind, GivenPath, Item, look_at, siblings
from grader.intake.naming import clean_name
from grader.intake.platforms.platform_registry import named_by_platform
from grader.intake.settling import ChosenFile, HandedInFile, Rank, settle
from grader.intake.unpacking import Opener, fetch

_NO_BYTES: Final = ""
"""Digest of a file that could not be read."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found in the given paths.

    Attributes:
        submissions: One a student, in order of student.
        passed_over: Names of everything visible that is neither graded nor laid beside what is; a folder ends in `/`.
    """

    submissions: tuple[Submission, ...]
    passed_over: tuple[str, ...] = ()


def collect(paths: Sequence[Path], workspace: Path, *, with_folder: bool = False) -> list[Submission]:
    """Return the submissions in the given paths, in order of student: see `gather`."""
    return list(gather(paths, workspace, with_folder=with_folder).submissions)


def gather(
    paths: Sequence[Path], workspace: Path, *, with_folder: bool = False, leave_out: Sequence[Path] = ()
) -> Collected:
    """Return the submissions in the given paths and the names of files that were skipped.

    A file that is no notebook, a zip that cannot be opened, a second hand-in: nothing of that stops a batch. Such a
    submission is in the list all the same, with `conflict` or for `read_notebook` to refuse.

    Args:
        paths: Notebooks, folders, zips.
        workspace: A folder of ours; zips are unpacked below it, and the submissions' paths point into it. It may lie
            inside a given folder; what is in it is no hand-in.
        with_folder: A single notebook that is given lies in its author's own folder, whose files belong to it.
        leave_out: Other folders of ours that may lie inside a given one, such as that of the grades.

    Raises:
        IntakeError: A path does not exist, cannot be read or is of another kind, or nothing was found at all.
    """
    givens = [_outside([workspace, *leave_out], path, look_at(path, named_by_platform)) for path in paths]
    opener = Opener(workspace)
    attribution = attribute(_without_repeats(givens), workspace, opener)
    settled = settle(list(_hand_ins(attribution, opener)), lambda hand_ins: _read(hand_ins, workspace))
    if not settled:
        raise IntakeError(_nothing(paths))
    around = [item for path in paths if with_folder and path.is_file() for item in siblings(path)]
    nearby = SortedFiles([*_with_students(attribution), *((item, "") for item in around)], workspace)
    completed = [_with_companions(one, nearby, opener) for one in settled]
    return Collected(
        tuple(one.submission for one in completed), passed_over(attribution, completed, opener, nearby.laid)
    )


# Private functions for given paths


def _outside(ours: Sequence[Path], path: Path, given: GivenPath) -> GivenPath:
    """Leave out our own folders below a given one; a given folder of ours is meant to be read."""
    above = path.resolve()
    inside = [folder.resolve() for folder in ours]
    inside = [folder for folder in inside if folder != above and folder.is_relative_to(above)]
    if given.inside is None or not inside:
        return given
    found = given.inside
    hidden = [folder.relative_to(above).parts for folder in inside]
    items = tuple(item for item in found.items if not any(item.container.is_relative_to(one) for one in inside))
    folders = tuple(parts for parts in found.folders if not any(parts[: len(one)] == one for one in hidden))
    return GivenPath(inside=replace(found, items=items, folders=folders))


def _without_repeats(givens: Sequence[GivenPath]) -> list[GivenPath]:
    """Count a file that is in two of the given paths once, in the first."""
    seen: set[Path] = set()
    kept: list[GivenPath] = []
    for given in givens:
        if given.single is not None:
            kept += [] if given.single.container in seen else [given]
            seen.add(given.single.container)
        elif (found := given.inside) is not None:
            items = tuple(item for item in found.items if item.container not in seen)
            kept += [] if found.items and not items else [GivenPath(inside=replace(found, items=items))]
            seen |= {item.container for item in items}
    return kept


def _nothing(paths: Sequence[Path]) -> Message:
    return message(
        "No notebook was found in {paths}. The grader looks for files that end in .ipynb, also in folders and zip "
        "files; it passes over hidden files and links.",
        paths=", ".join(clean_name(str(path)) for path in paths),
    )


# Private functions for hand-ins


def _hand_ins(attribution: Attribution, opener: Opener) -> Iterator[HandedInFile]:
    """Yield the hand-ins that are files of their own, and the notebooks in students' zips."""
    counting = [one for one in attribution.belongings if one.counts]
    opener.prepare(one.item for one in counting)
    for one in counting:
        item, shown = one.item, one.item.shown
        if item.kind is not FileKind.ZIP:
            yield HandedInFile(item, one.owner, _RANKS.get(item.kind, Rank.ARCHIVE), shown)
            continue
        opened = opener.opened(item)
        if not opened.notebooks:
            yield HandedInFile(item, one.owner, Rank.ARCHIVE, shown, Unpacked(opened.path, opened.problem))
        for notebook in opened.notebooks:
            yield HandedInFile(notebook, one.owner, Rank.NOTEBOOK, f"{shown}/{notebook.shown}", zipped=item)


_RANKS: Final = {FileKind.NOTEBOOK: Rank.NOTEBOOK, FileKind.OTHER: Rank.OTHER}


def _read(hand_ins: Sequence[HandedInFile], workspace: Path) -> list[Submission]:
    """Read the bytes of some hand-ins of one student; a zip that cannot be unpacked is reported for each."""
    found = {hand_in.item: hand_in.found for hand_in in hand_ins if hand_in.found is not None}
    try:
        fetched = found | dict(fetch([one.item for one in hand_ins if one.found is None], workspace))
    except IntakeError as error:
        fetched = found | {one.item: Unpacked(one.item.container, error.reason) for one in hand_ins}
    return [_submission(hand_in, fetched[hand_in.item]) for hand_in in hand_ins]


def _submission(hand_in: HandedInFile, found: Unpacked) -> Submission:
    item, owner = hand_in.item, hand_in.owner
    doubt = found.problem or owner.doubt
    try:
        sha256, size_bytes = _digest(found.path)
    except OSError as error:
        sha256, size_bytes = _NO_BYTES, 0
        problem = error.strerror or str(error)
        doubt = message("{file} cannot be read: {problem}. Check its permissions.", file=item.shown, problem=problem)
    if item.entry:
        # Bytes that were cut while unpacking still count in the size.
        size_bytes = max(size_bytes, item.entry.size_bytes)
    return Submission(
        owner.student, item.filename, found.path, sha256, size_bytes, doubt, submitted_at=owner.submitted_at
    )


def _digest(path: Path) -> tuple[str, int]:
    """Return SHA-256 and length, reading the file as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


# Private functions for files beside hand-ins


def _with_students(attribution: Attribution) -> Iterator[tuple[Item, str]]:
    """Yield every file, with its owner where it may be that student's hand-in."""
    for one in attribution.belongings:
        yield one.item, one.owner.student if one.item.is_hand_in else ""
    for item in attribution.rest:
        yield item, ""


def _with_companions(settled: ChosenFile, nearby: SortedFiles, opener: Opener) -> ChosenFile:
    chosen = settled.chosen
    if chosen is None or chosen.rank is not Rank.NOTEBOOK:
        return settled
    inside = None if chosen.zipped is None else opener.look_into(chosen.zipped)
    around = nearby.beside(chosen.item, chosen.owner.student, None if inside is None else inside.items)
    submission = replace(settled.submission, companions=around.companions, passed_over=around.passed_over)
    return replace(settled, submission=submission)
