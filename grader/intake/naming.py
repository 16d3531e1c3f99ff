"""Names of students: harmless to show, and usable as names of report files.

A student controls their own file names, and on some platforms their display name. Control and direction characters
are dropped before a name is shown or compared; what becomes a file name is stricter still.
"""

from __future__ import annotations

import hashlib
import unicodedata

from grader.domain.people import TEAM_SEPARATOR

STUDENT_LIMIT = 120
"""Most characters of a student name that is kept as it is."""

_READ_LIMIT = 4000
"""Most characters of a name that are examined: no file system allows as many, but a zip does."""

_SLUG_LIMIT_BYTES = 120
"""Most UTF-8 bytes of the readable part of a report name; file systems allow 255 for the whole."""

_DIGEST_DIGITS = 10
_LONGEST_SUFFIX = 10
_MARK = "~"
"""Separates the readable part from the digest; it cannot occur in a name that needs no digest."""

_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)


def clean_name(text: str) -> str:
    """Return a name that is safe to show: composed letters (NFC), no control or direction characters, single spaces.

    Bytes that were no text (lone surrogates) become U+FFFD.
    """
    if text.isascii() and text.isprintable():  # nearly every name, and a zip may hold millions of them
        return " ".join(text[:_READ_LIMIT].split())
    kept = (_shown(character) for character in unicodedata.normalize("NFC", text[:_READ_LIMIT]))
    return " ".join("".join(kept).split())


def distinct_part(name: str) -> str:
    """Return the cleaned name of a file or folder, such that different names stay different.

    Where cleaning drops or replaces a character (bytes that are no UTF-8, characters that nobody sees), `~` and digits
    of the name's digest stand before its ending. Two spellings of one accent remain one name.
    """
    cleaned = clean_name(name)
    if not _loses_characters(name):
        return cleaned
    stem, dot, suffix = cleaned.rpartition(".")
    if not stem or len(suffix) > _LONGEST_SUFFIX:
        stem, dot, suffix = cleaned, "", ""
    return f"{stem}{_MARK}{_digest(name)}{dot}{suffix}"


def student_name(name: str, identifier: str = "") -> str:
    """Return a student's name as used everywhere: cleaned, then `-` and the platform's id if there is one.

    The id is always part of it, not only where two names are alike: a student must have the same name in every
    batch, or a grade would not be found again. With an id, it is one person's: what separates the members of a team
    loses its blanks there, since people may choose how a platform calls them.
    """
    if clean_name(identifier):
        name = clean_name(name).replace(TEAM_SEPARATOR, TEAM_SEPARATOR.strip())
    full = "-".join(part for part in (clean_name(name), clean_name(identifier)) if part) or "student"
    if len(full) <= STUDENT_LIMIT:
        return full
    return full[: STUDENT_LIMIT - _DIGEST_DIGITS - 1] + _MARK + _digest(full)


def report_name(student: str) -> str:
    """Return a file name (without ending) for this student's report.

    Letters of every script keep their accents; all else becomes `_`. A name that is changed by that, or that a file
    system might take for another one (capitals, other normal forms, devices of Windows), gets `~` and ten hexadecimal
    digits of its SHA-256, so two students never share a report: `garcialopezana-1234` stays as it is,
    `Ana García-77` becomes `Ana_García-77~` and digits.
    """
    slug = "".join(character if _is_plain(character) else "_" for character in unicodedata.normalize("NFC", student))
    slug = _within(slug.strip("."), _SLUG_LIMIT_BYTES)
    if slug and slug == student == student.casefold() and not _is_device(slug):
        return slug
    safe = f"_{slug}" if _is_device(slug) or not slug else slug
    return safe + _MARK + _digest(student)


# Private functions


def _loses_characters(name: str) -> bool:
    if name.isascii() and name.isprintable() and len(name) <= _READ_LIMIT:
        return False
    composed = unicodedata.normalize("NFC", name)
    return len(name) > _READ_LIMIT or any(
        unicodedata.category(character).startswith("C") and character not in "\t\n\r" for character in composed
    )


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    if category in ("Zs", "Zl", "Zp") or character in "\t\n\r":
        return " "
    return "" if category.startswith("C") else character


def _is_plain(character: str) -> bool:
    """Keep letters, digits, combining accents, and the three marks that every file system accepts."""
    return character in "-_." or unicodedata.category(character)[0] in "LM" or character.isdecimal()


def _is_device(slug: str) -> bool:
    return slug.split(".", maxsplit=1)[0].casefold() in _WINDOWS_DEVICES


def _within(text: str, limit_bytes: int) -> str:
    # A character that the cut splits is dropped completely.
    return text.encode()[:limit_bytes].decode(errors="ignore")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGEST_DIGITS]
