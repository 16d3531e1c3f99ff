"""The class as a table for a spreadsheet: a workbook, or a CSV that opens correctly in the class's language.

Spanish spreadsheets separate cells by semicolons and write decimal commas, English ones use commas and points; both
need a UTF-8 mark at the start to show accents. No cell is ever a formula, whatever a student's name is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from grader.domain.assignment import Assignment
from grader.domain.grade import Outcome
from grader.domain.messages import Message, message
from grader.gradebook.spreadsheet_escaping import harmless
from grader.handback.final_grades import FinalGrade, FinalGradeState
from grader.handback.graded_class import ClassListRow
from grader.locale import Translator

Value = str | Decimal | None

STATES: Final = {
    FinalGradeState.FINAL: message("final"),
    FinalGradeState.WAITING: message("waits for a person"),
    FinalGradeState.EXCUSED: message("excused"),
}
_MISSING: Final = message("nothing handed in")

_TITLES: Final[tuple[Message, ...]] = (
    message("name"),
    message("id"),
    message("e-mail"),
    message("group"),
    message("status"),
    message("grade"),
    message("points"),
    message("points possible"),
    message("measured points"),
    message("adjusted points"),
    message("points for lateness"),
    message("minutes late"),
    message("handed in (UTC)"),
    message("remark"),
    message("file"),
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BYTE_ORDER_MARK: Final = "\N{BYTE ORDER MARK}"
_WIDEST: Final = 60
_SHEET_NAME_LIMIT: Final = 31


def class_rows(places: Sequence[ClassListRow], assignment: Assignment, translator: Translator) -> list[list[Value]]:
    """Return the table: titles, then one row per person, in the given order; the last columns are the checks."""
    titles = [translator.text(title) for title in _TITLES]
    checks = [item.title.get(translator.language) or item.check for item in assignment.rubric]
    rows: list[list[Value]] = [[*titles, *checks]]
    for place in places:
        person = place.person
        who: list[Value] = [person.name or person.shown, person.identifier, person.email, person.group]
        if place.standing is None:
            rows.append([*who, translator.text(_MISSING), *[None] * (len(titles) - 5 + len(checks))])
        else:
            rows.append([*who, *_results(place.standing, assignment, translator)])
    return rows


def class_csv(places: Sequence[ClassListRow], assignment: Assignment, translator: Translator) -> bytes:
    """Return the table in the form that spreadsheets of the language read."""
    spanish = translator.language == "es"
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=";" if spanish else ",")
    for row in class_rows(places, assignment, translator):
        writer.writerow([_text(value, "," if spanish else ".") for value in row])
    return (_BYTE_ORDER_MARK + table.getvalue()).encode("utf-8", errors="replace")


def class_workbook(places: Sequence[ClassListRow], assignment: Assignment, translator: Translator) -> bytes:
    """Return the table as a workbook (xlsx): numbers as numbers, every text as text.

    Raises:
        ModuleNotFoundError: openpyxl is not installed.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", assignment.assignment)[:_SHEET_NAME_LIMIT])
    sheet.freeze_panes = "B2"
    rows = class_rows(places, assignment, translator)
    for column, _ in enumerate(rows[0]):
        longest = max(len(str(row[column] or "")) for row in rows)
        sheet.column_dimensions[_letters(column)].width = min(longest + 2, _WIDEST)
    for position, row in enumerate(rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(
                sheet, value=_CONTROL.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
            )
            if isinstance(value, str):
                cell.data_type = "s"  # openpyxl takes a text that begins with `=` for a formula
            if position == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# Private functions


def _results(standing: FinalGrade, assignment: Assignment, translator: Translator) -> list[Value]:
    """Return the cells from the status to the last check; unknown values are empty, never 0."""
    final = standing.state is FinalGradeState.FINAL
    late, grade = standing.late, standing.grade
    scaled = standing.on_scale(assignment.scale_maximum, assignment.scale_decimals, assignment.scale_minimum)
    value: Value = scaled if scaled is None else assignment.letter(scaled) or scaled
    outcomes = {result.check: result for result in grade.results}
    checks: list[Value] = []
    for item in assignment.rubric:
        result = outcomes.get(item.check)
        is_open = result is None or result.outcome is Outcome.UNGRADABLE
        checks.append(None if is_open or result is None else _number(result.points_awarded))
    return [
        translator.text(STATES[standing.state]),
        value,
        _number(standing.points),
        _number(grade.points_possible),
        _number(grade.points_awarded) if final or standing.adjusted is not None else None,
        _number(standing.adjusted),
        None if late is None else _number(late.points),
        None if late is None else Decimal(late.minutes),
        _moment(standing.submitted_at),
        "" if standing.reason is None else translator.text(standing.reason),
        standing.counted.filename,
        *checks,
    ]


def _number(points: float | None) -> Decimal | None:
    if points is None:
        return None
    plain = Decimal(repr(round(points, 9))).normalize() + 0
    return Decimal(f"{plain:f}")


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _text(value: Value, mark: str) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", mark)
    return "" if value is None else harmless(value)


def _letters(column: int) -> str:
    """Return the name of a column of a spreadsheet: A to Z, then AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
