"""Sentences that reach people in their own language.

Stages never format text for people: they build a `Message` (a gettext msgid in English and its named values),
and `grader.locale` turns it into Spanish or English when a report is rendered. A stored grade can therefore be
read in either language years later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

MessageValue = Union[str, int, float, "Message"]


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence and the values that stand in it.

    Attributes:
        msgid: The English sentence, with `str.format` fields such as `{expected}`; the key of the catalogues.
        values: Name and value of every field. A value that is itself a `Message` is translated first.
    """

    msgid: str
    values: tuple[tuple[str, MessageValue], ...] = ()


def message(msgid: str, /, **values: MessageValue) -> Message:
    """Build a `Message`; Babel extracts the first argument of this call into the catalogues."""
    return Message(msgid, tuple(values.items()))


BY_LANGUAGE = "{by_language}"
"""The msgid of a text that its author wrote in several languages; the values are the texts, named by language."""


def by_language(texts: Mapping[str, str]) -> Message:
    """Wrap a text that its author wrote in several languages (the title of a check), by language code."""
    return Message(BY_LANGUAGE, tuple(texts.items()))


def verbatim(text: str) -> Message:
    """Wrap text that has no translation (a name, a formula, an error's own words)."""
    return Message("{text}", (("text", text),))
