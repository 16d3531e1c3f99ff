"""Canvas: the gradebook (CSV) as it was downloaded, with one assignment's column filled in.

Canvas identifies the assignment by the number in its title, `Tarea 1 (4711)`, and a student by `ID`. Rows that are not
students (`Points Possible`, `Manual Posting`, the test student) and an `EX` for the excused stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from grader.authoring.errors import nearest
from grader.domain.assignment import Assignment
from grader.domain.messages import message
from grader.domain.people import folded
from grader.handback.final_grades import FinalGrade, FinalGradeState
from grader.handback.outcome import Export, shown, waiting_students
from grader.handback.platform_numbers import decimal_mark, number, platform_grade, written
from grader.roster.matching import Roster, RosterMatch, assign
from grader.roster.reading import CANVAS_ROWS, people_of
from grader.roster.sheet import Sheet, SheetError

EXCUSED: Final = "EX"

_TITLE = re.compile(r"(?P<title>.*\S)\s+\((?P<id>\d+)\)\s*", re.DOTALL)
_POSSIBLE: Final = frozenset({"points possible", "puntos posibles"})


def fill_gradebook(sheet: Sheet, standings: Sequence[FinalGrade], assignment: Assignment, column: str = "") -> Export:
    """Return the gradebook with the grades of one assignment.

    Args:
        sheet: As Canvas gave it.
        standings: The class.
        assignment: What was graded.
        column: Title of its column, with or without the number; "" if the assignment's own title finds it.

    Raises:
        SheetError: It is no gradebook of Canvas's, or the column is not certain.
    """
    place = _column(sheet, assignment, column)
    possible, mark = _possible(sheet, place), decimal_mark(_cells(sheet), "," if sheet.separator == ";" else ".")
    rows = {person: row for row, person in people_of(sheet)}
    roster = Roster(tuple(rows), ids_decide=True)
    changes: dict[tuple[int, int], str] = {}
    remarks, unmatched, given = [], list[RosterMatch](), 0
    for standing, match in zip(standings, assign(roster, [one.student for one in standings]), strict=True):
        if not match.people:
            unmatched.append(match)
        for person in match.people:
            cell = (rows[person], place)
            if sheet.value(*cell).upper() == EXCUSED and standing.state is FinalGradeState.FINAL:
                remarks.append(message("{name} is excused in Canvas and stays so.", name=person.shown))
            elif standing.state is FinalGradeState.EXCUSED:
                changes[cell] = EXCUSED
            elif (value := platform_grade(standing, assignment, possible)) is not None:
                changes[cell] = written(value, mark)
                given += 1
    absent = shown(roster.without_hand_in([one.student for one in standings]))
    return Export(
        sheet.with_changes(changes), given, waiting_students(standings), absent, tuple(unmatched), tuple(remarks)
    )


# Private functions


def _column(sheet: Sheet, assignment: Assignment, wanted: str) -> int:
    titles = {place: found for place, text in enumerate(sheet.header) if (found := _TITLE.fullmatch(text))}
    if "ID" not in sheet.header or not titles or _points_row(sheet) is None:
        raise SheetError(
            message(
                "{file} is no gradebook of Canvas's with assignments in it. Export it under Grades > Export.",
                file=str(sheet.path),
            )
        )
    names = [wanted] if wanted else [*assignment.title.values(), assignment.assignment]
    meant = {folded(name) for name in names}
    places = [
        place for place, found in titles.items() if meant & {folded(found[0]), folded(found["title"]), found["id"]}
    ]
    if len(places) == 1:
        return places[0]
    listed = ", ".join(f"“{found[0].strip()}”" for found in titles.values())
    closest = nearest(names[0], [found[0] for found in titles.values()]) or next(iter(titles.values()))[0]
    raise SheetError(
        message(
            "{file}: it is not certain which column is meant. Name it: --column “{example}”. There are: {titles}.",
            file=str(sheet.path),
            example=closest.strip(),
            titles=listed,
        )
    )


def _points_row(sheet: Sheet) -> int | None:
    return next((row for row in range(1, len(sheet.rows)) if folded(sheet.value(row, 0)) in _POSSIBLE), None)


def _possible(sheet: Sheet, column: int) -> Decimal:
    row = _points_row(sheet)
    possible = None if row is None else number(sheet.value(row, column))
    if possible is None or possible <= 0:
        raise SheetError(
            message("{file}: the assignment has no points in the row “Points Possible”.", file=str(sheet.path))
        )
    return possible


def _cells(sheet: Sheet) -> list[str]:
    rows = [row for row in range(1, len(sheet.rows)) if folded(sheet.value(row, 0)) not in CANVAS_ROWS - _POSSIBLE]
    return [cell.value for row in rows for cell in sheet.rows[row]]
