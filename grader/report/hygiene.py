"""Makes text that a student controls harmless before a person reads it.

Names, file names and error texts come from zone K (the student kernel) or from an upload. Jinja2 and `rich.text.Text`
keep them from becoming mark-up; this module removes what could still deceive or annoy a reader: terminal escapes,
control and direction characters, stacks of combining marks, and excessive length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from grader.domain.messages import Message, MessageValue
from grader.domain.text import shortened

NAME_LIMIT = 100
"""Most characters of the name of a student or a file."""

LINE_LIMIT = 200
"""Most characters of another text on one line."""

BLOCK_LIMIT = 2000
"""Most characters of a text of several lines, such as the message of an exception."""

VALUE_LIMIT = 600
"""Most characters of one value inside a sentence, so that a huge value does not hide the sentence."""

_READ_FACTOR = 4
"""How many times more of the raw text is examined, since some of it will be removed."""

_MARKS_IN_A_ROW = 4
"""More combining marks on one letter than any script needs only serve to paint over neighbouring lines."""

_JOINERS = "\u200c\u200d"
"""Format characters that ordinary writing and emoji need; all others (directions, tags, BOM) are dropped."""

_TERMINAL_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?"  # colours, cursor moves
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)?"  # window titles, links, device strings
    r"|\x1b[ -/]{0,8}[0-~]?"  # everything else that ESC begins
)
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Return `text` harmless, on a single line, at most `limit` characters long (an ellipsis marks a cut)."""
    return shortened(" ".join(_printable(text, limit).split()), limit, has_more=_is_cut(text, limit))


def many_lines(text: str, limit: int = BLOCK_LIMIT) -> str:
    """Return `text` harmless with its lines kept, at most `limit` characters long (an ellipsis marks a cut)."""
    plain = _EMPTY_LINES.sub("\n\n", _printable(text, limit)).strip("\n")
    return shortened(plain, limit, has_more=_is_cut(text, limit))


def harmless(message: Message, limit: int = VALUE_LIMIT) -> Message:
    """Return the message with every text in it cleaned and cut; its msgid, the catalogue's key, stays the same."""
    return Message(message.msgid, tuple((name, _harmless_value(value, limit)) for name, value in message.values))


# Helpers


def _harmless_value(value: MessageValue, limit: int) -> MessageValue:
    if isinstance(value, Message):
        return harmless(value, limit)
    return many_lines(value, limit) if isinstance(value, str) else value


def _is_cut(text: str, limit: int) -> bool:
    """Return whether `_printable` examines only the beginning of the text."""
    return len(text) > limit * _READ_FACTOR + 1


def _printable(text: str, limit: int) -> str:
    seen = text[: limit * _READ_FACTOR + 1]
    plain = _LINE_END.sub("\n", _TERMINAL_SEQUENCE.sub("", seen))
    return "".join(_kept(plain))


def _kept(text: str) -> Iterator[str]:
    """Yield the characters that are visible on paper."""
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MARKS_IN_A_ROW:
            continue
        if not category.startswith("C") or character in "\n\t" or character in _JOINERS:
            yield character
