"""The result of an export, and what the user must know before using it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from grader.domain.messages import Message, MessageValue, message
from grader.domain.people import Person
from grader.handback.final_grades import FinalGrade
from grader.roster.matching import RosterMatch

_MOST_NAMED = 200


@dataclass(frozen=True)
class Export:
    """A file that can be written.

    Attributes:
        data: Its bytes.
        given: How many students have a grade in it.
        waiting: Students whose grade waits for a person; the file says nothing about them.
        absent: People who handed in nothing.
        unmatched: Students who are nobody in the platform's file, so that their grade would be lost.
        remarks: Whatever else to look at.
    """

    data: bytes
    given: int
    waiting: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    unmatched: tuple[RosterMatch, ...] = ()
    remarks: tuple[Message, ...] = field(default=())

    def losses(self) -> list[Message]:
        """Return a sentence for each student whose grade would be lost."""
        return [
            message("{student}: {reason}.", student=one.student, reason=one.doubt or message("nobody there"))
            for one in self.unmatched
        ]

    def said(self) -> list[Message]:
        """Return what is in the file and what is not."""
        sentences = [message("{count} grades are in it.", count=self.given)]
        if self.waiting:
            sentences.append(
                message(
                    "{count} grades wait for a person, and their places stay as they are: {students}.",
                    count=len(self.waiting),
                    students=_named(self.waiting),
                )
            )
        if self.absent:
            sentences.append(nothing_from(count=len(self.absent), students=_named(self.absent)))
        return [*sentences, *self.remarks]


def waiting_students(standings: Sequence[FinalGrade]) -> tuple[str, ...]:
    """Return who has no grade yet."""
    return tuple(one.student for one in standings if one.state == "WAITING")


def shown(people: Sequence[Person]) -> tuple[str, ...]:
    """Return people as a list of names."""
    return tuple(person.shown for person in people)


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def nothing_from(*, count: MessageValue, students: MessageValue) -> Message:
    """Name the students without a hand-in."""
    return message("Nothing was handed in by {count}: {students}.", count=count, students=students)
