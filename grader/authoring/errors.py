"""One error for everything that is wrong in the files of an assignment, so that all is reported at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.domain.assignment import AssignmentError
from grader.domain.messages import Message, MessageValue, message


@dataclass(frozen=True, slots=True)
class Problem:
    """One error at one place.

    Attributes:
        file: The file that has to be changed.
        reason: What is wrong and what is wanted.
        line: Line of the key, or of the nearest table around it, from 1; None if a file has no such place.
        key: What stands there, for people (`rubric 3 (code_size), points`), or "".
    """

    file: Path
    reason: Message
    line: int | None = None
    key: str = ""

    def sentence(self) -> Message:
        """Return the error with its place, `file:line: key: reason`, as editors and terminals link it."""
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        if not self.key:
            return message("{place}: {reason}", place=place, reason=self.reason)
        return message("{place}: {key}: {reason}", place=place, key=self.key, reason=self.reason)


class AuthoringError(AssignmentError):
    """The files of an assignment cannot be used.

    The text is English; `summary` and `problems` hold the same as translatable messages.
    """

    def __init__(self, summary: Message, problems: Iterable[Problem] = ()) -> None:
        self.summary = summary
        self.problems = tuple(problems)
        super().__init__(summary, self.problems)

    def __str__(self) -> str:
        return "\n  ".join(
            _english(part) for part in (self.summary, *(problem.sentence() for problem in self.problems))
        )


def unusable(assignment: str, problems: Iterable[Problem]) -> AuthoringError:
    """Build the error that lists everything wrong with an assignment, in the order of files and lines."""
    ordered = sorted(problems, key=lambda problem: (str(problem.file), problem.line or 0))
    summary = message("The assignment {assignment} cannot be used. To be fixed:", assignment=assignment)
    return AuthoringError(summary, ordered)


def unknown(summary: Message, name: str, known: Iterable[str]) -> AuthoringError:
    """Build the error for an unknown name, with the most similar one and all that exist."""
    names = sorted(known)
    closest = nearest(name, names)
    listed = ", ".join(names) or "–"
    if closest is None:
        return AuthoringError(message("{summary} There are: {known}.", summary=summary, known=listed))
    return AuthoringError(
        message("{summary} Did you mean {nearest}? There are: {known}.", summary=summary, nearest=closest, known=listed)
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most similar to `name`, None if none is."""
    found = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return found[0] if found else None


def _english(value: MessageValue) -> str:
    if not isinstance(value, Message):
        return str(value)
    return value.msgid.format(**{name: _english(part) for name, part in value.values})
