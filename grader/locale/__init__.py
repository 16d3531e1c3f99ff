"""Translates messages to Spanish and English."""

from __future__ import annotations

from grader.domain.languages import LANGUAGES
from grader.locale.translator import TranslationError, Translator

__all__ = ["LANGUAGES", "TranslationError", "Translator"]
