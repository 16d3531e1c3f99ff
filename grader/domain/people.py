"""People of a class: name and id apart, names compared and sorted as people do.

`GradedSubmission.student` is one text, the platform's name and id joined (`Andrés Felipe Rodríguez-105`), which gives a
student the same key in every batch. Reports show the two apart.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

TEAM_SEPARATOR: Final = " + "
"""Separates the members of a group that handed in one notebook."""

_WITH_ID = re.compile(r"(?P<name>.*\S)-(?P<id>\d{1,18})", re.DOTALL)
_ANONYMOUS = re.compile(r"(?P<name>anon)-(?P<id>[A-Za-z0-9]{1,40})")
_CANVAS_LATE = re.compile(r"(?:LATE_anon_[A-Za-z0-9]+|[^_]+_LATE_[1-9]\d*)_(?:\d{3,}_|text\.html|link\.html)")
_DIGITS = re.compile(r"(\d+)")
_LETTERS_OF_THEIR_OWN: Final = {"es": {"ñ": "n\uffff"}}
"""Letters that sort after another one as letters of their own, by language; other accents only break ties."""


@dataclass(frozen=True, slots=True)
class Person:
    """One student of a roster.

    Attributes:
        name: As people write it, accents kept.
        identifier: What the platform calls them (`105`, `1001`, `ana`), or "".
        email: Or "".
        group: Or "".
        family_name: Only if the roster has it in a column, else "".
        given_name: Likewise.
        also: Other ids of the same person: login, university number.
    """

    name: str
    identifier: str = ""
    email: str = ""
    group: str = ""
    family_name: str = ""
    given_name: str = ""
    also: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The name, or whatever else is known."""
        return self.name or self.email or self.identifier


def split_student(student: str) -> tuple[str, str]:
    """Return name and id of a student as intake writes them; the id is "" if there is none.

    `Andrés Felipe Rodríguez-105` is `("Andrés Felipe Rodríguez", "105")`. A team keeps all its names and has no id.
    """
    if TEAM_SEPARATOR in student:
        return TEAM_SEPARATOR.join(split_student(member)[0] for member in student.split(TEAM_SEPARATOR)), ""
    found = _WITH_ID.fullmatch(student) or _ANONYMOUS.fullmatch(student)
    return (found["name"], found["id"]) if found else (student, "")


def shown_student(student: str) -> str:
    """Return a student as shown to people: the name, followed by the platform's id in brackets if there is one."""
    name, identifier = split_student(student)
    return f"{name} ({identifier})" if identifier else name


def marked_late(filename: str) -> bool:
    """Return whether Canvas marked a file as late, in the part of the name that Canvas wrote."""
    return bool(_CANVAS_LATE.match(filename))


def folded(text: str) -> str:
    """Return a text for comparing: no accents, no capitals, no marks, single spaces."""
    plain = (one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return " ".join("".join(one if one.isalnum() else " " for one in plain).split())


def same_name(one: str, other: str) -> bool:
    """Return whether two spellings name one person: the same words in any order, or the same letters without spaces.

    The second is how Canvas writes names of files: `García López, Ana` becomes `garcíalópezana`.
    """
    words, others = folded(one).split(), folded(other).split()
    return bool(words) and (sorted(words) == sorted(others) or "".join(words) == "".join(others))


SortingKey = tuple[tuple[tuple[int, int, str], ...], str, str]


def sorting_key(text: str, language: str) -> SortingKey:
    """Return the key that sorts names as a language does, without the machine's locale.

    Letters decide first, then accents, then capitals. In Spanish ñ is a letter after n; in English an n with a mark.
    Numbers in a name count as numbers: `Grupo 2` stands before `Grupo 10`.
    """
    own = _LETTERS_OF_THEIR_OWN.get(language, {})
    letters: list[tuple[int, int, str]] = []
    for piece in _DIGITS.split(unicodedata.normalize("NFC", text.casefold())):
        if piece.isdecimal():
            letters.append((1, int(piece), ""))
            continue
        for character in piece:
            letters += [(2, 0, own[character])] if character in own else _letters(character)
    return tuple(letters), unicodedata.normalize("NFD", text.casefold()), text


# Private functions


def _letters(character: str) -> list[tuple[int, int, str]]:
    """Return the place of a character: blanks first, letters without their marks, nothing for other marks."""
    if character.isspace() or character in "-,":
        return [(0, 0, "")]
    plain = unicodedata.normalize("NFKD", character)
    return [(2, 0, one) for one in plain if one.isalnum()]
