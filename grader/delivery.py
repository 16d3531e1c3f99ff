"""Writes what a graded class leaves in its folder: `grades.json`, `grades.csv`, reports, and their index."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from grader.domain.assignment import Assignment
from grader.domain.facts import ReferenceFacts
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.system_errors import said_by_system
from grader.gradebook import Adjustment, grades_csv, grades_json, write_atomically
from grader.intake.naming import report_name
from grader.locale import Translator
from grader.report.html import render_index, render_submission

GRADEBOOK_FILE = "gradebook.sqlite"
REPORTS_FOLDER = "reports"


class OutputFolderError(Exception):
    """The output folder cannot be made or written to; `reason` says why."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.msgid)
        self.reason = reason


def prepare_folder(folder: Path) -> Path:
    """Make the output folder and try to write into it, before an hour of work depends on it.

    Raises:
        OutputFolderError: It is a file, or cannot be made or written to.
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
    """Write one student's report.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    path = folder / REPORTS_FOLDER / file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, render_submission(graded, assignment, facts, translator))
    return path


def write_class(
    graded: Sequence[GradedSubmission],
    folder: Path,
    *,
    assignment: Assignment,
    facts: ReferenceFacts,
    translator: Translator,
    adjustments: Sequence[Adjustment] = (),
) -> Path:
    """Write grades, reports and index for a class; return the index.

    Raises:
        GradebookError: The disk is full or the folder cannot be written to.
    """
    names = report_file_names(graded)
    for one in graded:
        file_name = names[one.student, one.sha256]
        write_report(one, folder, file_name, assignment=assignment, facts=facts, translator=translator)
    write_atomically(folder / "grades.json", grades_json(assignment, graded, translator))
    write_atomically(folder / "grades.csv", grades_csv(assignment, graded, adjustments=adjustments or None))
    links = {key: f"{REPORTS_FOLDER}/{name}" for key, name in names.items()}
    index = folder / "index.html"
    write_atomically(index, render_index(graded, assignment, translator, links))
    return index
