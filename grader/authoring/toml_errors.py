"""Translates the English errors of the standard library's TOML parser into sentences of ours.

Source of the texts: `tomllib/_parser.py` of Python 3.11 to 3.13; unknown texts are passed on unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from grader.domain.messages import Message, message, verbatim

_SENTENCES: Final[Mapping[str, Message]] = {
    "Invalid statement": message("this line is no `[table]` and no `key = value`"),
    "Invalid value": message("this is no value: write text in quotes, numbers and true or false without"),
    "Invalid initial character for a key part": message("no key can begin like this"),
    "Expected '=' after a key in a key/value pair": message("there is no `=` after the key"),
    "Expected ']' at the end of a table declaration": message("the closing `]` of the table is missing"),
    "Expected ']]' at the end of an array declaration": message("the closing `]]` of the table is missing"),
    "Expected newline or end of document after a statement": message("something stands behind the value"),
    "Unterminated string": message("the text in quotes never ends"),
    "Unclosed array": message("the list has no closing `]`, or a comma is missing in it"),
    "Unclosed inline table": message("the inline table has no closing `}}`, or a comma is missing in it"),
    "Cannot overwrite a value": message("this key is there twice"),
    "Unescaped '\\' in a string": message(
        "a backslash in a text is written twice, or the text stands in single quotes"
    ),
    "Escaped character is not a Unicode scalar value": message("there is no such Unicode character"),
    "Invalid hex value": message("this is no hexadecimal number"),
    "Invalid date or datetime": message("there is no such date or time"),
}
_WITH_A_NAME: Final = (
    (re.compile(r"Cannot declare (?P<key>.+) twice"), message("this table is there twice")),
    (re.compile(r"Duplicate inline table key '(?P<key>.+)'"), message("this key is there twice")),
    (re.compile(r"Cannot (?:mutate immutable|redefine) namespace .+"), message("this table is there already")),
    (re.compile(r"(?:Illegal|Found invalid) character .+"), message("a character that cannot stand here")),
    (re.compile(r"Expected .+"), message("the text in quotes never ends")),
)
_PLACE: Final = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def explained(problem: str) -> Message:
    """Return the parser's error in our words.

    Args:
        problem: Text of a `tomllib.TOMLDecodeError`, with its place.
    """
    place = _PLACE.search(problem)
    said = problem if place is None else problem[: place.start()]
    sentence = _SENTENCES.get(said) or next((one for form, one in _WITH_A_NAME if form.fullmatch(said)), verbatim(said))
    if place is None:
        return sentence
    if place["line"] is None:
        return message("{problem} (at the end of the file)", problem=sentence)
    return message(
        "{problem} (line {line}, column {column})", problem=sentence, line=place["line"], column=place["column"]
    )
