"""Cleaning of text that a student controls."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.domain.messages import message
from grader.report.hygiene import harmless, many_lines, one_line


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "click"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x1bcreset", "reset"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("\u2066isolate\u2069 \u200fmark\ufeff", "isolate mark"),
        ("nul\x00bell\x07back\x08", "nulbellback"),
        ("half \ud800 pair", "half pair"),
        ("a\r\nb\u2028c\td", "a b c d"),
        ("Z" + "\u0300" * 50, "Z" + "\u0300" * 4),
        ("Ñandú 学生 مريم 👩\u200d🔬", "Ñandú 学生 مريم 👩\u200d🔬"),
        ("", ""),
    ],
)
def test_one_line_keeps_writing_and_drops_the_rest(raw, clean):
    """Escapes, directions, controls and towers of marks go; letters of every script and emoji stay."""
    assert one_line(raw) == clean


def test_lines_are_kept_where_lines_are_wanted_but_not_deserts_of_them():
    """A traceback keeps its shape; five hundred empty lines become one."""
    assert many_lines("\n\nfirst\r\n  second" + "\n" * 500 + "third\n") == "first\n  second\n\nthird"


def test_a_cut_is_marked_and_within_the_limit():
    """An ellipsis says that there was more."""
    assert one_line("x" * 1_000_000, 10) == "xxxxxxxxx…"
    assert one_line("x" * 10, 10) == "x" * 10


def test_an_escape_that_never_ends_hides_little():
    """An unterminated window title swallows at most 256 characters, not the whole text."""
    assert many_lines("\x1b]0;" + "a" * 300 + " visible").endswith("a visible")


def test_a_message_keeps_its_key_and_loses_what_is_harmful():
    """The msgid is the catalogue's key; nested messages are cleaned too; numbers stay numbers."""
    inner = message("layer {name}", name="\x1b[31mred")
    assert harmless(message("{where}: {size}", where=inner, size=30)) == message(
        "{where}: {size}", where=message("layer {name}", name="red"), size=30
    )


def test_a_huge_value_leaves_the_sentence_standing():
    """The value is cut, not the words around it."""
    (_, cut), _ = harmless(message("{name} must be {size}", name="n" * 10_000, size=3)).values
    assert len(cut) == 600


@given(st.text(max_size=300), st.integers(1, 80))
def test_no_text_brings_a_control_character_or_passes_the_limit(raw, limit):
    """Whatever comes in, what comes out is printable UTF-8 of bounded length."""
    for clean, allowed in ((one_line(raw, limit), ""), (many_lines(raw, limit), "\n\t")):
        assert len(clean) <= limit
        clean.encode("utf-8")
        for character in clean:
            assert unicodedata.category(character)[0] != "C" or character in f"{allowed}\u200c\u200d"
