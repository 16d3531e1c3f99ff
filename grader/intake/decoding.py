"""Decodes bytes to text, whatever program saved them."""

from __future__ import annotations

import codecs
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16: the mark of UTF-32 (little-endian) begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN: Final = ("cp1252", "latin-1")
"""Encodings of old Windows programs; the second one accepts every byte."""

_UTF8: Final = "utf-8"
_SHOWN: Final = {"utf-8-sig": _UTF8}


def decode(raw: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding.

    A byte order mark decides, then zero bytes between ASCII characters, then whether it is valid UTF-8.
    """
    for encoding in (_by_mark(raw) or _by_zeros(raw) or _UTF8, *_WESTERN):
        try:
            return raw.decode(encoding).lstrip("\ufeff"), _SHOWN.get(encoding, encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 reads every byte")


def without_surrogates(text: str) -> str:
    """Join surrogate pairs and replace lone halves by U+FFFD: JSON can contain them, UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _by_mark(raw: bytes) -> str:
    return next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "")


def _by_zeros(raw: bytes) -> str:
    """JSON begins with an ASCII character, so UTF-16 without a mark is recognised by the zero beside it."""
    first = raw[:2]
    if len(first) == 2 and first[0] == 0 and first[1]:
        return "utf-16-be"
    return "utf-16-le" if len(first) == 2 and first[0] and first[1] == 0 else ""
