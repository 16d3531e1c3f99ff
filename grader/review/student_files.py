"""Data of one student in the folder of a graded class: to be handed over, or deleted together with the rows."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from grader.delivery import REPORTS_FOLDER
from grader.domain.people import shown_student
from grader.gradebook import write_bytes_atomically
from grader.gradebook.faults import file_fault
from grader.gradebook.student_record import StudentRecordCounts, belongings, delete_student, student_record
from grader.intake.naming import report_name
from grader.review.book import Book
from grader.review.decision_parsing import AuthorAndReason, DecisionRefusedError, known_name, unknown_student
from grader.review.handed_in import NOTEBOOKS_FOLDER, notebook_path
from grader.review.results import rewrite

RECORD_FILE: Final = "student.json"


def known_belongings(book: Book, student: str) -> tuple[str, StudentRecordCounts]:
    """Return a student's name as the gradebook has it, and how much that holds.

    Raises:
        DecisionRefusedError: It holds nothing; names like it are reported.
    """
    found = belongings(book.gradebook, student)
    if found.rows:
        return student, found
    names = {one.student for assignment in book.gradebook.assignments() for one in book.gradebook.latest(assignment)}
    name = known_name(student, names)
    return name, belongings(book.gradebook, name)


def write_student_record(book: Book, student: str, path: Path) -> dict[str, int]:
    """Write everything about a student into one zip: record, files as they were handed in, reports.

    Returns:
        How many files of each kind it holds.

    Raises:
        GradebookError: The gradebook does not answer, or the file cannot be written.
        DecisionRefusedError: The gradebook holds nothing about this name.
    """
    name, found = known_belongings(book, student)
    record = student_record(book.gradebook, name)
    notebooks, reports = _notebooks(book, found.files), _reports(book, name, found.files)
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(RECORD_FILE, json.dumps(record, ensure_ascii=False, indent=2).encode("utf-8", "replace"))
        for folder, files in ((NOTEBOOKS_FOLDER, notebooks), (REPORTS_FOLDER, reports)):
            for file in files:
                archive.write(file, f"{folder}/{file.name}")
    write_bytes_atomically(path, content.getvalue())
    return {"hand_ins": len(record["submissions"]), "notebooks": len(notebooks), "reports": len(reports)}


def delete_student_and_files(book: Book, student: str, by: AuthorAndReason) -> StudentRecordCounts:
    """Delete everything about a student from the gradebook and from the folder, and write the results anew.

    Raises:
        GradebookError: The gradebook does not answer, or a file cannot be deleted.
        DecisionRefusedError: Nobody has this name, or no reason is given.
    """
    by = by.checked()
    name, held = known_belongings(book, student)
    if student not in {name, shown_student(name)}:  # it cannot be undone: nearly right is not right
        raise DecisionRefusedError(unknown_student(student, [name]))
    reports = _reports(book, name, held.files)
    assignments = book.gradebook.assignments()
    found = delete_student(book.gradebook, name, author=by.author, reason=by.reason)
    for path in (*reports, *_notebooks(book, found.digests)):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise file_fault(error, str(path)) from error
    for assignment in assignments:
        rewrite(book, assignment, students=())
    return found


# Private -------------------------------------------------------------------------------------------------------------


def _notebooks(book: Book, digests: Sequence[str]) -> list[Path]:
    folder = book.place.folder
    if folder is None:
        return []
    paths = (notebook_path(folder, digest) for digest in digests)
    return [path for path in paths if path is not None and path.is_file()]


def _reports(book: Book, student: str, digests: Sequence[str]) -> list[Path]:
    """Return the reports of a student: one name for a single hand-in, one with its digest if there are several."""
    folder = book.place.folder
    if folder is None:
        return []
    name = report_name(student)
    names = [f"{name}.html", *(f"{name}-{digest[:8]}.html" for digest in digests)]
    return [path for one in names if (path := folder / REPORTS_FOLDER / one).is_file()]
