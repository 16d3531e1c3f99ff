"""Matches a student, as named by intake, with a person of a roster, without guessing.

Tried in this order; a match counts if exactly one person fits:

1. the name of a group: all its members, unless the platform's id is somebody else's
2. the platform's id (`Ana García-105`), unless the two names share no word: then it is another list's id
3. the whole text is an id, a login, an e-mail or what stands before its `@` (nbgrader's `ana`)
4. the same name, in any order of its words, with or without accents and blanks
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from grader.domain.messages import Message, message
from grader.domain.people import TEAM_SEPARATOR, Person, folded, same_name, split_student

_SHORTEST_WORD: Final = 3
"""Least number of letters; shorter words (`de`, `la`) occur in many names."""

_ANONYMOUS: Final = frozenset({"participant", "participante", "anon", "anonymous", "anonimo", "student", "estudiante"})
"""Names, folded, that platforms give to everyone when they hide names."""


@dataclass(frozen=True, slots=True)
class RosterMatch:
    """The match of a student.

    Attributes:
        student: As intake calls them.
        people: One; several for a team; none if nobody fits.
        doubt: Why nobody fits, or None.
    """

    student: str
    people: tuple[Person, ...] = ()
    doubt: Message | None = None


@dataclass(frozen=True)
class Roster:
    """The people of a class.

    Attributes:
        people: In the order of their table.
        ids_decide: The ids are the platform's own, so that a student who has one is nobody else, whatever the name.
    """

    people: tuple[Person, ...] = ()
    ids_decide: bool = False

    def match(self, student: str) -> RosterMatch:
        """Return who a student is."""
        if TEAM_SEPARATOR in student and not any(student == person.name for person in self.people):
            matches = [self._match_one(member) for member in student.split(TEAM_SEPARATOR)]
            doubt = next((one.doubt for one in matches if one.doubt), None)
            people = tuple(person for one in matches for person in one.people)
            return RosterMatch(student, () if doubt else people, doubt)
        return self._match_one(student)

    def without_hand_in(self, students: Iterable[str]) -> list[Person]:
        """Return everyone who matches none of the students."""
        there = {person for student in students for person in self.match(student).people}
        return [person for person in self.people if person not in there]

    def _match_one(self, student: str) -> RosterMatch:
        name, identifier = split_student(student)
        holders = self._by_id.get(_plain(identifier), ()) if identifier else ()
        team = tuple(person for person in self.people if person.group and folded(person.group) == folded(name))
        if team and (not holders or set(team) & set(holders)):  # whoever is called like a group is not all of it
            return RosterMatch(student, team)
        if holders:
            fitting = [person for person in holders if _may_be(name, person)]
            if len(fitting) == 1:
                return RosterMatch(student, tuple(fitting))
            if not fitting and (self.ids_decide or not self._namesakes(name)):
                shown = holders[0].shown
                return RosterMatch(student, doubt=message("the id {id} is {name}'s there", id=identifier, name=shown))
        elif identifier and self.ids_decide:
            return RosterMatch(student, doubt=message("nobody there has the id {id}", id=identifier))
        ways = (
            self._by_id.get(_plain(student), ()),
            [person for person in self.people if _plain(student) in _mail_names(person)],
            self._namesakes(name),
        )
        for found in ways:
            if len(found) == 1:
                return RosterMatch(student, tuple(found))
            if len(found) > 1:
                reason = message("{count} people there have this name or id", count=len(found))
                return RosterMatch(student, doubt=reason)
        return RosterMatch(student, doubt=message("nobody there has this name or id"))

    def _namesakes(self, name: str) -> list[Person]:
        return [person for person in self.people if same_name(name, person.name)]

    @cached_property
    def _by_id(self) -> dict[str, tuple[Person, ...]]:
        found: dict[str, tuple[Person, ...]] = {}
        for person in self.people:
            for one in {_plain(text) for text in (person.identifier, *person.also) if text}:
                found[one] = (*found.get(one, ()), person)
        return found


def assign(roster: Roster, students: Sequence[str]) -> list[RosterMatch]:
    """Return who each of several students is; a person claimed by two of them is assigned to neither."""
    matches = [roster.match(student) for student in students]
    claims = Counter(person for one in matches for person in one.people)
    return [_alone(one, claims) for one in matches]


# Private functions


def _alone(match: RosterMatch, claims: Mapping[Person, int]) -> RosterMatch:
    shared = next((person for person in match.people if claims[person] > 1), None)
    if shared is None:
        return match
    reason = message("{count} students of the grades are {name} there", count=claims[shared], name=shared.shown)
    return RosterMatch(match.student, doubt=reason)


def _plain(text: str) -> str:
    return text.strip().casefold()


def _mail_names(person: Person) -> set[str]:
    mail = _plain(person.email)
    return {mail, mail.partition("@")[0]} - {""}


def _may_be(name: str, person: Person) -> bool:
    """Return whether a name is compatible with a person: one word in common, or nothing to compare."""
    words = {word for word in folded(name).split() if not word.isdecimal()}
    own = [word for word in folded(person.name).split() if len(word) >= _SHORTEST_WORD]
    if not own or not words or words & _ANONYMOUS or set(own) & _ANONYMOUS:
        return True
    together = "".join(sorted(words, key=len)) if len(words) == 1 else ""
    return bool(words & set(own)) or any(word in together for word in own) or same_name(name, person.name)
