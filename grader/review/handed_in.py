"""Stores hand-ins beside the grades: the file's bytes in the output folder, the answers in the gradebook.

Files are named by their digest, so that equal bytes are stored once, whoever handed them in and however often.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.domain.questions import OpenAnswer, OpenQuestion
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.gradebook import Decisions, write_bytes_atomically
from grader.intake.answers import read_answers
from grader.intake.notebook import NOTEBOOK_LIMIT_BYTES, read_document
from grader.intake.raw_cells import RawCell, all_cells
from grader.reading.reading_client import ReadingStoppedError, within_limits

NOTEBOOKS_FOLDER = "notebooks"

_DIGEST = re.compile(r"[0-9a-f]{64}")


def keep_hand_ins(
    submissions: Sequence[Submission],
    folder: Path,
    *,
    assignment: str,
    decisions: Decisions,
    questions: Callable[[], Sequence[OpenQuestion]],
) -> None:
    """Store the bytes of each submission in `folder/notebooks`, and its answers to the open questions.

    Args:
        submissions: What was handed in.
        folder: The folder of the grades.
        assignment: Its id.
        decisions: Where answers are kept.
        questions: Returns the open questions; asked only if a hand-in is new, since notebooks are rendered for it.

    Raises:
        GradebookError: The disk is full, or the folder or the gradebook cannot be written to.
    """
    (folder / NOTEBOOKS_FOLDER).mkdir(parents=True, exist_ok=True)
    known, new = decisions.answers(assignment), []
    for one in submissions:
        path = notebook_path(folder, one.sha256)
        if path is None or one.size_bytes > NOTEBOOK_LIMIT_BYTES:
            continue  # it is not graded either, and its report says so
        if not path.exists():
            write_bytes_atomically(path, one.path.read_bytes())
        if one.sha256 not in known:
            new.append(one)
    asked = questions() if new else ()
    for one in new:
        decisions.keep_answers(assignment, one.sha256, _answers(one, asked))


def notebook_path(folder: Path, sha256: str) -> Path | None:
    """Return the path for the bytes with this digest, whether they exist or not; None for an invalid digest."""
    return folder / NOTEBOOKS_FOLDER / f"{sha256}.ipynb" if _DIGEST.fullmatch(sha256) else None


def kept_cells(folder: Path, sha256: str, *, cells: int) -> list[RawCell] | None:
    """Return the first cells of a stored notebook, outputs included; None if it no longer exists or cannot be read.

    Args:
        folder: The folder of the grades.
        sha256: Digest of the file.
        cells: The largest number of cells.
    """
    path = notebook_path(folder, sha256)
    if path is None or not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        return None
    try:
        return within_limits(cells_to_show, path, cells)
    except UnreadableSubmissionError:
        return None


def cells_to_show(path: Path, most: int) -> list[RawCell] | None:
    """Return the first cells of a stored notebook; None if it has no list of cells.

    Raises:
        UnreadableSubmissionError: The bytes are no JSON object.
    """
    found = all_cells(read_document(Submission("", path.name, path, path.stem, path.stat().st_size)))
    return None if found is None else found[:most]


def _answers(submission: Submission, questions: Sequence[OpenQuestion]) -> tuple[OpenAnswer, ...]:
    """Return the answers of one hand-in; none if its text is made so that reading it takes too long."""
    if not questions:
        return ()
    try:
        return within_limits(read_answers, submission, tuple(questions))
    except ReadingStoppedError:
        return ()
