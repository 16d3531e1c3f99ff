"""Translates messages to Spanish and English."""

from __future__ import annotations

from grader.locale.translator import LANGUAGES, TranslationError, Translator

__all__ = ["LANGUAGES", "TranslationError", "Translator"]
