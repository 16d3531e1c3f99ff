"""Writes the results of a class into its folder: `grades.json`, `grades.csv`, reports, and their index."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.system_errors import said_by_system
from grader.gradebook import grades_csv, grades_json, write_atomically
from grader.intake.naming import report_name
from grader.locale import Translator
from grader.report.html import render_class_summary, render_index, render_submission
from grader.settings_key import code_digest

GRADEBOOK_FILE = "gradebook.sqlite"
REPORTS_FOLDER = "reports"
CLASS_PAGE = "class.html"
"""What a teacher can show to a class: no names."""


class OutputFolderError(Exception):
    """The output folder cannot be created or written to; `reason` says why."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


def prepare_folder(folder: Path) -> Path:
    """Create the output folder and test that it is writable, before an hour of work depends on it.

    Raises:
        OutputFolderError: It is a file, or cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"\0" * 4096)
    except OSError as error:
        raise OutputFolderError(
            message(
                "The folder {folder} cannot be written to ({why}). Choose another one with --out.",
                folder=str(folder),
                why=said_by_system(error),
            )
        ) from error
    return folder


def report_file_names(graded: Sequence[GradedSubmission]) -> dict[tuple[str, str], str]:
    """Return the report's file name for each (student, sha256); a student with two hand-ins gets two names."""
    hand_ins = Counter(one.student for one in graded)
    return {
        (one.student, one.sha256): report_name(one.student)
        + (f"-{one.sha256[:8]}" if hand_ins[one.student] > 1 else "")
        + ".html"
        for one in graded
    }


def write_report(
    graded: GradedSubmission,
    folder: Path,
    file_name: str,
    *,
    assignment: Assignment,
    facts: ReferenceFacts,
    translator: Translator,
) -> Path:
    """Write one student's report, unless the existing one was made from the same input.

    Drawing a report's charts takes a third of a second, too long for a hundred unchanged reports. The last line of a
    report holds the digest of its input.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    path = folder / REPORTS_FOLDER / file_name
    last_line = f"<!-- made from {_made_from(graded, assignment, facts, translator)} -->\n"
    if _last_line(path) != last_line:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, f"{render_submission(graded, assignment, facts, translator).rstrip()}\n{last_line}")
    return path


def _made_from(graded: GradedSubmission, assignment: Assignment, facts: ReferenceFacts, translator: Translator) -> str:
    """Return the SHA-256 (hexadecimal) of everything that a report shows, and of the code and texts that draw it."""
    text = repr((graded, assignment, facts, translator.language, _drawn_by()))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


@cache
def _drawn_by() -> str:
    """Return the digest of our report code, which does not change while it runs."""
    return code_digest(("delivery.py", "domain", "locale", "report"))


def _last_line(path: Path) -> str:
    """Return the last line of a file, "" if there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 200))
            return file.read().decode("utf-8", "replace").splitlines(keepends=True)[-1]
    except (OSError, IndexError):
        return ""


def write_class(
    graded: Sequence[GradedSubmission],
    folder: Path,
    *,
    assignment: Assignment,
    facts: ReferenceFacts,
    translator: Translator,
) -> Path:
    """Write grades, reports and index for a class; return the index.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    write_reports(graded, folder, assignment=assignment, facts=facts, translator=translator)
    return write_tables(graded, folder, assignment=assignment, translator=translator)


def write_reports(
    graded: Sequence[GradedSubmission],
    folder: Path,
    *,
    assignment: Assignment,
    facts: ReferenceFacts,
    translator: Translator,
) -> None:
    """Write the report of each student.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    names = report_file_names(graded)
    for one in graded:
        file_name = names[one.student, one.sha256]
        write_report(one, folder, file_name, assignment=assignment, facts=facts, translator=translator)


def write_tables(
    graded: Sequence[GradedSubmission],
    folder: Path,
    *,
    assignment: Assignment,
    translator: Translator,
) -> Path:
    """Write grades and index for a class whose reports are written; return the index.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    write_grades(graded, folder, assignment=assignment, translator=translator)
    return write_index(graded, folder, assignment=assignment, translator=translator)


def write_grades(
    graded: Sequence[GradedSubmission],
    folder: Path,
    *,
    assignment: Assignment,
    translator: Translator,
) -> None:
    """Write `grades.json` and `grades.csv`.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    write_atomically(folder / "grades.json", grades_json(assignment, graded, translator))
    write_atomically(folder / "grades.csv", grades_csv(assignment, graded))


def write_index(
    graded: Sequence[GradedSubmission],
    folder: Path,
    *,
    assignment: Assignment,
    translator: Translator,
    passed_over: Sequence[str] = (),
) -> Path:
    """Write the overview of a class, and a page to show to it; return the path of the overview.

    The overview also names hand-ins that were not graded.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    links = {key: f"{REPORTS_FOLDER}/{name}" for key, name in report_file_names(graded).items()}
    index = folder / "index.html"
    write_atomically(folder / CLASS_PAGE, render_class_summary(graded, assignment, translator))
    page = render_index(graded, assignment, translator, links, passed_over=passed_over, summary=f"./{CLASS_PAGE}")
    write_atomically(index, page)
    return index
