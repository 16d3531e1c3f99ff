"""A `Message` in the reader's language.

English is the msgid itself; Spanish is looked up in `es/LC_MESSAGES/grader.mo`, which `grader.locale.catalogue`
compiles. Only the standard library is used here, so that every command starts fast.
"""

from __future__ import annotations

import gettext
import logging
from pathlib import Path

from grader.domain.languages import LANGUAGES
from grader.domain.messages import BY_LANGUAGE, Message, MessageValue, message
from grader.domain.text import without_controls

SOURCE_LANGUAGE = "en"
"""The language of the msgids, which has no catalogue."""

CATALOGUES = Path(__file__).parent
"""Folder of the catalogues, one folder a language."""

DOMAIN = "grader"
"""Name of the catalogue files."""

_logger = logging.getLogger(__name__)


class TranslationError(Exception):
    """A sentence cannot be rendered: its translation is broken or a field has no value."""


class Translator:
    """Writes messages and numbers in one language.

    A broken translation never stops the grading of a class: the reader then gets the English sentence, and the log
    a warning. Tests ask for `strict` and get a `TranslationError` instead.

    Attributes:
        language: One of `LANGUAGES`.
    """

    __slots__ = ("_catalogue", "_strict", "language")

    def __init__(self, language: str, *, strict: bool = False) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"unknown language {language!r}: choose one of {', '.join(LANGUAGES)}")
        self.language = language
        self._strict = strict
        self._catalogue = _load(language)

    def text(self, message: Message) -> str:
        """Return the sentence in this language, including nested messages, with the language's decimal mark.

        Values may be a student's words, and what is made here goes to terminals, tables and platforms: no character of
        them commands a terminal or turns the direction of writing.

        Raises:
            TranslationError: Only where `strict`: the translation is broken or lacks the value of a field.
        """
        values = {name: self._shown(value) for name, value in message.values}
        if message.msgid == BY_LANGUAGE:
            texts = (values.get(language) for language in (self.language, SOURCE_LANGUAGE))
            return str(next(filter(None, (*texts, *values.values())), ""))
        translation = self._lookup(message.msgid)
        try:
            return translation.format(**values)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            problem = f"{self.language}: {translation!r} cannot be filled in from {sorted(values)}: {error!r}"
        if self._strict:
            raise TranslationError(problem)
        _logger.warning(problem)
        return _english(message.msgid, values)

    def number(self, value: float, digits: int) -> str:
        """Return `value` with `digits` decimals: `0.0180` in English, `0,0180` in Spanish.

        There is no separator of thousands, because the comma and the point mean the opposite in the two languages.
        """
        return self._decimals(f"{value:.{digits}f}")

    def _lookup(self, msgid: str) -> str:
        # The empty msgid is gettext's key for the catalogue's own header.
        return self._catalogue.gettext(msgid) if msgid else ""

    def _shown(self, value: MessageValue) -> str | float:
        if isinstance(value, Message):
            return self.text(value)
        if isinstance(value, str):
            return without_controls(value)
        if isinstance(value, float) and self.language != SOURCE_LANGUAGE:
            return _LocalFloat(value)
        return value

    def _decimals(self, number: str) -> str:
        return number if self.language == SOURCE_LANGUAGE else _with_comma(number)


class _LocalFloat(float):
    """A float that `str.format` writes with a decimal comma."""

    __slots__ = ()

    def __format__(self, specification: str) -> str:
        return _with_comma(float(self).__format__(specification))

    def __str__(self) -> str:
        return _with_comma(float.__repr__(self))


_SWAPPED = str.maketrans(".,", ",.")


def _with_comma(number: str) -> str:
    return number.translate(_SWAPPED)


def _load(language: str) -> gettext.NullTranslations:
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, localedir=CATALOGUES, languages=[language])


def _english(msgid: str, values: dict[str, str | float]) -> str:
    """Fill in the msgid; if a value is missing even there, show its fields rather than nothing."""
    try:
        return msgid.format(**values)
    except (LookupError, ValueError, TypeError, AttributeError):
        return msgid


def unknown_language(*, value: MessageValue, known: MessageValue) -> Message:
    """Refuse a language that has no catalogue."""
    return message("unknown language {value}; there are {known}", value=value, known=known)
