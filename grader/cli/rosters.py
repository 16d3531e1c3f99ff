"""Lists of a class on the command line: students, times, extensions; read and checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path

import typer

from grader.cli.command_language import Exit, complain, translated
from grader.domain.messages import Message, message
from grader.domain.submission import Submission
from grader.domain.time_zones import zone_named
from grader.handback.outcome import nothing_from
from grader.roster.columns import Column, find_column
from grader.roster.matching import Roster, assign
from grader.roster.reading import read_roster
from grader.roster.sheet import read_sheet
from grader.roster.times import HandInTimes, read_times, times_in_names

FROM_NAMES = "names"
"""The value of `--times` that reads times from file names."""


@dataclass(frozen=True, slots=True)
class ClassLists:
    """The lists that were given.

    Attributes:
        roster: Table of the class.
        times: Table of times, or `names`.
        timezone: Name of the zone of times without one; None for the machine's own.
        extensions: Table of students and moments.
    """

    roster: Path | None = None
    times: str | None = None
    timezone: str | None = None
    extensions: Path | None = None

    def people(self) -> Roster | None:
        """Read the class; None if no table was given.

        Raises:
            SheetError: It cannot be read.
        """
        return None if self.roster is None else read_roster(self.roster)

    def zone(self, language: str | None) -> tzinfo:
        """Return the zone of times without one.

        Raises:
            typer.Exit: There is no such zone.
        """
        if self.timezone is None:
            here = datetime.now().astimezone().tzinfo
            assert here is not None  # noqa: S101 - `astimezone` always sets one
            return here
        zone = zone_named(self.timezone)
        if zone is None:
            sentence = message(
                "There is no time zone {name}. Write it as America/Bogota or -05:00.", name=self.timezone
            )
            raise complain(sentence, Exit.WRONG_USAGE, language)
        return zone

    def handed_in(self, files: Sequence[tuple[str, str]], language: str | None) -> Mapping[str, datetime]:
        """Return the times of hand-in from the lists, by student.

        Args:
            files: Student and file name of each hand-in.
            language: Language of error messages.

        Raises:
            SheetError: A table cannot be read.
        """
        zone = self.zone(language)
        if self.times == FROM_NAMES:
            return times_in_names(files, zone)
        path = Path(self.times) if self.times else self._roster_with_times()
        return {} if path is None else self._by_student(read_times(path, zone), files, language)

    def extended(self, students: Iterable[str], language: str | None) -> Mapping[str, datetime]:
        """Return the extended due dates of students.

        Raises:
            SheetError: The table cannot be read.
        """
        if self.extensions is None:
            return {}
        files = [(student, "") for student in students]
        return self._by_student(read_times(self.extensions, self.zone(language)), files, language)

    def _by_student(
        self, table: HandInTimes, files: Sequence[tuple[str, str]], language: str | None
    ) -> Mapping[str, datetime]:
        for problem in table.problems:
            warn(problem, language)
        for person in table.roster.without_hand_in({student for student, _ in files}):
            if person in table.times:
                warn(message("{name} has a time in the list and no hand-in.", name=person.shown), language)
        return {student: moment for student, _ in files if (moment := table.of(student))}

    def _roster_with_times(self) -> Path | None:
        if self.roster is None or find_column(read_sheet(self.roster).header, Column.TIME) is None:
            return None
        return self.roster


@dataclass(frozen=True, slots=True)
class HandIns:
    """What is graded, with the lists of students and times.

    Attributes:
        paths: Notebooks, folders, zips.
        lists: Tables of the class.
    """

    paths: Sequence[Path]
    lists: ClassLists


def in_time(submissions: Sequence[Submission], lists: ClassLists, language: str | None) -> list[Submission]:
    """Return the hand-ins with times from the lists, and show who is in no list, and who handed in nothing."""
    files = [(one.student, one.filename) for one in submissions]
    times = lists.handed_in(files, language)
    if roster := lists.people():
        students = list(dict.fromkeys(student for student, _ in files))
        for match in assign(roster, students):
            if not match.people:
                sentence = message("{student}: {reason}.", student=match.student, reason=match.doubt or "")
                warn(sentence, language)
        if absent := roster.without_hand_in(students):
            names = ", ".join(person.shown for person in absent)
            warn(nothing_from(count=len(absent), students=names), language)
    return [replace(one, submitted_at=times.get(one.student, one.submitted_at)) for one in submissions]


def warn(sentence: Message, language: str | None) -> None:
    """Write a warning to standard error."""
    typer.secho(translated(sentence, language), fg=typer.colors.YELLOW, err=True)
