"""When students handed in, from a table: Moodle's worksheet, a list by hand, or the names of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from grader.domain.messages import Message, message
from grader.domain.people import Person
from grader.roster.columns import Column, find_column
from grader.roster.matching import Roster
from grader.roster.moments import moment_in_name, written_moment
from grader.roster.reading import people_of
from grader.roster.sheet import SheetError, read_sheet


@dataclass(frozen=True)
class HandInTimes:
    """Times of hand-in by person.

    Attributes:
        roster: Everyone in the table.
        times: When; who is not in it has no time there.
        problems: Cells that say a time that cannot be read, with line.
    """

    roster: Roster
    times: Mapping[Person, datetime]
    problems: tuple[Message, ...] = ()

    def of(self, student: str) -> datetime | None:
        """Return when a student handed in: for a team, the latest time of its members."""
        found = [self.times[person] for person in self.roster.match(student).people if person in self.times]
        return max(found, default=None)


def read_times(path: Path, zone: tzinfo) -> HandInTimes:
    """Read a table with people and times.

    Args:
        path: The table.
        zone: Of times that name none.

    Raises:
        SheetError: It cannot be read, or has no column with times.
    """
    sheet = read_sheet(path)
    column = find_column(sheet.header, Column.TIME)
    if column is None:
        header = ", ".join(sheet.header)[:400]
        reason = message("{file} has no column with times; its first row is: {header}.", file=str(path), header=header)
        raise SheetError(reason)
    people, times, problems = [], {}, []
    for row, person in people_of(sheet):
        people.append(person)
        said = sheet.value(row, column)
        if not any(character.isalnum() for character in said):
            continue  # Moodle writes `-` for whoever handed in nothing
        if moment := written_moment(said, zone):
            times[person] = moment
        else:
            place = f"{path}:{sheet.line(row)}"
            problems.append(message("{place}: {text} is no time that can be read for certain.", place=place, text=said))
    return HandInTimes(Roster(tuple(people)), times, tuple(problems))


def times_in_names(files: Iterable[tuple[str, str]], zone: tzinfo) -> Mapping[str, datetime]:
    """Return the times in file names, by student; a student controls that name.

    Args:
        files: Student and file name.
        zone: Of the times.
    """
    return {student: moment for student, name in files if (moment := moment_in_name(name, zone))}
