"""Moodle: the grading worksheet filled in, and the zip of reports for uploading all feedback at once.

Moodle identifies the columns by their titles in the site's language and a participant by the number at the end of the
identifier, so the file must come back as it was downloaded: UTF-8, commas, the same titles. Only cells of grade and
feedback change. A column with an unknown title is found by its position and content.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.domain.assignment import Assignment
from grader.domain.messages import message
from grader.domain.people import Person, folded, split_student
from grader.handback.feedback_text import feedback_html
from grader.handback.final_grades import FinalGrade, FinalGradeState
from grader.handback.outcome import Export, shown, waiting_students
from grader.handback.platform_numbers import decimal_mark, number, platform_grade, written
from grader.locale import Translator
from grader.roster.columns import Column, find_column
from grader.roster.matching import Roster, RosterMatch, assign
from grader.roster.sheet import Sheet, SheetError

_IDENTIFIER = re.compile(r"\D*(?P<id>\d{1,18})")
_NO = frozenset({"no", "nein", "non", "nao", "ez"})
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_COMMA_SITES = frozenset({"identificador"})
"""Titles of the first column, folded, on sites that write a decimal comma, used if nothing else shows it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The positions of a worksheet's columns.

    Attributes:
        identifier: The participant.
        grade: What is filled in.
        maximum: The highest grade.
        feedback: The comment; None if the sheet has none.
        changeable: Whether the grade may be changed; None if the sheet does not say.
    """

    identifier: int
    grade: int
    maximum: int
    feedback: int | None
    changeable: int | None


def fill_worksheet(
    sheet: Sheet, standings: Sequence[FinalGrade], assignment: Assignment, translator: Translator
) -> Export:
    """Return the worksheet with grades and feedback.

    Raises:
        SheetError: It is no grading worksheet of Moodle's.
    """
    columns = find_columns(sheet)
    rows = participants(sheet, columns)
    roster = Roster(tuple(rows), ids_decide=True)
    mark = decimal_mark(_numbers(sheet, columns), "," if folded(sheet.header[0]) in _COMMA_SITES else ".")
    changes: dict[tuple[int, int], str] = {}
    remarks, unmatched, given = [], list[RosterMatch](), 0
    for standing, match in zip(standings, assign(roster, [one.student for one in standings]), strict=True):
        if not match.people:
            unmatched.append(match)
        if standing.state is not FinalGradeState.FINAL:
            continue
        for person in match.people:
            row = rows[person]
            place = f"{sheet.path}:{sheet.line(row)}"
            maximum = number(sheet.value(row, columns.maximum))
            value = None if maximum is None or maximum <= 0 else platform_grade(standing, assignment, maximum)
            if value is None:
                remarks.append(
                    message("{place}: {name} has no number as maximum grade.", place=place, name=person.shown)
                )
                continue
            if folded(sheet.value(row, columns.changeable)) in _NO:
                remarks.append(
                    message("{place}: Moodle will not take the grade of {name}.", place=place, name=person.shown)
                )
            changes |= _cells(row, columns, written(value, mark), feedback_html(standing, assignment, translator))
            given += 1
    if sheet.separator != "," or sheet.encoding != "utf-8":
        remarks.append(
            message("Moodle takes commas and UTF-8 alone: download the worksheet again, without a spreadsheet.")
        )
    if find_column(sheet.header, Column.GRADED_AT) is None and folded(sheet.header[0]) in {
        "identifier",
        "identificador",
    }:
        remarks.append(message("A column is missing that Moodle asks for: when grades were changed last."))
    absent = shown(roster.without_hand_in([one.student for one in standings]))
    return Export(
        sheet.with_changes(changes), given, waiting_students(standings), absent, tuple(unmatched), tuple(remarks)
    )


def find_columns(sheet: Sheet) -> Columns:
    """Return the positions of identifier, grade, maximum and feedback, by title, else by position and content.

    Raises:
        SheetError: They stand nowhere.
    """
    header, rows = sheet.header, range(1, len(sheet.rows))
    identifier = find_column(header, Column.IDENTIFIER)
    if identifier is None and rows and all(_IDENTIFIER.fullmatch(sheet.value(row, 0)) for row in rows):
        identifier = 0
    maximum = find_column(header, Column.MAXIMUM)
    grade = find_column(header, Column.GRADE)
    if maximum is None and grade is None:
        maximum = _constant_number(sheet, identifier or 0)
        grade = None if maximum is None else maximum - 1
    if identifier is None or grade is None or maximum is None:
        raise SheetError(
            message(
                "{file} is no grading worksheet of Moodle's. Switch on “Offline grading worksheet” in the settings of "
                "the assignment, and download it under “Download grading worksheet”.",
                file=str(sheet.path),
            )
        )
    feedback = find_column(header, Column.FEEDBACK)
    if feedback is None:
        feedback = next((place for place, title in enumerate(header) if place > maximum and _is_feedback(title)), None)
    return Columns(identifier, grade, maximum, feedback, find_column(header, Column.CHANGEABLE))


def participants(sheet: Sheet, columns: Columns) -> dict[Person, int]:
    """Return everyone in a worksheet with their row; the identifier is the number that Moodle reads."""
    name, mail, group = (find_column(sheet.header, one) for one in (Column.NAME, Column.EMAIL, Column.GROUP))
    name = columns.identifier + 1 if name is None else name
    found: dict[Person, int] = {}
    for row in range(1, len(sheet.rows)):
        if numbered := _IDENTIFIER.fullmatch(sheet.value(row, columns.identifier)):
            person = Person(sheet.value(row, name), numbered["id"], sheet.value(row, mail), sheet.value(row, group))
            found[person] = row
    return found


def feedback_zip(
    standings: Sequence[FinalGrade], reports: Mapping[str, tuple[str, bytes]], roster: Roster | None = None
) -> Export:
    """Return the zip of reports for “Upload multiple feedback files in a zip”.

    Every entry is `<name>_<participant>_assignsubmission_file_/<report>`; Moodle reads the participant out of it. Names
    are those of the download, since nobody renames the report of another one.

    Args:
        standings: The class; only those with a grade are in it.
        reports: File name and bytes of each student's report.
        roster: The worksheet, for students whose folder had no number.
    """
    buffer = io.BytesIO()
    unmatched, given = [], 0
    matches = _participants([one.student for one in standings], roster)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for standing, match in zip(standings, matches, strict=True):
            if not match.people:
                unmatched.append(match)
            if standing.state is not FinalGradeState.FINAL or standing.student not in reports:
                continue
            for person in match.people:
                name, data = reports[standing.student]
                folder = f"{_entry_name(person.name)}_{person.identifier}_assignsubmission_file_"
                entry = zipfile.ZipInfo(f"{folder}/{name.lstrip('.~')}", _ZIP_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, data)
                given += 1
    return Export(buffer.getvalue(), given, waiting_students(standings), (), tuple(unmatched))


def reports_in(folder: Path, names: Mapping[str, str]) -> dict[str, tuple[str, bytes]]:
    """Read the existing reports, by student."""
    found = {student: folder / name for student, name in names.items()}
    return {student: (path.name, path.read_bytes()) for student, path in found.items() if path.is_file()}


# Private functions


def _participants(students: Sequence[str], roster: Roster | None) -> list[RosterMatch]:
    return [_numbered(student) for student in students] if roster is None else assign(roster, students)


def _numbered(student: str) -> RosterMatch:
    name, identifier = split_student(student)
    if identifier.isdecimal():
        return RosterMatch(student, (Person(name, identifier),))
    return RosterMatch(student, doubt=message("its folder held no number of a participant; give the worksheet"))


def _entry_name(name: str) -> str:
    """Return a name in which Moodle finds the number after the first underscore."""
    return " ".join(re.sub(r"[_/\\:*?\"<>|]", " ", name).split()) or "-"


def _cells(row: int, columns: Columns, grade: str, feedback: str) -> dict[tuple[int, int], str]:
    changes = {(row, columns.grade): grade}
    return changes if columns.feedback is None else changes | {(row, columns.feedback): feedback}


def _numbers(sheet: Sheet, columns: Columns) -> list[str]:
    rows = range(1, len(sheet.rows))
    return [sheet.value(row, column) for column in (columns.maximum, columns.grade) for row in rows]


def _constant_number(sheet: Sheet, after: int) -> int | None:
    """Return the column whose every cell holds the same number, with a grade or nothing to its left."""
    rows = range(1, len(sheet.rows))
    for column in range(after + 2, len(sheet.header)):
        values = {number(sheet.value(row, column)) for row in rows}
        left = [sheet.value(row, column - 1) for row in rows]
        if len(values) == 1 and None not in values and all(not one or number(one) is not None for one in left):
            return column
    return None


def _is_feedback(title: str) -> bool:
    return any(word in folded(title) for word in ("feedback", "retroalimentacion", "comentario", "comment"))
