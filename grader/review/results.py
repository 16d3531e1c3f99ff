"""Rewrites the results of a class after decisions: the same hand-ins, in the same language, as before."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path

from grader.delivery import report_file_names, write_report, write_tables
from grader.domain.graded import GradedSubmission
from grader.locale import LANGUAGES, Translator
from grader.review.book import Book

_LANGUAGE = re.compile(r'<html lang="([a-z]{2})">')
_HEAD_CHARACTERS = 1000


def rewrite(book: Book, assignment_id: str, *, students: Collection[str], language: str | None = None) -> Path | None:
    """Write grades, index, and the reports of some students anew.

    Args:
        book: Its folder gets the results; without a folder nothing is written.
        assignment_id: What was decided about.
        students: Whose reports are written anew; those of the others stay.
        language: Of the results; None for the language that they have.

    Returns:
        The index, or None if nothing was written.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    folder = book.place.folder
    delivered = None if folder is None else _delivered(folder, assignment_id)
    if folder is None or delivered is None:
        return None
    assignment, facts = book.assignment(assignment_id), book.facts(assignment_id)
    graded = [one for one in book.gradebook.latest(assignment_id) if _key(one) in delivered]
    effective = book.effective(graded, assignment)
    translator = Translator(language or written_language(folder) or LANGUAGES[0])
    names = report_file_names(effective)
    for one in effective:
        if one.student in students:
            name = names[one.student, one.sha256]
            write_report(one, folder, name, assignment=assignment, facts=facts, translator=translator)
    return write_tables(effective, folder, assignment=assignment, translator=translator)


def written_language(folder: Path) -> str | None:
    """Return the language of the results in a folder, None if there are none."""
    try:
        head = (folder / "index.html").read_text(encoding="utf-8", errors="replace")[:_HEAD_CHARACTERS]
    except OSError:
        return None
    found = _LANGUAGE.search(head)
    return found[1] if found is not None and found[1] in LANGUAGES else None


def _delivered(folder: Path, assignment_id: str) -> set[tuple[str, str, str]] | None:
    """Return which hand-ins the results in a folder contain; None for another assignment's, or none.

    A gradebook also holds earlier files of students who handed in again, which the last `grade` was not given.
    """
    try:
        document = json.loads((folder / "grades.json").read_text(encoding="utf-8"))
        if document["assignment"] != assignment_id:
            return None
        return {(one["student"], one["submission"], one["sha256"]) for one in document["grades"]}
    except (OSError, ValueError, KeyError, TypeError):  # never written, or by hand: there is nothing to keep up to date
        return None


def _key(graded: GradedSubmission) -> tuple[str, str, str]:
    return graded.student, graded.filename, graded.sha256
