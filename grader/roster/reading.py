"""Who is in a class: from a table by hand, Moodle's grading worksheet or Canvas's gradebook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grader.domain.messages import message
from grader.domain.people import Person, folded
from grader.domain.text import shortened
from grader.roster.columns import Column, find_column
from grader.roster.matching import Roster
from grader.roster.sheet import Sheet, SheetError, read_sheet

_NUMBERED = re.compile(r"(?P<word>\D*)\d{1,18}")
CANVAS_ROWS: Final = frozenset({"points possible", "puntos posibles", "manual posting", "student test", "test student"})
"""First cells, folded, of rows in a Canvas gradebook that are not students."""


def read_roster(path: Path) -> Roster:
    """Read the people of a class.

    Raises:
        SheetError: The file cannot be read, or has no column with names, ids or e-mails.
    """
    sheet = read_sheet(path)
    return Roster(tuple(person for _, person in people_of(sheet)))


def people_of(sheet: Sheet) -> Iterator[tuple[int, Person]]:
    """Yield every person of a table with their row.

    Raises:
        SheetError: There is no column with names, ids or e-mails.
    """
    columns = {column: find_column(sheet.header, column) for column in Column}
    name = columns[Column.NAME]
    if columns[Column.GIVEN_NAME] == name:  # `Nombre` beside `Apellidos` is what stands before them
        key = Column.GIVEN_NAME if columns[Column.FAMILY_NAME] is None else Column.NAME
        columns[key] = None
    if columns[Column.IDENTIFIER] == name:
        columns[Column.IDENTIFIER] = None
    known = (Column.IDENTIFIER, Column.NAME, Column.FAMILY_NAME, Column.EMAIL, Column.LOGIN, Column.NUMBER)
    if all(columns[one] is None for one in known):
        raise SheetError(
            message(
                "{file} has no column with names, ids or e-mails; its first row is: {header}.",
                file=str(sheet.path),
                header=shortened(", ".join(sheet.header), 400),
            )
        )
    prefix = _prefix(sheet, columns[Column.IDENTIFIER])
    for row in range(1, len(sheet.rows)):
        said = {column: sheet.value(row, place) for column, place in columns.items()}
        if folded(said[Column.NAME]) in CANVAS_ROWS:
            continue
        if (person := _person(said, prefix)).shown:
            yield row, person


# Private functions


def _person(said: dict[Column, str], prefix: str) -> Person:
    family, given, name = said[Column.FAMILY_NAME], said[Column.GIVEN_NAME], said[Column.NAME]
    if not (family or given) and name.count(",") == 1:  # `García López, Ana`
        family, given = (part.strip() for part in name.split(","))
        name = ""
    name = name or " ".join(part for part in (given, family) if part)
    also = tuple(one for one in (said[Column.LOGIN], said[Column.NUMBER]) if one)
    return Person(
        name,
        said[Column.IDENTIFIER].removeprefix(prefix).strip(),
        said[Column.EMAIL],
        said[Column.GROUP],
        family,
        given,
        also,
    )


def _prefix(sheet: Sheet, column: int | None) -> str:
    """Return the word before every number of the column, as in Moodle's `Participante105`."""
    cells = [sheet.value(row, column) for row in range(1, len(sheet.rows))]
    found = [_NUMBERED.fullmatch(cell) for cell in cells if cell]
    words = {one["word"].rstrip() if one else "" for one in found}
    return words.pop() if len(words) == 1 else ""
