"""What a kernel says, made fit for people."""

from __future__ import annotations

import pytest

from grader.sandbox.kernel import printable


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("división por cero: 1 ÷ 0 → ∞ 🙂", "división por cero: 1 ÷ 0 → ∞ 🙂"),
        ("\x1b[0;31mValueError\x1b[0m: \x1b[1;38;5;12mx\x1b[m", "ValueError: x"),
        ("\x1b]0;title\x07\x1bc\x1b[2J", "]0;titlec"),
        ("\x9b31mred\x85", "31mred"),
        ("one\r\ntwo\rthree\tfour\n", "one\ntwothree\tfour\n"),
        ("\u061c\u202eevil\u202c \u2066turned\u2069 \u200emarks\u200f", "evil turned marks"),
        ("half \ud800 of \udfff a pair", "half \ufffd of \ufffd a pair"),
        ("\x00\x07\x08\x7f", ""),
        ("", ""),
    ],
)
def test_text_of_a_kernel_is_text_and_nothing_else(said: str, shown: str) -> None:
    """Colours, control characters, and direction marks go, broken characters are marked; letters, lines and tabs stay."""
    assert printable(said) == shown


def test_text_of_a_kernel_is_short() -> None:
    """At most 2,000 characters by default; the rest is not even looked at, and an ellipsis says so."""
    assert (len(printable("x" * 10**8)), printable("x" * 50, 7), printable("x" * 7, 7)) == (2000, "xxxxxx…", "xxxxxxx")


def test_control_characters_do_not_eat_the_text() -> None:
    """Colours are cut before the length is, so that a coloured traceback keeps its words."""
    assert printable("\x1b[31mx\x1b[0m" * 100, 100) == "x" * 100
