"""Says whose every found file is: by the platform's names, else by its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.domain.messages import Message, message
from grader.intake.finding import Item, Kind
from grader.intake.gradescope import METADATA_NAME, MetadataError, Received, read_received
from grader.intake.layouts import (
    Owner,
    canvas_owners,
    gradescope_folder,
    is_other_nbgrader_step,
    moodle_owner,
    nbgrader_owner,
)
from grader.intake.naming import student_name
from grader.intake.nbgrader import course_parts, nbgrader_times
from grader.intake.opening import OpenedZip, fetch, open_zip
from grader.intake.places import distinct_names, student_folder

_GRADESCOPE_SUBMISSION = re.compile(r"submission_\w+")
_Nameless = tuple[Item, OpenedZip | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A file and who handed it in.

    Attributes:
        item: The file.
        owner: Whose it is.
        opened: What is in it, where it is a zip.
    """

    item: Item
    owner: Owner
    opened: OpenedZip | None = None


def attribute(givens: Sequence[Sequence[Item]], workspace: Path) -> list[Claim]:
    """Return every hand-in with its owner, in the order in which they were found.

    Args:
        givens: The files of each given path; a file that is in two of them counts once.
        workspace: Where zips are unpacked.

    Raises:
        IntakeError: A zip cannot be unpacked at all.
    """
    claims: list[Claim] = []
    nameless: list[_Nameless] = []
    for items in _without_repeats(givens):
        owners = _platform_owners(items, workspace)
        hand_ins = _hand_ins(items, owners)
        opened = _open_zips(hand_ins, workspace)
        owners |= _owners_by_folder([item for item in hand_ins if item not in owners], opened)
        claims += [Claim(item, owners[item], opened.get(item)) for item in hand_ins if item in owners]
        nameless += [(item, opened.get(item)) for item in hand_ins if item not in owners]
    names = distinct_names([(*item.above, *item.place) for item, _ in nameless])
    return claims + [Claim(item, _named(name), inside) for (item, inside), name in zip(nameless, names, strict=True)]


# Private functions


def _without_repeats(givens: Sequence[Sequence[Item]]) -> list[list[Item]]:
    seen: set[tuple[Path, int]] = set()
    kept: list[list[Item]] = []
    for items in givens:
        kept.append([item for item in items if item.identity not in seen])
        seen |= {item.identity for item in items}
    return kept


def _hand_ins(items: Sequence[Item], owners: Mapping[Item, Owner]) -> list[Item]:
    """Leave out what nobody handed in: other files of unknown owners, and the other steps of an nbgrader course."""
    is_course = any(nbgrader_owner(item.parts) for item in items)
    return [
        item
        for item in items
        if item in owners or (item.kind is not Kind.OTHER and not (is_course and is_other_nbgrader_step(item.parts)))
    ]


def _owners_by_folder(items: Sequence[Item], opened: Mapping[Item, OpenedZip]) -> dict[Item, Owner]:
    """Return the owners where every student has a folder; zips without a notebook have no say in that."""
    folder = student_folder([item.place for item in items if _holds_notebook(item, opened)])
    if folder is None:
        return {}
    return {item: _named(item.parts[folder]) for item in items if len(item.parts) > folder + 1}


def _open_zips(items: Sequence[Item], workspace: Path) -> Mapping[Item, OpenedZip]:
    fetched = fetch([item for item in items if item.kind is Kind.ZIP], workspace)
    return {item: open_zip(item, found) for item, found in fetched.items()}


def _holds_notebook(item: Item, opened: Mapping[Item, OpenedZip]) -> bool:
    return item.kind is Kind.NOTEBOOK or (item in opened and bool(opened[item].notebooks))


def _named(name: str) -> Owner:
    return Owner(student_name(name))


# Private functions for platforms


def _platform_owners(items: Sequence[Item], workspace: Path) -> dict[Item, Owner]:
    """Return the owner of every item that a platform's name speaks for."""
    gradescope = _gradescope_owners(items, workspace)
    canvas = canvas_owners(item.filename for item in items)
    times = nbgrader_times(items, workspace)
    owners: dict[Item, Owner] = {}
    for item in items:
        owner = gradescope.get(item) or _owner_by_folder(item) or canvas.get(item.filename)
        if owner:
            owners[item] = replace(owner, submitted_at=owner.submitted_at or times.get(item))
    return owners


def _owner_by_folder(item: Item) -> Owner | None:
    """Ask the names from the outside in, so that no folder of a student's own making is believed."""
    parts = course_parts(item)
    return moodle_owner((*item.above, *parts[:1])) or nbgrader_owner(parts) or moodle_owner(parts)


def _gradescope_owners(items: Sequence[Item], workspace: Path) -> dict[Item, Owner]:
    owners: dict[Item, Owner] = {}
    for metadata in items:
        root = gradescope_folder(metadata.parts)
        if metadata.parts != (*root, METADATA_NAME):
            continue
        received, doubt = _gradescope_received(metadata, workspace)
        inside = [item for item in items if item.parts[: len(root)] == root]
        owners |= {item: owner for item in inside if (owner := _gradescope_owner(item, len(root), received, doubt))}
    return owners


def _gradescope_received(metadata: Item, workspace: Path) -> tuple[Mapping[str, Received], Message | None]:
    path = fetch([metadata], workspace)[metadata].path
    try:
        return read_received(path), None
    except MetadataError as error:
        return {}, message(
            "{file} cannot be read ({problem}), so the student is known by the number of the submission only. "
            "Export the submissions from Gradescope again.",
            file=metadata.shown,
            problem=str(error),
        )


def _gradescope_owner(item: Item, depth: int, received: Mapping[str, Received], doubt: Message | None) -> Owner | None:
    folder = item.parts[depth]
    if len(item.parts) <= depth + 1 or not _GRADESCOPE_SUBMISSION.fullmatch(folder):
        return None
    if found := received.get(folder):
        return Owner(found.student, submitted_at=found.submitted_at)
    missing = message(
        "{file} does not name the student of {folder}. Look the submission up in Gradescope.",
        file=METADATA_NAME,
        folder=folder,
    )
    return Owner(folder, doubt=doubt or missing)
